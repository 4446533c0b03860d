//! kill -9, process by process.

use lab::bellwether::Part;
use lab::{Bellwether, Capture, Checksum, Net, capture, process, until};
use model::transition::State;
use rustix::process::Signal;

use crate::conf::ADDRESS;
use crate::gone::Still;

/// With a second between adverts, a router that is started again at once is not missed.
fn conf(priority: u8, more: &str) -> String {
    format!(
        "[instance.web]\ninterface = \"eth0\"\nvrid = 51\npriority = {priority}\nadvert_interval = \"1s\"\n\
         addresses = [\"{ADDRESS}/24\"]\n{more}\n"
    )
}

/// A check that is always well, of a server that does not exist.
const CHECKED: &str = "
[plugin.well]
file = \"well.lua\"

[service.web]
address = \"192.0.2.100:80\"
servers = [\"192.0.2.200:80\"]
check = { plugin = \"well\", interval = \"200ms\" }
";
const WELL: &str = "local plugin = {}\nfunction plugin.check(target)\n  return { status = \"up\", reason = \"well\" }\nend\nreturn plugin\n";

fn pair(net: &Net, more: &str, tail: &str) -> (Bellwether, Bellwether) {
    let [a, b] = [("a", 150), ("b", 100)].map(|(name, priority)| {
        let node = net.node(name);
        node.write("well.lua", WELL);
        let daemon = Bellwether::start(&node, "bellwether.toml", &(conf(priority, more) + tail));
        if name == "a" {
            daemon.becomes("web", State::Master);
        }
        daemon
    });
    b.says("who is Master", |status| status.instances.first()?.master);
    b.becomes("web", State::Backup);
    net.only_holder(ADDRESS, "a");
    (a, b)
}

fn verdicts(daemon: &Bellwether) -> u64 {
    daemon.says("verdicts", |status| {
        let check = status.services.first()?.servers.first()?.checks.first()?;
        (check.up && check.verdicts > 0).then_some(check.verdicts)
    })
}

#[test]
fn without_its_worker_the_elections_go_on_and_checks_resume() {
    let net = Net::new(&["a", "b"]);
    let (a, b) = pair(&net, "", CHECKED);
    let before = verdicts(&a);
    let (still_a, still_b) = (Still::watch(&a, "web"), Still::watch(&b, "web"));
    let router = a.part(Part::Router);
    for _ in 0..3 {
        let old = a.kill_part(Part::Worker);
        until("another worker", || {
            a.find(Part::Worker).filter(|new| *new != old).ok_or("none")
        });
        let now = verdicts(&a);
        a.says("new verdicts", |status| {
            let server = status.services.first()?.servers.first()?;
            assert!(server.up, "the server left when the worker died");
            (server.checks.first()?.verdicts > now).then_some(())
        });
    }
    assert!(verdicts(&a) > before);
    assert_eq!(a.part(Part::Router), router, "the router was not touched");
    still_a.holds(&a);
    still_b.holds(&b);
    net.only_holder(ADDRESS, "a");
}

#[test]
fn a_router_that_comes_back_at_once_is_still_master() {
    let net = Net::new(&["a", "b"]);
    let (a, b) = pair(&net, "", CHECKED);
    let capture = Capture::start(&net);
    let still = Still::watch(&b, "web");
    let old = a.kill_part(Part::Router);
    until("another router", || {
        a.find(Part::Router).filter(|new| *new != old).ok_or("none")
    });
    let found = a.becomes("web", State::Master);
    assert!(found.cause.contains("restart"), "{}", found.cause);
    net.only_holder(ADDRESS, "a");
    verdicts(&a);
    still.holds(&b);
    let packets = capture.finish(Checksum::MessageOnly);
    let strangers = capture::adverts(&packets)
        .filter(|(_, advert)| advert.source != "192.0.2.1")
        .count();
    assert_eq!(strangers, 0, "nobody else was Master in between");
}

#[test]
fn a_router_that_cannot_be_kept_leaves_the_address_to_the_peer() {
    let net = Net::new(&["a", "b"]);
    let (a, b) = pair(&net, "preempt = false", "");
    until("b to take over from a router that dies again and again", || {
        if let Some(router) = a.find(Part::Router) {
            process::send(router, Signal::KILL);
        }
        match b.instance("web") {
            Ok(found) if found.state == State::Master => Ok(()),
            Ok(found) => Err(found.state.to_string()),
            Err(error) => Err(error.to_string()),
        }
    });
    net.only_holder(ADDRESS, "b");
}

#[test]
fn without_its_guardian_a_node_leaves_the_election() {
    let net = Net::new(&["a", "b"]);
    let (a, b) = pair(&net, "", "");
    process::send(a.guardian(), Signal::KILL);
    b.becomes("web", State::Master);
    net.only_holder(ADDRESS, "b");
    until("its children to end", || match a.node().processes() {
        all if all.iter().all(|pid| !process::is_alive(*pid)) => Ok(()),
        all => Err(format!("{all:?} live")),
    });
}

#[test]
fn an_address_that_somebody_takes_away_comes_back() {
    let net = Net::new(&["a", "b"]);
    let (a, b) = pair(&net, "", "");
    let (still_a, still_b) = (Still::watch(&a, "web"), Still::watch(&b, "web"));
    a.node()
        .ip(&["addr", "del", &format!("{ADDRESS}/24"), "dev", "eth0"]);
    net.only_holder(ADDRESS, "a");
    still_a.holds(&a);
    still_b.holds(&b);
}
