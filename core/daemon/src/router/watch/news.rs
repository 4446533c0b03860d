//! What the kernel told of files, kept until they are quiet: editors and package managers write in several steps.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Changed;

/// Files that are quiet for this long are looked at.
const QUIET: Duration = Duration::from_millis(100);
/// Files that are never quiet are looked at so often.
const LOUD: Duration = Duration::from_secs(1);

/// Changes that wait. Nobody is woken while there are none.
#[derive(Debug, Default)]
pub(super) struct News {
    waiting: Mutex<Waiting>,
    came: Notify,
}

#[derive(Clone, Copy, Debug, Default)]
struct Waiting {
    changed: Changed,
    /// When something changed last.
    last: Option<Instant>,
}

impl News {
    /// Notes a change. Does not wait, so that the thread that hears the kernel goes on hearing.
    pub(super) fn add(&self, changed: Changed) {
        if changed.is_nothing() {
            return;
        }
        let mut waiting = self.lock();
        waiting.changed = waiting.changed.or(changed);
        let is_first = waiting.last.replace(Instant::now()).is_none();
        drop(waiting);
        if is_first {
            self.came.notify_one();
        }
    }

    /// Waits for changes and then for quiet; all that changed until then. Dropped before its end it takes nothing.
    pub(super) async fn next(&self) -> Changed {
        let first = loop {
            if let Some(last) = self.lock().last {
                break last;
            }
            self.came.notified().await;
        };
        let mut last = first;
        loop {
            sleep_until((last + QUIET).min(first + LOUD)).await;
            let mut waiting = self.lock();
            match waiting.last {
                Some(again) if again > last && last + QUIET < first + LOUD => last = again,
                Some(_) | None => return std::mem::take(&mut *waiting).changed,
            }
        }
    }

    /// Each change is a few words.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
