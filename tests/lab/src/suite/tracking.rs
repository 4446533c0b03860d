//! What a router's priority may hang on.

use model::transition::State;

use super::Case;
use super::stage::{Stage, settles};

/// A script that fails takes 60 from 150; the other one has 100.
pub(super) fn script(case: Case) {
    let stage = Stage::new(case);
    let good = stage.node("a").write("good", "");
    let mut of_a = stage.wanted(150);
    of_a.before = format!(
        "vrrp_script good {{\n    script \"/usr/bin/test -e {}\"\n    interval 1\n    fall 1\n    rise 1\n    \
         weight -60\n}}\n",
        good.display()
    );
    of_a.more = "    track_script {\n        good\n    }".to_owned();
    let (first, second) = stage.elect(&of_a, &stage.wanted(100));
    std::fs::remove_file(&good).expect("it was just written");
    settles(&second, &first);
    stage.only(&[&first, &second], &second);
    stage.node("a").write("good", "");
    settles(&first, &second);
    stage.only(&[&first, &second], &first);
    stage.finish();
}

/// Another interface: with a weight it costs priority, without one it is a fault.
pub(super) fn interface(case: Case) {
    for (weight, lost) in [(" weight -60", State::Backup), ("", State::Fault)] {
        let stage = Stage::new(case);
        stage.net.lay_second_link();
        let mut of_a = stage.wanted(150);
        of_a.more = format!("    track_interface {{\n        eth1{weight}\n    }}");
        let (first, second) = stage.elect(&of_a, &stage.wanted(100));
        let tracked = first.node().port("eth1");
        tracked.unplug();
        first.becomes(lost);
        second.becomes(State::Master);
        stage.only(&[&first, &second], &second);
        tracked.plug();
        settles(&first, &second);
        stage.only(&[&first, &second], &first);
        stage.finish();
    }
}
