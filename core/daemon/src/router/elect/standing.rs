//! What the thread of elections has of the machine.

use std::io;

use linux::realtime;
use linux::share::Usual;
use model::plan::ElectionShare;

/// What it was born with, and what it was given last.
#[derive(Debug)]
pub(super) struct Standing {
    usual: Usual,
    given: Option<ElectionShare>,
}

impl Standing {
    /// Of the calling thread.
    pub(super) fn of_this_thread() -> io::Result<Self> {
        Ok(Self {
            usual: Usual::of_this_thread()?,
            given: None,
        })
    }

    /// Gives the calling thread what a plan wants. What is refused is said once, and elections go on without.
    pub(super) fn give(&mut self, wanted: &ElectionShare) {
        if self.given.as_ref() == Some(wanted) {
            return;
        }
        let had = self.given.replace(wanted.clone()).unwrap_or_default();
        let refused = match wanted.real_time {
            Some(priority) => {
                let entered = realtime::enter(priority, wanted.real_time_limit);
                if entered.is_ok() {
                    tracing::info!(priority, "elections run in real time");
                }
                entered
            }
            None => {
                tracing::info!("elections run without real time, as configured");
                realtime::leave()
            }
        };
        if let Err(error) = refused {
            tracing::warn!(
                error,
                "elections run without real time: adverts may be late under load"
            );
        }
        if had.share != wanted.share
            && let Err(error) = self.usual.give_this_thread(&wanted.share)
        {
            tracing::warn!(error, "elections share the machine with others as before");
        }
    }
}
