//! How many adverts an opponent can draw from us.

use std::time::Duration;

use model::time::Instant;

/// Answers at once, in the worst case; then one each interval.
const DEPTH: u32 = 3;

/// A token bucket, kept as the instant at which it will be full again (VRRP-136).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    pub(super) full_at: Instant,
}

impl Bucket {
    /// Takes a token if there is one; one comes back each `interval`.
    pub(super) fn take(&mut self, interval: Duration, now: Instant) -> bool {
        let from = self.full_at.max(now);
        if from.since(now) > interval * (DEPTH - 1) {
            return false;
        }
        self.full_at = from + interval;
        true
    }
}
