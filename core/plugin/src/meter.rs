//! How much processor time a run has used. A guest that waits uses none, one that spins is stopped: by whoever asks
//! [`pace`] from inside it, which Luau's interrupt and wasmtime's epoch callback do.
//!
//! The thread's processor clock is exact, and a system call. A turn of a guest is mostly shorter than such a call, so
//! it is charged by the wall's clock, which is read without one and is never behind; the exact clock is asked where
//! the two could differ by something: after [`SHORT`].

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::ticker;

/// A turn below this is charged by the wall's clock: whoever is put off the processor meanwhile is wronged by no more.
const SHORT: Duration = Duration::from_millis(1);

/// What a guest that is on the processor is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Go on.
    Go,
    /// Give others a turn.
    Yield,
    /// Its time is used up.
    Stop,
}

/// A turn of a guest, from the last time that its account was settled.
#[derive(Clone, Copy)]
struct Slice {
    since: Instant,
    left: Duration,
    tick: u64,
}

/// What the thread's processor clock said, and when.
#[derive(Clone, Copy)]
struct Reading {
    at: Instant,
    cpu: Duration,
}

thread_local! {
    static SLICE: Cell<Option<Slice>> = const { Cell::new(None) };
    static READING: Cell<Option<Reading>> = const { Cell::new(None) };
}

/// Asked often. Looks at a clock only when a tick has gone by since the last time.
pub(crate) fn pace() -> Pace {
    let Some(mut slice) = SLICE.get() else {
        return Pace::Go;
    };
    if slice.left.is_zero() {
        // Raised again and again until the run has ended: a guest that catches it gains nothing.
        return Pace::Stop;
    }
    let tick = ticker::now();
    if tick == slice.tick {
        return Pace::Go;
    }
    slice.tick = tick;
    slice.settle();
    SLICE.set(Some(slice));
    if slice.left.is_zero() {
        Pace::Stop
    } else {
        Pace::Yield
    }
}

/// Runs `work` with a bound on its processor time. Not a future: for loading code.
pub(crate) fn bounded<T>(limit: Duration, work: impl FnOnce() -> T) -> T {
    let mut left = limit;
    slice(&mut left, work)
}

/// `work` with a bound on its processor time. It stays where its caller pinned it: moved into a future of ours it would
/// take its room twice.
pub(crate) fn metered<F: Future>(limit: Duration, mut work: Pin<&mut F>) -> impl Future<Output = F::Output> {
    let mut left = limit;
    poll_fn(move |cx| slice(&mut left, || work.as_mut().poll(cx)))
}

/// Guests take no turns within each other's: who is outside would be charged for both.
fn slice<T>(left: &mut Duration, work: impl FnOnce() -> T) -> T {
    let _running = ticker::Running::begin();
    let begun = Slice::begin(*left);
    let outer = SLICE.replace(Some(begun));
    let result = work();
    let mut slice = SLICE.replace(outer).unwrap_or(begun);
    slice.settle();
    *left = slice.left;
    result
}

impl Slice {
    fn begin(left: Duration) -> Self {
        let since = Instant::now();
        // What others used between a reading and now is charged to this one if it is put off the processor.
        let is_old = |reading: Reading| since.saturating_duration_since(reading.at) >= SHORT;
        if READING.get().is_none_or(is_old) {
            READING.set(Some(Reading {
                at: since,
                cpu: thread_time(),
            }));
        }
        Self {
            since,
            left,
            tick: ticker::now(),
        }
    }

    /// Takes from what is left what was used since the last time.
    fn settle(&mut self) {
        let now = Instant::now();
        let mut used = now.saturating_duration_since(self.since);
        if used >= SHORT {
            let cpu = thread_time();
            let before = READING.replace(Some(Reading { at: now, cpu }));
            used = before.map_or(used, |before| used.min(cpu.saturating_sub(before.cpu)));
        }
        self.since = now;
        self.left = self.left.saturating_sub(used);
    }
}

fn thread_time() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(tv_sec).unwrap_or(0);
    let nanoseconds = u32::try_from(tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanoseconds)
}

#[cfg(test)]
mod tests;
