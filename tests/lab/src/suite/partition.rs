//! A segment that falls apart and grows together: two Masters that cannot hear each other, then can.

use model::transition::State;

use super::Case;
use super::stage::{Stage, mac, settles};
use crate::router::Make;
use crate::wait::until;

/// The better one stays Master, and a host's neighbour cache follows.
pub(super) fn run(case: Case) {
    let stage = Stage::with(case, &["a", "b", "host"]);
    // A worse Master that hears the better one first goes without a word: then only the refresh tells hosts.
    let [mut of_a, of_b] = [150, 100].map(|priority| stage.wanted(priority));
    of_a.more = "    garp_master_refresh 1".to_owned();
    let (first, second) = stage.elect(&of_a, &of_b);
    let (host, address) = (stage.node("host"), case.form.address());
    let believes = |mac: String| {
        until(&format!("the host to have {mac} for {address}"), || {
            match host.neighbour(address) {
                Some(found) if found == mac => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
    };
    until("an answer to the host", || {
        if host.pings(address) { Ok(()) } else { Err("none") }
    });
    // FRR's node answers for its macvlan with either address, and FRR does not tell hosts again after it was parted.
    let followed = case.first != Make::Frr;
    if followed {
        believes(mac(case, &first, case.first));
    }
    let before = first.moves();
    first.node().part();
    second.becomes(State::Master);
    believes(mac(case, &second, case.second));
    first.node().join();
    settles(&first, &second);
    stage.only(&[&first, &second], &first);
    assert_eq!(first.moves(), before, "the better Master moved");
    if followed {
        believes(mac(case, &first, case.first));
    }
    stage.finish();
}

/// Between equals, the first one stays; between two Masters that are equal, the one with the higher address.
pub(super) fn tie(case: Case) {
    let stage = Stage::new(case);
    let (first, second) = stage.elect(&stage.wanted(100), &stage.wanted(100));
    first.node().part();
    second.becomes(State::Master);
    assert!(first.is(State::Master), "a moved, and heard nobody");
    first.node().join();
    settles(&second, &first);
    stage.only(&[&first, &second], &second);
    stage.finish();
}
