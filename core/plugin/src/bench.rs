//! The bench for a plugin that breaks its limits again and again: each such run costs its whole slice of processor
//! time, and nobody gets a verdict for it. Errors that it raises cost nothing and bench nobody.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::answer::{bounded, in_words};

/// Broken limits in a row before the first rest.
const PATIENCE: u32 = 5;
/// The first rest; each that follows without a good run between is twice as long.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// How a run failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// In words.
    pub(crate) text: String,
    /// Whose doing it was.
    pub(crate) blame: Blame,
}

/// Whose doing a failed run was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The code's: it raised an error, panicked or answered nonsense.
    Code,
    /// The code's, and dear: it broke a limit of time or memory.
    Limit,
    /// The world's: what it needed failed, or was not there in time.
    World,
}

impl From<String> for Fault {
    fn from(text: String) -> Self {
        Self {
            text,
            blame: Blame::Code,
        }
    }
}

/// Whether a plugin may run.
#[derive(Default)]
pub(crate) struct Bench(Mutex<State>);

#[derive(Default)]
struct State {
    in_a_row: u32,
    rest: Duration,
    until: Option<Instant>,
    /// Whether a run was let through after the rest, and has not ended yet.
    is_tried: bool,
    why: String,
}

impl Bench {
    /// Lets a run begin, or says why not. After a rest one is let through to see, and the others when it ended well.
    pub(crate) fn admit(&self) -> Result<(), String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(until) = state.until else { return Ok(()) };
        let now = Instant::now();
        if now < until {
            return Err(state.words());
        }
        // One that never ends well or badly, for nobody waits for it, is followed by another.
        state.until = now.checked_add(FIRST);
        state.is_tried = true;
        Ok(())
    }

    /// What the status says: also between a rest and the next good run.
    pub(crate) fn status(&self) -> Option<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.until.map(|_| state.words())
    }

    /// Counts how a run ended. Whether what [`Bench::status`] says has changed.
    pub(crate) fn count(&self, fault: Option<&Fault>) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(fault) = fault.filter(|fault| fault.blame == Blame::Limit) else {
            let was_benched = state.until.is_some();
            *state = State::default();
            return was_benched;
        };
        state.in_a_row = state.in_a_row.saturating_add(1);
        let now = Instant::now();
        // Those that were in flight when it was benched do not make it longer.
        let rests = state.until.is_some_and(|until| now < until) && !state.is_tried;
        if state.in_a_row < PATIENCE || rests {
            return false;
        }
        state.is_tried = false;
        state.rest = (state.rest * 2).clamp(FIRST, LONGEST);
        state.until = now.checked_add(state.rest);
        state.why = bounded(&fault.text);
        true
    }
}

impl State {
    fn words(&self) -> String {
        format!(
            "benched for {}: it broke its limits {} times in a row, last: {}",
            in_words(self.rest),
            self.in_a_row,
            self.why
        )
    }
}

#[cfg(test)]
mod tests;
