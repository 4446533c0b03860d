//! A log that nobody takes: the disk is full, or whoever reads it sleeps.

use lab::bellwether::Part;
use lab::{Bellwether, Net, Node};
use model::transition::State;

use crate::conf::{self, ADDRESS};

/// Begins, takes over, refuses a mistake, loses its router and goes on, all with nothing to be said.
fn serves(node: &Node, standard_error: &str) {
    let conf = node.write("conf.d/10-lab.toml", &conf::web(150, ""));
    let shell = ["sh", "-c", &format!("{standard_error}; exec \"$0\" \"$@\"")];
    let daemon = Bellwether::start_under(node, &shell, conf.parent().expect("below conf.d"));
    daemon.becomes("web", State::Master);
    node.write("conf.d/20-mistake.toml", "prioriti = 1\n");
    let (content, text) = daemon.reload();
    assert!(!content && text.contains("prioriti"), "{text}");
    let guardian = daemon.guardian();
    daemon.kill_part(Part::Router);
    daemon.becomes("web", State::Master);
    assert!(node.holds(ADDRESS));
    assert_eq!(daemon.guardian(), guardian);
    daemon.stop();
}

#[test]
fn a_full_disk_stops_nothing() {
    let net = Net::new(&["a"]);
    serves(&net.node("a"), "exec 2> /dev/full");
}

#[test]
fn a_reader_that_sleeps_stops_nothing() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let pipe = node.path("pipe");
    // Held open for both by whoever writes, so that it has a reader that never reads; as full as can be.
    let full = format!(
        "mkfifo {0}; exec 2<> {0}; head -c 65536 /dev/zero >&2",
        pipe.display()
    );
    serves(&node, &full);
}
