//! What elections listen to besides adverts.

use lab::{Bellwether, Net, until};
use model::transition::State;

use crate::conf;

#[test]
fn a_number_in_a_file_moves_the_priority_and_is_explained() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let load = node.path("load");
    let more = format!(
        "track = [{{ tracker = \"load\" }}]\n[tracker.load]\nfile = \"{}\"\nabsent = -5\nweight = 2\n",
        load.display()
    );
    let a = Bellwether::start(&node, "bellwether.toml", &conf::web(150, &more));
    let has = |priority: u8, number: &str| {
        a.says(&format!("priority {priority}"), |status| {
            let web = status.instances.iter().find(|instance| instance.name == "web")?;
            let tracker = status.trackers.iter().find(|tracker| tracker.name == "load")?;
            (web.priority == priority && tracker.state == number).then_some(())
        });
    };
    has(140, "-5");
    a.becomes("web", State::Master);
    std::fs::write(&load, "-20\n").expect("it is ours");
    has(110, "-20");
    let part = a.instance("web").expect("it runs").contributions;
    assert_eq!((part[0].of.as_str(), part[0].by), ("tracker load", -40));
    // As a careful script writes it: aside, then renamed.
    node.write("load", "3");
    has(156, "3");
    node.write("load", "-130\n");
    let fault = a.becomes("web", State::Fault);
    assert_eq!(fault.faults, ["tracker load says -130"]);
    std::fs::remove_file(&load).expect("it is ours");
    a.becomes("web", State::Master);
}

#[test]
fn processes_are_counted_by_name_and_arguments_from_keepalived_s_language() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    // A time that no other test sleeps for, so that nobody else's process counts.
    let time = format!("{}.125", 9000 + std::process::id());
    let mut sleeping = node
        .command("sleep")
        .arg(&time)
        .spawn()
        .expect("sleep is everywhere");
    let text = conf::keepalived(3, 150, "track_process {\n        sleeper\n    }");
    let text = format!("vrrp_track_process sleeper {{\n    process sleep {time}\n    weight 0\n}}\n{text}");
    let a = Bellwether::start(&node, "keepalived.conf", &text);
    a.becomes("web", State::Master);
    sleeping.kill().expect("it is ours");
    sleeping.wait().expect("it is ours");
    let fault = a.becomes("web", State::Fault);
    assert_eq!(fault.faults, ["tracker sleeper failed"]);
    let mut sleeping = node
        .command("sleep")
        .arg(&time)
        .spawn()
        .expect("sleep is everywhere");
    a.becomes("web", State::Master);
    until("the log to name the tracker", || {
        if a.log().contains("tracker sleeper failed") {
            Ok(())
        } else {
            Err(a.log())
        }
    });
    sleeping.kill().expect("it is ours");
    sleeping.wait().expect("it is ours");
}
