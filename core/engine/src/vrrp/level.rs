//! Something of the kernel's that is wanted there or not: what was ordered last, and what came of it.
//!
//! A report may be older than an order that is under way, so while one is, and for a moment after the kernel agreed,
//! reports are not acted on. A refused order is repeated with growing pauses.

use std::time::Duration;

use model::fact::Outcome;
use model::ids::OrderId;
use model::time::Instant;

/// How long an answer may take before the order is given again.
const ANSWER: Duration = Duration::from_secs(5);
/// Pause after an answer, in which the reports may catch up; it doubles with each refusal.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_DOUBLINGS_MAX: u32 = 5;

/// Whether it is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    On,
    Off,
}

/// What was ordered last, towards one aim or another.
#[derive(Clone, Debug)]
pub(super) struct Level<A = Aim> {
    last: Option<Last<A>>,
    refusals: u32,
}

/// The last order. Until `until`, no report speaks against it; where that is `None`, none ever does.
#[derive(Clone, Copy, Debug)]
struct Last<A> {
    aim: A,
    order: OrderId,
    until: Option<Instant>,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Asked,
    Done,
    Refused,
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is so now.
    Done,
    /// It was not so any more, and is again.
    Restored,
    /// The kernel refused; it is asked again after the pause.
    Refused(Duration),
}

impl<A> Default for Level<A> {
    fn default() -> Self {
        Self {
            last: None,
            refusals: 0,
        }
    }
}

impl<A: PartialEq> Level<A> {
    /// Whether an order is to be given. `is_so`: whether the reports say that the aim is reached; `None` where nobody
    /// tells.
    pub(super) fn must_order(&mut self, aim: &A, is_so: impl FnOnce() -> Option<bool>, now: Instant) -> bool {
        match &self.last {
            // Whatever the kernel made of that order, or still will, it is not this.
            Some(last) if last.aim != *aim => true,
            Some(last) if last.until.is_none_or(|until| now < until) => false,
            last => {
                let differs = is_so() != Some(true);
                match last {
                    // The kernel agreed, and yet it is not so: somebody works against us, or an address failed.
                    Some(last) if differs && last.progress == Progress::Done => {
                        self.refusals = self.refusals.saturating_add(1);
                    }
                    Some(_) | None => {}
                }
                if !differs {
                    self.last = None;
                    self.refusals = 0;
                }
                differs
            }
        }
    }

    /// Notes an order that was given.
    pub(super) fn ordered(&mut self, aim: A, order: OrderId, now: Instant) {
        self.last = Some(Last {
            aim,
            order,
            until: Some(now + ANSWER),
            progress: Progress::Asked,
        });
    }

    /// What was ordered does not matter any more.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }

    /// Takes an answer; `None` if it is not about this. `stands`: consent holds until somebody says otherwise.
    pub(super) fn take_outcome(&mut self, outcome: &Outcome, stands: bool, now: Instant) -> Option<Answer> {
        let last = self.last.as_mut().filter(|last| last.order == outcome.order)?;
        // Also after consent: the reports lag behind, and what is undone each time is not redone for ever.
        let pause = PAUSE * 2u32.pow(self.refusals.min(PAUSE_DOUBLINGS_MAX));
        last.until = Some(now + pause);
        match (&outcome.result, last.progress) {
            (Ok(()), before) => {
                last.progress = Progress::Done;
                if stands {
                    last.until = None;
                    self.refusals = 0;
                }
                Some(match before {
                    Progress::Done => Answer::Restored,
                    Progress::Asked | Progress::Refused => Answer::Done,
                })
            }
            (Err(_), _) => {
                self.refusals = self.refusals.saturating_add(1);
                last.progress = Progress::Refused;
                Some(Answer::Refused(pause))
            }
        }
    }

    /// The kernel refused what was asked last, or would not keep it.
    pub(super) const fn is_refused(&self) -> bool {
        self.refusals > 0
    }

    /// No order is remembered.
    pub(super) fn is_idle(&self) -> bool {
        self.last.is_none()
    }

    /// Whether the kernel agreed to this; `None` where there was no order.
    pub(super) fn is_done(&self, aim: &A) -> Option<bool> {
        let last = self.last.as_ref();
        last.map(|last| last.aim == *aim && last.progress == Progress::Done)
    }

    /// The next instant at which it has to be looked at.
    pub(super) fn due(&self) -> Option<Instant> {
        self.last.as_ref().and_then(|last| last.until)
    }
}
