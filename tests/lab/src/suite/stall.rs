//! A router whose processes stand still for a while.

use std::thread::sleep;
use std::time::{Duration, Instant};

use model::transition::State;

use super::stage::{Stage, nobody_moves, settles};
use super::{Case, remark};

/// Shorter than the peer's patience: nothing. As long as it takes: one hand-over and one hand-back.
pub(super) fn master(case: Case) {
    let stage = Stage::new(case);
    let interval = Duration::from_millis(300);
    let [mut of_a, mut of_b] = [150, 100].map(|priority| stage.wanted(priority));
    (of_a.interval, of_b.interval) = (interval, interval);
    let (first, second) = stage.elect(&of_a, &of_b);

    let before = (first.moves(), second.moves());
    let began = Instant::now();
    first.freeze();
    sleep(interval);
    first.thaw();
    let took = began.elapsed();
    settles(&first, &second);
    if took < interval * 2 {
        assert_eq!(
            (first.moves(), second.moves()),
            before,
            "moved for a stall of {took:?}"
        );
    } else {
        remark(format!(
            "{case}: this machine cannot stall for less than {took:?}"
        ));
    }

    let before = second.moves();
    first.freeze();
    second.becomes(State::Master);
    first.thaw();
    settles(&first, &second);
    stage.only(&[&first, &second], &first);
    nobody_moves(&[&first, &second], || ());
    assert_eq!(
        second.moves(),
        before + 2,
        "more than one hand-over and one hand-back"
    );
    stage.finish();
}

/// However long: the adverts that wait in its socket are read before its timer is believed.
pub(super) fn backup(case: Case) {
    let stage = Stage::new(case);
    let (first, second) = stage.pair();
    nobody_moves(&[&first, &second], || {
        second.freeze();
        sleep(Duration::from_secs(2));
        second.thaw();
    });
    stage.finish();
}
