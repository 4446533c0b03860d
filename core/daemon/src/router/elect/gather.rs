//! When packets may gather before they are read. One that comes alone is read at once; where they follow each other
//! closely, as with hundreds of virtual routers, the thread would wake for each of them.

use std::time::Duration;

use model::time::Instant;

/// Two turns that read something within so long are of one stream. No rest is longer.
const CLOSE: Duration = Duration::from_millis(1);

/// Below this a rest costs as much as it spares.
const SHORTEST: Duration = Duration::from_micros(50);

/// Finds streams of packets, and when their next ones are to be read.
#[derive(Debug, Default)]
pub(super) struct Gather {
    read_at: Option<Instant>,
    rest_until: Option<Instant>,
}

impl Gather {
    /// Takes that packets were read at `now`. `patience`, asked only in a stream: how long the next ones may wait.
    pub(super) fn handle_read(&mut self, now: Instant, patience: impl FnOnce() -> Duration) {
        let before = self.read_at.replace(now);
        if before.is_some_and(|before| now.since(before) < CLOSE) {
            let rest = patience().min(CLOSE);
            self.rest_until = (rest >= SHORTEST).then(|| now + rest);
        }
    }

    /// Until when sockets are to be left alone now.
    pub(super) fn take_rest(&mut self) -> Option<Instant> {
        self.rest_until.take()
    }
}

#[cfg(test)]
mod tests;
