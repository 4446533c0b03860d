//! Adverts to peers, not to a group.

use model::transition::State;

use super::Case;
use super::stage::{Stage, settles};
use crate::capture;
use crate::router::{Router, Wanted};

/// Of two and of three; the next best follows whoever crashes.
pub(super) fn run(case: Case) {
    for names in [&["a", "b"][..], &["a", "b", "c"]] {
        let stage = Stage::with(case, names);
        let start = |name: &&str, priority| {
            let make = if *name == "a" { case.first } else { case.second };
            Router::start(make, &stage.node(name), &wanted(&stage, names, name, priority))
        };
        let mut routers: Vec<Router> = Vec::new();
        for (name, priority) in names.iter().zip([150, 100, 50]) {
            routers.push(start(name, priority));
            settles_all(&routers);
        }
        while routers.len() > 1 {
            routers.remove(0).kill();
            settles_all(&routers);
        }
        for (_, advert) in capture::adverts(&stage.finish()) {
            assert!(advert.destination.starts_with("192.0.2."), "{advert:?}");
        }
    }
}

/// The first of them is Master.
fn settles_all(routers: &[Router]) {
    let Some((best, others)) = routers.split_first() else {
        return;
    };
    best.becomes(State::Master);
    others.iter().for_each(|other| settles(best, other));
}

fn wanted(stage: &Stage, names: &[&str], name: &str, priority: u8) -> Wanted {
    let peers = names.iter().filter(|peer| **peer != name);
    let peers: Vec<String> = peers.map(|peer| stage.node(peer).ipv4()).collect();
    let mut wanted = stage.wanted(priority);
    wanted.more = format!(
        "    unicast_src_ip {}\n    unicast_peer {{\n        {}\n    }}",
        stage.node(name).ipv4(),
        peers.join("\n        ")
    );
    wanted
}
