//! Election, crash, return and graceful stop.

use model::net::Family;
use model::transition::State;

use super::Case;
use super::stage::{Stage, announcements, mac, settles};
use crate::capture;
use crate::wait::until;

pub(super) fn run(case: Case) {
    let stage = Stage::new(case);
    let (first, second) = stage.pair();

    // A crash: nobody says goodbye.
    first.kill();
    second.becomes(State::Master);
    until("the address on b", || {
        if second.carries(case.form.address()) {
            Ok(())
        } else {
            Err("not")
        }
    });

    // It returns, and is better.
    let first = stage.first(&stage.wanted(150));
    settles(&first, &second);
    stage.only(&[&first, &second], &first);

    // It leaves, and says so.
    let log = second.ours().map(|daemon| daemon.log().len());
    first.stop();
    second.becomes(State::Master);
    if let (Some(daemon), Some(before)) = (second.ours(), log) {
        let said = daemon.log().get(before..).unwrap_or_default().to_owned();
        assert!(said.contains("priority 0"), "it waited for silence:\n{said}");
    }
    until("the address on b", || {
        if second.carries(case.form.address()) {
            Ok(())
        } else {
            Err("not")
        }
    });
    let told_by = mac(case, &second, case.second);
    stage.last_word_is(100);
    second.stop();
    let packets = stage.finish();
    let group = match case.form.family() {
        Family::V4 => "224.0.0.18",
        Family::V6 => "ff02::12",
    };
    for (_, advert) in capture::adverts(&packets) {
        assert_eq!(
            (advert.destination.as_str(), advert.vrid),
            (group, 51),
            "{advert:?}"
        );
        assert!(
            advert.addresses.iter().any(|a| a == case.form.address()),
            "{advert:?}"
        );
    }
    for (priority, name) in [(150, "a"), (100, "b")] {
        let from =
            |priority: u8| capture::adverts(&packets).filter(move |(_, advert)| advert.priority == priority);
        let source = from(priority).last().map(|(_, advert)| advert.source.clone());
        let left = from(0).filter(|(_, advert)| Some(&advert.source) == source.as_ref());
        assert!(left.count() > 0, "{name} did not say that it leaves");
    }
    let told = announcements(&packets, &told_by, case.form.address());
    assert!(
        told >= 2,
        "b told {told} times of its address, and became Master twice"
    );
}
