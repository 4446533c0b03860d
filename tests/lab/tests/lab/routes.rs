//! Routes and rules that move with an instance, in a real kernel.

use lab::bellwether::Part;
use lab::{Bellwether, Net, Node, process, until};
use model::transition::State;
use rustix::process::Signal;

use crate::conf::ADDRESS;

const ENTRIES: &str = "
routes = [\"default via 192.0.2.254 dev eth0 table 100 src 192.0.2.100\", \"blackhole 198.51.100.0/24\"]
rules  = [\"from 192.0.2.100 table 100 priority 1000\"]
";
const STATIC: &str = "
[static]
addresses = [{ address = \"192.0.2.50/32\", interface = \"eth0\" }]
rules     = [\"from 192.0.2.50 table 100 priority 1001\"]
";

fn conf(priority: u8, more: &str) -> String {
    // A second between adverts: a router that is started again at once is not missed.
    format!(
        "[instance.web]\ninterface = \"eth0\"\nvrid = 51\npriority = {priority}\nadvert_interval = \"1s\"\n\
         addresses = [\"{ADDRESS}/24\"]\n{ENTRIES}{more}"
    )
}

/// What of ours is in a node's tables.
fn entries(node: &Node) -> Vec<String> {
    let say = |arguments: &[&str]| {
        let said = node.command("ip").args(arguments).output().expect("iproute2");
        String::from_utf8_lossy(&said.stdout).into_owned()
    };
    let routes = say(&["-4", "route", "show", "table", "all", "proto", "18"]);
    let rules = say(&["-4", "rule", "show"]);
    let ours = rules.lines().filter(|line| line.contains("keepalived"));
    let lines = routes.lines().chain(ours).map(|line| line.trim().to_owned());
    lines.collect()
}

const WHILE_MASTER: [&str; 4] = [
    "default via 192.0.2.254 dev eth0 table 100 src 192.0.2.100",
    "blackhole 198.51.100.0/24",
    "1000:\tfrom 192.0.2.100 lookup 100 proto keepalived",
    "1001:\tfrom 192.0.2.50 lookup 100 proto keepalived",
];

fn has(node: &Node, wanted: &[&str]) {
    until("the routes and rules that are wanted", || {
        let found = entries(node);
        if found == wanted {
            Ok(())
        } else {
            Err(found.join("; "))
        }
    });
}

#[test]
fn routes_and_rules_move_with_the_address() {
    let net = Net::new(&["a", "b"]);
    let a = Bellwether::start(&net.node("a"), "bellwether.toml", &conf(150, STATIC));
    a.becomes("web", State::Master);
    let b = Bellwether::start(&net.node("b"), "bellwether.toml", &conf(100, STATIC));
    b.becomes("web", State::Backup);
    has(a.node(), &WHILE_MASTER);
    has(b.node(), &WHILE_MASTER[3..]);

    // Somebody takes them out.
    a.node().ip(&["route", "flush", "table", "100"]);
    a.node().ip(&["rule", "del", "priority", "1000"]);
    has(a.node(), &WHILE_MASTER);

    // A router that dies leaves them where they are, and its successor keeps them.
    let old = a.kill_part(Part::Router);
    assert_eq!(entries(a.node()), WHILE_MASTER);
    until("another router", || {
        a.find(Part::Router).filter(|new| *new != old).ok_or("none")
    });
    a.becomes("web", State::Master);
    a.node().ip(&["route", "del", "blackhole", "198.51.100.0/24"]);
    has(a.node(), &WHILE_MASTER);

    // Stopping takes them out, and those that were always there as well.
    let node = a.node().clone();
    a.stop();
    has(&node, &[]);
    b.becomes("web", State::Master);
    has(b.node(), &WHILE_MASTER);
}

#[test]
fn the_guardian_takes_them_out_for_a_router_that_cannot_be_kept() {
    let net = Net::new(&["a", "b"]);
    let [a, b] = [("a", 150), ("b", 100)].map(|(name, priority)| {
        let daemon = Bellwether::start(&net.node(name), "bellwether.toml", &conf(priority, ""));
        if name == "a" {
            daemon.becomes("web", State::Master);
        }
        daemon
    });
    has(a.node(), &WHILE_MASTER[..3]);
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
    has(a.node(), &[]);
    has(b.node(), &WHILE_MASTER[..3]);
}
