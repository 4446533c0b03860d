//! Claims about what did not happen.

use std::time::Instant;

use lab::Bellwether;
use model::transition::State;

/// What an instance was like at one moment, to tell later that it never moved.
pub(crate) struct Still {
    instance: String,
    state: State,
    at: Instant,
}

impl Still {
    /// Remembers it.
    pub(crate) fn watch(daemon: &Bellwether, instance: &str) -> Self {
        let found = daemon
            .instance(instance)
            .expect("it answers before anything happens to it");
        Self {
            instance: instance.to_owned(),
            state: found.state,
            at: Instant::now(),
        }
    }

    /// It has been in that state ever since: it has been there for at least as long as that is ago.
    #[track_caller]
    pub(crate) fn holds(&self, daemon: &Bellwether) {
        let passed = self.at.elapsed().as_secs_f64();
        let found = daemon.instance(&self.instance).expect("it answers");
        assert_eq!(found.state, self.state, "{}: {}", self.instance, found.cause);
        assert!(
            found.since_s >= passed,
            "{} moved {} s ago: {}",
            self.instance,
            found.since_s,
            found.cause
        );
    }
}
