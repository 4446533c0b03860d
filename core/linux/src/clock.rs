//! The house's clock, read from the kernel.

use model::time::{Instant, WallTime};
use rustix::time::{ClockId, Timespec, clock_gettime};

const NANOS: u64 = 1_000_000_000;

/// Now, on CLOCK_MONOTONIC.
pub fn now() -> Instant {
    Instant::from_nanos(nanos(clock_gettime(ClockId::Monotonic)))
}

/// What CLOCK_REALTIME shows. Nothing is timed by it.
pub fn wall() -> WallTime {
    WallTime::from_nanos(wall_nanos())
}

/// The same in nanoseconds, for the conversion of the kernel's packet timestamps.
pub(crate) fn wall_nanos() -> u64 {
    nanos(clock_gettime(ClockId::Realtime))
}

/// An instant as the kernel's timers take it.
pub(crate) fn timespec(at: Instant) -> Timespec {
    let nanos = at.as_nanos();
    Timespec {
        tv_sec: i64::try_from(nanos / NANOS).expect("2^64 ns are fewer than 2^63 s"),
        tv_nsec: i64::try_from(nanos % NANOS).expect("below one second"),
    }
}

/// Nanoseconds of a time that is not negative; 0 for one that is.
pub(crate) fn nanos(time: Timespec) -> u64 {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let rest = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(NANOS).saturating_add(rest)
}
