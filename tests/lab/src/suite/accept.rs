//! What a Master that is no owner takes for its address.

use model::transition::State;

use super::Case;
use super::stage::Stage;
use crate::net::Node;
use crate::wait::until;

/// With accept mode it answers; without, it is found on the link and silent; whoever is Master.
pub(super) fn run(case: Case) {
    for (keyword, accepts) in [("accept", true), ("no_accept", false)] {
        let stage = Stage::with(case, &["a", "b", "host"]);
        let wanted = |priority| {
            let mut wanted = stage.wanted(priority);
            wanted.more = format!("    {keyword}");
            wanted
        };
        let (first, second) = stage.elect(&wanted(150), &wanted(100));
        let host = stage.node("host");
        takes(&host, case.form.address(), accepts);
        first.kill();
        second.becomes(State::Master);
        host.ip(&["neigh", "flush", "dev", "eth0"]);
        takes(&host, case.form.address(), accepts);
        stage.finish();
    }
}

#[track_caller]
fn takes(host: &Node, address: &str, accepts: bool) {
    until(&format!("{address} to be found"), || {
        let answered = host.pings(address);
        match host.neighbour(address) {
            Some(_) if answered == accepts => Ok(()),
            // The filter comes with the address, not before it.
            found => Err(format!("answered: {answered}, neighbour: {found:?}")),
        }
    });
    if !accepts {
        assert!(!(0..2).any(|_| host.pings(address)), "{address} answered");
    }
}
