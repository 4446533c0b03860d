//! Instances that follow a session of FRR's bfdd.

use lab::{Bellwether, Bfd, Net};
use model::transition::State;

use crate::conf;

/// A Master whose session with a fourth machine moves its priority, and two Backups that know nothing of it.
struct Followed {
    net: Net,
    session: Bfd,
    far: Bfd,
    master: Bellwether,
    backups: [Bellwether; 2],
}

impl Followed {
    /// `weight` stands inside the `bfd_instance`.
    fn new(weight: &str) -> Self {
        let net = Net::new(&["a", "b", "c", "far"]);
        let (near, far) = (net.node("a"), net.node("far"));
        let session = Bfd::start(&near, &far.ipv4());
        let followed = format!(
            "bfd_instance far {{\n    neighbor_ip {}\n    {weight}\n}}\n",
            far.ipv4()
        );
        let text = followed + &conf::keepalived(3, 150, "track_bfd {\n        far\n    }");
        let path = near.write("keepalived.conf", &text);
        let by = session.found_by();
        let by: Vec<&str> = by.iter().map(String::as_str).collect();
        let far = Bfd::start(&far, &near.ipv4());
        let master = Bellwether::start_under(&near, &by, &path);
        tells(&master, "the session with 192.0.2.4 is up");
        master.becomes("web", State::Master);
        let backup = |name, priority| {
            let text = conf::keepalived(3, priority, "");
            let daemon = Bellwether::start(&net.node(name), "keepalived.conf", &text);
            daemon.becomes("web", State::Backup);
            daemon
        };
        let backups = [backup("b", 120), backup("c", 110)];
        Self {
            net,
            session,
            far,
            master,
            backups,
        }
    }

    /// The session ends for want of packets, `then` looks, and it is up again.
    fn ends_and_comes_back(self, then: impl Fn(&Bellwether)) {
        let Self {
            net,
            session,
            far,
            master,
            backups,
        } = self;
        far.kill();
        tells(
            &master,
            "the session with 192.0.2.4 is down: control detection time expired",
        );
        then(&master);
        backups[0].becomes("web", State::Master);
        net.only_holder(conf::ADDRESS, "b");
        let _far = Bfd::start(&net.node("far"), &net.node("a").ipv4());
        tells(&master, "the session with 192.0.2.4 is up");
        master.becomes("web", State::Master);
        backups[0].becomes("web", State::Backup);
        net.only_holder(conf::ADDRESS, "a");
        assert_eq!(backups[1].moves("web"), 0, "{}", backups[1].log());
        drop(session);
    }
}

#[track_caller]
fn tells(daemon: &Bellwether, reason: &str) {
    daemon.says(reason, |status| {
        let far = status.trackers.iter().find(|tracker| tracker.name == "far")?;
        (far.reason == reason).then_some(())
    });
}

// holds VRRP-263
#[test]
fn a_session_that_ends_is_a_fault_and_the_best_backup_takes_over() {
    Followed::new("").ends_and_comes_back(|master| {
        let fault = master.becomes("web", State::Fault);
        assert_eq!(fault.faults, ["tracker far failed"]);
    });
}

// holds VRRP-263
#[test]
fn a_session_with_a_weight_lowers_the_priority_and_the_best_backup_takes_over() {
    Followed::new("weight -60").ends_and_comes_back(|master| {
        assert_eq!(master.becomes("web", State::Backup).priority, 90);
    });
}

// holds VRRP-264
#[test]
fn a_session_that_an_operator_shut_down_moves_nothing() {
    let followed = Followed::new("");
    let master = &followed.master;
    for side in [&followed.far, &followed.session] {
        side.shut(true);
        master.says("what was shut down", |status| {
            let far = status.trackers.iter().find(|tracker| tracker.name == "far")?;
            (far.reason.contains("shutdown") || far.reason.contains("signaled session down")).then_some(())
        });
        side.shut(false);
        tells(master, "the session with 192.0.2.4 is up");
    }
    assert_eq!(master.moves("web"), 1, "{}", master.log());
    followed.net.only_holder(conf::ADDRESS, "a");
}
