//! How our processes share the machine with others.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Real-time priority of elections where nothing is written: above the kernel's own threaded interrupts is not wanted.
pub const REAL_TIME: u8 = 20;

/// Where our processes are, and each one's share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachinePlan {
    /// The network namespace, by the name that `ip netns` gives it, that all of the daemon is in from its start; where
    /// it was started when `None`.
    pub namespace: Option<String>,
    /// The thread that holds elections.
    pub elections: ElectionShare,
    /// The worker, which runs plugins.
    pub checks: Share,
}

/// The share of elections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElectionShare {
    /// Priority in SCHED_RR, 1 to 99; as everybody else when `None`.
    pub real_time: Option<u8>,
    /// Real time in one stretch, without a wait, after which the kernel ends the router (RLIMIT_RTTIME,
    /// getrlimit(2)); it does not when `None`.
    pub real_time_limit: Option<Duration>,
    /// Beside real time.
    pub share: Share,
}

impl Default for ElectionShare {
    fn default() -> Self {
        Self {
            real_time: Some(REAL_TIME),
            real_time_limit: None,
            share: Share::default(),
        }
    }
}

/// What any process may be given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// Nice value, -20 to 19 (setpriority(2)); left as it is when `None`.
    pub nice: Option<i8>,
    /// The processors it runs on, by number; all that it may when empty.
    pub processors: BTreeSet<u16>,
}
