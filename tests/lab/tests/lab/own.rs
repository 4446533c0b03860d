//! A network namespace of the daemon's own, named by its configuration.

use lab::{Bellwether, Net, Node, process, until};
use model::transition::State;
use rustix::process::Signal;

use crate::conf::{self, ADDRESS};

/// kill -9 to the part of a daemon that has this argument, on the node where it is.
fn kill(node: &Node, argument: &str) {
    let is_it = |pid: &i32| {
        process::arguments(*pid)
            .get(1)
            .is_some_and(|word| word == argument)
    };
    let pid = until(argument, || {
        node.processes().into_iter().find(is_it).ok_or("not there")
    });
    process::send(pid, Signal::KILL);
    until("it to be gone", || {
        if process::is_alive(pid) {
            Err("it lives")
        } else {
            Ok(())
        }
    });
}

/// All of it is there: elections, checks and whatever hooks run; also after a part was started again.
#[test]
fn a_daemon_enters_the_namespace_that_its_configuration_names() {
    let net = Net::new(&["a", "b"]);
    let (a, b) = (net.node("a"), net.node("b"));
    let (place, own) = (b.namespace(), b.ipv4());
    b.sysctl("net/ipv4/ping_group_range", "0 2147483647");
    let seen = b.path("seen");
    let hook = format!("/bin/sh -c 'ip -br address show dev eth0 > {}'", seen.display());
    let toml = format!(
        "[machine]\nnetns = \"{place}\"\n[tracker.other]\n\
         check = {{ plugin = \"ping\", host = \"{}\", interval = \"200ms\" }}\n{}\
         [[instance.web.hook]]\non = [\"master\"]\ncommand = [\"/bin/sh\", \"-c\", \"ip -br address show dev eth0 > {}\"]\n",
        a.ipv4(),
        conf::web(150, "track = [{ tracker = \"other\" }]"),
        seen.display(),
    );
    let own_namespace = format!("global_defs {{\n    net_namespace {place}");
    let keepalived = conf::keepalived(3, 150, &format!("notify_master \"{hook}\""));
    let keepalived = keepalived.replace("global_defs {", &own_namespace);
    for (file, text) in [("bellwether.toml", toml), ("keepalived.conf", keepalived)] {
        // Started on another node than it is to be on.
        let daemon = Bellwether::start(&a, file, &text);
        daemon.becomes("web", State::Master);
        until("the hook to look around", || {
            let found = b.read("seen");
            if found.contains(&own) { Ok(()) } else { Err(found) }
        });
        std::fs::remove_file(&seen).expect("it was made");
        let holds = |when: &str| assert!(b.holds(ADDRESS) && !a.holds(ADDRESS), "{when}: {}", daemon.log());
        holds("at first");
        kill(&b, "__router");
        daemon.becomes("web", State::Master);
        holds("after the router was started again");
        kill(&b, "__worker");
        daemon.says("a worker", |status| status.worker_up.then_some(()));
        a.write(file, &text.replace(place, "another"));
        let (accepted, said) = daemon.reload();
        assert!(accepted, "{said}");
        let said = said.replace(place, "PLACE");
        let stays = "the daemon stays in network namespace PLACE; restart it for network namespace another\napplied\n";
        assert!(said.ends_with(stays), "{said}");
        holds("after it was told of another place");
        daemon.stop();
        assert!(!b.holds(ADDRESS));
    }
}

#[test]
fn a_namespace_that_is_not_there_is_said() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let text = format!("[machine]\nnetns = \"nowhere\"\n{}", conf::web(150, ""));
    let mut daemon = Bellwether::start(&node, "bellwether.toml", &text);
    until("it to end", || {
        if daemon.has_ended() {
            Ok(())
        } else {
            Err(daemon.log())
        }
    });
    let log = daemon.log();
    let said = "bellwether: there is no network namespace nowhere; make it with `ip netns add nowhere`";
    assert_eq!(log.lines().last(), Some(said), "{log}");
}
