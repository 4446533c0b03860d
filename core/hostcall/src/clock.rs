//! Time, in microseconds: exact in a Lua number for 285 years.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::host::Call;
use crate::trace;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Microseconds on a clock that never goes back and begins anywhere.
pub fn monotonic() -> u64 {
    micros(START.elapsed())
}

/// Microseconds since 1970, by the system's clock.
pub fn wall() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, micros)
}

impl Call {
    /// Waits, at most until the run's deadline.
    pub async fn sleep(&self, duration: Duration) {
        let duration = duration.min(self.remaining());
        let what = || format!("clock.sleep {} ms", duration.as_millis());
        let work = async {
            tokio::time::sleep(duration).await;
            Ok(())
        };
        // Nothing can go wrong with waiting.
        let _ = self.traced(what, trace::done, work).await;
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
