//! The first calls of new code. Code that loads can still be wrong, and what fails by its own doing does not stay.

use crate::bench::{Blame, Fault};

/// Calls that end well before new code is trusted.
pub(crate) const CALLS: u32 = 20;
/// Calls before that which may not fail by the code's own doing.
pub(crate) const FAULTS: u32 = 3;

/// What became of new code so far.
#[derive(Clone, Default)]
pub(super) struct Trial {
    good: u32,
    faults: u32,
}

/// What one more call says of new code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing yet.
    Open,
    /// It is to be trusted.
    Good,
    /// It is not to stay.
    Bad,
}

impl Trial {
    /// Counts how a call ended. One that failed by the world's doing says nothing.
    pub(super) fn count(&mut self, fault: Option<&Fault>) -> Finding {
        match fault.map(|fault| fault.blame) {
            None => {
                self.good = self.good.saturating_add(1);
                if self.good >= CALLS {
                    Finding::Good
                } else {
                    Finding::Open
                }
            }
            Some(Blame::World) => Finding::Open,
            Some(Blame::Code | Blame::Limit) => {
                self.faults = self.faults.saturating_add(1);
                if self.faults >= FAULTS {
                    Finding::Bad
                } else {
                    Finding::Open
                }
            }
        }
    }

    /// Whether it did nothing wrong so far, and something right: good enough to return to.
    pub(super) fn is_spotless(&self) -> bool {
        self.faults == 0 && self.good > 0
    }

    /// Calls that count.
    pub(super) fn calls(&self) -> u32 {
        self.good.saturating_add(self.faults)
    }
}
