//! The two intervals of RFC 9568 §6.1 and RFC 3768 §6.1, exact to the nanosecond.

use std::time::Duration;

use model::plan::Version;
use model::units::{Centis, Priority};

const NANOS_PER_CENTI: u64 = 10_000_000;
const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Skew_Time: the better the priority, the shorter. `active` is the Master's interval; version 2 does without it.
pub(super) fn skew(version: Version, priority: Priority, active: Centis) -> Duration {
    let whole = match version {
        // RFC 9568 §6.1: (((256 - Priority) * Active_Adver_Interval) / 256).
        Version::V3 => u64::from(active.get()) * NANOS_PER_CENTI,
        // RFC 3768 §6.1: ((256 - Priority) / 256), in seconds.
        Version::V2 => NANOS_PER_SECOND,
    };
    Duration::from_nanos((256 - u64::from(priority.get())) * whole / 256)
}

/// The Down interval: the silence after which a Master counts as gone. `adverts` is 3 in the RFCs.
pub(super) fn down(version: Version, priority: Priority, active: Centis, adverts: u8) -> Duration {
    active.as_duration() * u32::from(adverts.max(1)) + skew(version, priority, active)
}

/// How far apart two priorities must be for their routers' waits to differ by more than `delay`; 254 at most, where no
/// priorities are far enough apart.
pub(super) fn gap(interval: Centis, delay: Duration) -> u8 {
    let part = delay.as_nanos().saturating_mul(256) / interval.as_duration().as_nanos().max(1);
    u8::try_from(part.saturating_add(1)).unwrap_or(254).min(254)
}
