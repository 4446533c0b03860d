//! Many addresses, many virtual routers.

use std::time::Duration;

use model::transition::State;

use super::stage::{Stage, settles};
use super::{Case, remark};
use crate::net::Net;
use crate::router::{Form, Router, Wanted};
use crate::wait::until;

/// As many as an advert holds twice over: half of them stand in it.
pub(super) fn addresses(case: Case) {
    let stage = Stage::new(case);
    let wanted = |priority| {
        let all = |net: u8| (1..=250).map(move |host| format!("10.0.{net}.{host}/32"));
        let mut wanted = stage.wanted(priority);
        wanted.interval = Duration::from_secs(1);
        wanted.addresses = all(0).collect();
        let excluded: Vec<String> = all(1).collect();
        wanted.more = format!(
            "    virtual_ipaddress_excluded {{\n        {}\n    }}",
            excluded.join("\n        ")
        );
        wanted
    };
    let first = stage.first(&wanted(150));
    first.becomes(State::Master);
    let second = stage.second(&wanted(100));
    settles(&first, &second);
    carries_all(&first, 500);
    carries_all(&second, 0);
    first.stop();
    second.becomes(State::Master);
    carries_all(&second, 500);
    assert_eq!(stage.node("a").count_addresses("10."), 0, "some were left behind");
    stage.finish();
}

#[track_caller]
fn carries_all(router: &Router, count: usize) {
    let node = router.node();
    until(&format!("{count} addresses on {}", node.name), || {
        match node.count_addresses("10.") {
            found if found == count => Ok(()),
            found => Err(found),
        }
    });
}

/// Every VRID there is, as fast as version 3 can say. No capture: it would be half of the load.
pub(super) fn routers(case: Case) {
    let net = Net::new(&["a", "b"]);
    let start = |name: &str, make, priority| {
        let one = |vrid: u8| {
            let mut wanted = Wanted::new(Form::V3, priority);
            wanted.name = format!("vr{vrid}");
            wanted.vrid = vrid;
            wanted.interval = Duration::from_millis(10);
            wanted.addresses = vec![format!("10.0.0.{vrid}/32")];
            wanted
        };
        let mut first = one(1);
        first.behind = (2..=255).map(|vrid| one(vrid).instance()).collect();
        Router::start(make, &net.node(name), &first)
    };
    let first = start("a", case.first, 150);
    all_are(&first, State::Master);
    carries_all(&first, 255);
    let second = start("b", case.second, 100);
    all_have_heard(&second);
    remark(format!(
        "{case}: {} times Master too early, of 255 virtual routers at 10 ms",
        became_master(&second)
    ));
    first.kill();
    all_are(&second, State::Master);
    carries_all(&second, 255);
}

/// A busy machine may let some of them become Master for a moment.
#[track_caller]
fn all_have_heard(router: &Router) {
    let daemon = router.ours().expect("both are ours");
    daemon.says("that each has heard a Master", |status| {
        let mut all = status.instances.iter();
        (status.instances.len() == 255
            && all.all(|instance| instance.counters.get("adverts_received") > Some(&0)))
        .then_some(())
    });
}

fn became_master(router: &Router) -> u64 {
    let status = router.ours().and_then(|daemon| daemon.status().ok());
    let all = status.map(|status| status.instances).unwrap_or_default();
    let counts = all
        .iter()
        .filter_map(|instance| instance.counters.get("became_master"));
    counts.sum()
}

#[track_caller]
fn all_are(router: &Router, state: State) {
    let daemon = router.ours().expect("both are ours");
    daemon.says(&format!("255 times {state}"), |status| {
        let there = status.instances.iter().filter(|instance| instance.state == state);
        (there.count() == 255).then_some(())
    });
}
