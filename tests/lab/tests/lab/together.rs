//! Two daemons in one network namespace, as users of keepalived have them.

use lab::bellwether::{Part, program};
use lab::process::Running;
use lab::{Bellwether, Net, Node, until};
use model::transition::State;
use rustix::net::sockopt::socket_peercred;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::conf::{self, ADDRESS};

/// A second daemon on a node, with files and a socket of its own.
fn start_second(node: &Node, configuration: &str) -> Running {
    let path = node.write("second.toml", configuration);
    let mut command = node.command(program());
    command.arg("run").arg("-c").arg(path);
    command.arg("--socket").arg(node.path("second.sock"));
    Running::start("the second daemon", command, &node.path("second.log")).expect("the program is there")
}

fn has_filter(node: &Node) -> bool {
    let mut list = node.command("nft");
    list.args(["list", "table", "inet", "bellwether"]);
    list.output().expect("nft").status.success()
}

/// Also when one of their routers is started again, or one goes for good.
#[test]
fn two_daemons_of_one_network_leave_each_other_alone() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let a = Bellwether::start(
        &node,
        "bellwether.toml",
        &conf::web(150, "vmac = true\naccept = false"),
    );
    a.becomes("web", State::Master);
    let other = "[instance.other]\ninterface = \"eth0\"\nvrid = 77\npriority = 150\nadvert_interval = \"200ms\"\n\
                 addresses = [\"192.0.2.177/24\"]\n";
    for more in ["", "vmac = true\naccept = false\n"] {
        let mut second = start_second(&node, &format!("{other}{more}"));
        until("the second daemon to be Master", || {
            if node.holds("192.0.2.177") {
                Ok(())
            } else {
                Err(node.read("second.log"))
            }
        });
        let stands = |when: &str| {
            assert!(node.has_interface("vrrp.51"), "{when}: {}", a.log());
            assert!(has_filter(&node), "{when}: {}", a.log());
            assert!(node.holds(ADDRESS), "{when}: {}", a.log());
        };
        stands("a second daemon began");
        assert!(node.read("second.log").contains("other daemons like this one"));
        assert_eq!(a.instance("web").expect("an instance").state, State::Master);
        let (ours, theirs) = (a.moves("web"), second.pid());
        second.signal(rustix::process::Signal::TERM);
        second.ended();
        stands("it ended");
        assert_eq!(a.moves("web"), ours);
        assert!(!lab::process::is_alive(theirs));
        assert!(!node.holds("192.0.2.177") && !node.has_interface("vrrp.77"));
    }
    // Who is started again has the same number.
    a.kill_part(Part::Router);
    until("the router to be back", || {
        match a.instance("web").map(|web| web.state) {
            Ok(State::Master) if has_filter(&node) && node.has_interface("vrrp.51") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    a.stop();
    assert!(!has_filter(&node) && !node.has_interface("vrrp.51"));
}

/// Also after more have asked than a listener's queue holds.
#[test]
fn whoever_asks_is_told_which_daemon_is_here() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let daemon = Bellwether::start(&node, "bellwether.toml", &conf::web(150, ""));
    daemon.becomes("web", State::Master);
    let ask = || {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
        connect(&socket, &SocketAddrUnix::new_abstract_name(b"bellwether/1")?)?;
        socket_peercred(&socket).map(|daemon| daemon.pid.as_raw_nonzero().get())
    };
    let ask_them_all = || {
        for _ in 0..10_000 {
            assert_eq!(until("room in the queue", ask), daemon.guardian());
        }
    };
    node.inside(ask_them_all).expect("each was told");
    daemon.stop();
}
