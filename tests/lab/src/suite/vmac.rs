//! Routers whose virtual router has an address of its own on the link, and routers whose has none.

use model::net::{Family, Mac};
use model::transition::State;

use super::stage::{Stage, mac, settles};
use super::{Case, remark};
use crate::asker::Asker;
use crate::router::{Make, Router};
use crate::wait::until;

/// Questions that a host asks in each of the four reigns.
const QUESTIONS: usize = 50;

/// Switches send it to whoever is Master, and hosts are never told another one by ours.
pub(super) fn own(case: Case) {
    let vmac = Mac::of_virtual_router(case.form.family(), 51).to_string();
    let stage = reigns(case, "    use_vmac", |stage, master| {
        let port = &master.node().name;
        until(&format!("{vmac} behind the cable of {port}"), || {
            match stage.net.learned(&vmac) {
                Some(found) if found == *port => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
    });
    for (make, name) in [(case.first, "a"), (case.second, "b")] {
        let told = physical(&stage, &stage.node(name).mac());
        match make {
            Make::Ours => assert_eq!(told, 0, "{name} told hosts its own address on the link"),
            Make::Keepalived | Make::Frr => remark(format!(
                "{case}: {} told hosts its interface's own address {told} times",
                make.name()
            )),
        }
    }
    stage.finish();
}

/// Nobody on the segment has ever seen it.
pub(super) fn none(case: Case) {
    let vmac = Mac::of_virtual_router(case.form.family(), 51).to_string();
    let stage = reigns(case, "", |stage, master| {
        let (host, address) = (stage.node("host"), case.form.address());
        let own = mac(case, master, Make::Ours);
        until(&format!("the host to have {own}"), || {
            host.pings(address);
            match host.neighbour(address) {
                Some(found) if found == own => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
        assert_eq!(stage.net.learned(&vmac), None);
    });
    stage.finish();
}

/// Election, crash, return and graceful stop, while a host asks for the address. `check` is given each Master.
fn reigns(case: Case, more: &str, check: impl Fn(&Stage, &Router)) -> Stage {
    let stage = Stage::with(case, &["a", "b", "host"]);
    let wanted = |priority| {
        let mut wanted = stage.wanted(priority);
        more.clone_into(&mut wanted.more);
        wanted
    };
    let asker = || Asker::start(&stage.node("host"), &[case.form.address()]);
    let look = |master: &Router| {
        asker().asks(QUESTIONS);
        check(&stage, master);
    };
    let (first, second) = stage.elect(&wanted(150), &wanted(100));
    look(&first);
    first.kill();
    second.becomes(State::Master);
    look(&second);
    let first = stage.first(&wanted(150));
    settles(&first, &second);
    stage.only(&[&first, &second], &first);
    look(&first);
    first.stop();
    second.becomes(State::Master);
    look(&second);
    second.stop();
    stage
}

/// How many times the address was told with `mac` as its own on the link, asked or unasked.
fn physical(stage: &Stage, mac: &str) -> usize {
    let address = stage.case.form.address();
    let filter = match stage.case.form.family() {
        Family::V4 => format!("arp.src.proto_ipv4 == {address} && arp.src.hw_mac == {mac}"),
        Family::V6 => format!(
            "icmpv6.type == 136 && icmpv6.nd.na.target_address == {address} && \
             (icmpv6.opt.linkaddr == {mac} || eth.src == {mac})"
        ),
    };
    stage.look(&filter, &["frame.number"]).len()
}
