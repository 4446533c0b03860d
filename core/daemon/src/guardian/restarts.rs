//! When to start a child again that died.

use std::time::Duration;

use model::time::Instant;

#[cfg(test)]
mod tests;

/// A child that dies this often within [`WINDOW`] can't be brought back in time to matter.
const DESPAIR: usize = 4;
/// How long a death counts.
const WINDOW: Duration = Duration::from_secs(10);
/// The longest pause between two starts.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Deaths of one child.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    deaths: Vec<Instant>,
    /// Pauses so far in a row of despair.
    pauses: u32,
}

/// What to do about a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Again {
    /// When to start it again.
    pub(super) at: Instant,
    /// Whether it died too often to be waited for.
    pub(super) in_despair: bool,
}

impl Restarts {
    /// The first deaths are answered at once, since a crash must not become a failover; then with growing pauses.
    pub(super) fn handle_death(&mut self, now: Instant) -> Again {
        self.deaths
            .retain(|at| now.since(*at) < WINDOW.max(PAUSE_MAX * 2 * u32::from(self.pauses > 0)));
        self.deaths.push(now);
        if self.deaths.len() < DESPAIR {
            self.pauses = 0;
            return Again {
                at: now,
                in_despair: false,
            };
        }
        let pause = Duration::from_secs(1 << self.pauses.min(5)).min(PAUSE_MAX);
        self.pauses += 1;
        Again {
            at: now + pause,
            in_despair: true,
        }
    }
}
