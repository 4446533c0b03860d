//! Waiting for a state of the world.

use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

/// Long enough for any state on a busy machine; reaching it is a failure, never a measurement.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks `state` again and again until it gives `Ok`, and returns that. The last `Err` says what was there instead.
///
/// # Panics
/// When [`PATIENCE`] is over.
#[track_caller]
pub fn until<T, E: Display>(what: &str, mut state: impl FnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match state() {
            Ok(found) => return found,
            Err(other) if Instant::now() > deadline => {
                panic!("waited {PATIENCE:?} for {what}; last seen: {other}")
            }
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}
