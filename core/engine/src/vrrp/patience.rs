//! How long adverts may wait in their socket. Where hundreds of virtual routers speak, each packet that is fetched by
//! itself costs a wake-up, and those that gather for a moment cost one together. They are judged by the kernel's
//! stamps, so that only what follows from them comes later.

use std::time::Duration;

use super::Election;
use super::instance::{Instance, Phase};
use super::timer;

/// Longer is not worth more.
const LONGEST: Duration = Duration::from_millis(1);

impl Election {
    /// How long adverts may be left where they are, so that nothing that is due because of one is late by much.
    pub fn patience(&self) -> Duration {
        let each = self.instances.iter().filter_map(Instance::patience);
        each.fold(LONGEST, Duration::min)
    }
}

impl Instance {
    fn patience(&self) -> Option<Duration> {
        match self.phase {
            Phase::Initialize | Phase::Fault => None,
            // The soonest that can follow: to take over a Skew_Time after a farewell, by the time of its stamp.
            Phase::Backup(backup) => {
                let learned = self.master_interval(backup.learned);
                Some(timer::skew(self.plan.version, self.priority, learned) / 2)
            }
            // To yield, or to answer: a small part of what two Masters have in common anyway.
            Phase::Master(_) => Some(self.interval() / 16),
        }
    }
}
