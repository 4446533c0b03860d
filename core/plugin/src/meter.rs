//! How much processor time a run has used. A guest that waits uses none, one that spins is stopped: by whoever asks
//! [`pace`] from inside it, which Luau's interrupt and wasmtime's epoch callback do.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::ticker;

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

#[derive(Clone, Copy)]
struct Slice {
    /// Of the thread's processor clock.
    began: Duration,
    left: Duration,
    tick: u64,
    stopped: bool,
}

thread_local! {
    static SLICE: Cell<Option<Slice>> = const { Cell::new(None) };
}

/// Asked often. Looks at the clock only when a tick has gone by since the last time.
pub(crate) fn pace() -> Pace {
    let Some(mut slice) = SLICE.get() else {
        return Pace::Go;
    };
    if slice.stopped {
        // Raised again and again until the run has ended: a guest that catches it gains nothing.
        return Pace::Stop;
    }
    let tick = ticker::now();
    if tick == slice.tick {
        return Pace::Go;
    }
    slice.tick = tick;
    slice.stopped = thread_time().saturating_sub(slice.began) >= slice.left;
    SLICE.set(Some(slice));
    if slice.stopped { Pace::Stop } else { Pace::Yield }
}

/// Runs `work` with a bound on its processor time. Not a future: for loading code.
pub(crate) fn bounded<T>(limit: Duration, work: impl FnOnce() -> T) -> T {
    let mut left = limit;
    slice(&mut left, work)
}

/// A run with a bound on its processor time.
pub(crate) struct Metered<F> {
    left: Duration,
    work: Pin<Box<F>>,
}

impl<F: Future> Metered<F> {
    pub(crate) fn new(limit: Duration, work: F) -> Self {
        Self {
            left: limit,
            work: Box::pin(work),
        }
    }
}

impl<F: Future> Future for Metered<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.get_mut();
        let work = &mut this.work;
        slice(&mut this.left, || work.as_mut().poll(cx))
    }
}

fn slice<T>(left: &mut Duration, work: impl FnOnce() -> T) -> T {
    let _running = ticker::Running::begin();
    let began = thread_time();
    let stopped = left.is_zero();
    let outer = SLICE.replace(Some(Slice {
        began,
        left: *left,
        tick: ticker::now(),
        stopped,
    }));
    let result = work();
    SLICE.set(outer);
    *left = left.saturating_sub(thread_time().saturating_sub(began));
    result
}

fn thread_time() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(tv_sec).unwrap_or(0);
    let nanoseconds = u32::try_from(tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanoseconds)
}
