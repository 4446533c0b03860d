//! Whether and when a better router replaces a Master.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::plan::Preempt;
use model::transition::State;

use super::Case;
use super::stage::{Stage, nobody_moves, settles};
use crate::capture;

/// Never, but from the dead.
pub(super) fn never(case: Case) {
    let stage = Stage::new(case);
    let mut better = stage.wanted(150);
    better.preempt = Preempt::No;
    let second = stage.second(&stage.wanted(100));
    second.becomes(State::Master);
    let first = stage.first(&better);
    settles(&second, &first);
    nobody_moves(&[&first, &second], || ());
    second.kill();
    first.becomes(State::Master);
    first.stop();
    stage.finish();
}

const DELAY: Duration = Duration::from_secs(1);

/// Not before it has heard the worse one for some time.
pub(super) fn later(case: Case) {
    let stage = Stage::new(case);
    let mut better = stage.wanted(150);
    better.preempt = Preempt::After(DELAY);
    let second = stage.second(&stage.wanted(100));
    second.becomes(State::Master);
    let began = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let first = stage.first(&better);
    settles(&first, &second);
    stage.only(&[&first, &second], &first);
    first.stop();
    second.becomes(State::Master);
    let packets = stage.finish();
    let mut said = capture::adverts(&packets).filter(|(_, advert)| advert.priority == 150);
    let at = said.next().expect("it was Master").0.at;
    let waited = at - began.as_secs_f64();
    assert!(waited >= DELAY.as_secs_f64(), "it waited for {waited} s only");
}
