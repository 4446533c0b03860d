//! Cables.

use model::transition::State;

use super::Case;
use super::stage::{Stage, nobody_moves, settles};
use crate::router::{Make, Router};
use crate::wait::until;

/// The Master's cable out and in, then the Backup's.
pub(super) fn run(case: Case) {
    let stage = Stage::new(case);
    let (first, second) = stage.pair();
    first.node().unplug();
    faults(&first, case.first);
    second.becomes(State::Master);
    if case.first != Make::Frr {
        stage.only(&[&first, &second], &second);
    }
    first.node().plug();
    settles(&first, &second);
    stage.only(&[&first, &second], &first);
    let before = first.moves();
    second.node().unplug();
    faults(&second, case.second);
    second.node().plug();
    settles(&first, &second);
    assert_eq!(
        first.moves(),
        before,
        "the Master moved although its own cable was in"
    );
    stage.finish();
}

/// FRR does not look at its link: it is Master of nobody.
fn faults(router: &Router, make: Make) {
    router.becomes(match make {
        Make::Ours | Make::Keepalived => State::Fault,
        Make::Frr => State::Master,
    });
}

/// The address is a's own. It is Master whenever it can be heard, and b stands in for it.
pub(super) fn owner(case: Case) {
    let stage = Stage::new(case);
    let owned = stage.node("a").ipv4();
    // Whoever stands in has the address that the owner speaks from, and Linux drops what comes from an own address.
    stage.node("b").sysctl("net/ipv4/conf/all/accept_local", "1");
    let [mut of_a, mut of_b] = [255, 100].map(|priority| stage.wanted(priority));
    of_a.addresses = vec![format!("{owned}/24")];
    of_b.addresses.clone_from(&of_a.addresses);
    let second = stage.second(&of_b);
    second.becomes(State::Master);
    let first = stage.first(&of_a);
    settles(&first, &second);
    nobody_moves(&[&first, &second], || ());
    first.node().unplug();
    second.becomes(State::Master);
    until("b to stand in", || {
        if second.carries(&owned) {
            Ok(())
        } else {
            Err("it does not")
        }
    });
    first.node().plug();
    settles(&first, &second);
    until("b to give it back", || {
        if second.carries(&owned) {
            Err("it has it")
        } else {
            Ok(())
        }
    });
    assert!(first.node().holds(&owned), "the owner lost its own address");
    stage.finish();
}
