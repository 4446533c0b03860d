//! Questions to plugins and their answers.

use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{AskId, Generation, PluginName, TrackerName};
use crate::ipvs::{DestinationKey, ServiceKey};
use crate::plan::Via;
use crate::value::Parameters;

/// What is being checked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// A real server, by one of its checks.
    Server {
        /// Service.
        service: ServiceKey,
        /// Real server.
        server: DestinationKey,
        /// Which of the server's checks, counted from 0 in configured order.
        check: u16,
    },
    /// This node.
    Tracker(TrackerName),
}

/// One question, complete: whoever answers needs to remember nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ask {
    /// Ties the answer to it.
    pub id: AskId,
    /// What is being checked.
    pub subject: Subject,
    /// Who is asked.
    pub plugin: PluginName,
    /// Where to look; trackers have none.
    pub target: Option<SocketAddr>,
    /// By which way its packets leave.
    pub via: Via,
    /// As configured.
    pub parameters: Parameters,
    /// Longest time for an answer, from when the worker has the question.
    pub timeout: Duration,
}

/// What a plugin says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Status {
    /// It is well.
    Up,
    /// It is not.
    Down,
    /// The plugin could not tell: it failed, was stopped, or was denied something.
    Unknown,
}

impl Status {
    /// The operator's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Unknown => "unknown",
        }
    }
}

/// One answer. Its strings are cut and its numbers checked where it enters the house.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The question.
    pub ask: AskId,
    /// What the plugin says.
    pub status: Status,
    /// Why, in its words; at most [`REASON_MAX`] bytes.
    pub reason: String,
    /// Weight it proposes, 0..=65535.
    pub weight: Option<u32>,
    /// How long it took.
    pub took: Duration,
    /// Which version of the plugin answered; 0 when none did.
    pub generation: Generation,
}

/// Longest reason kept, in bytes.
pub const REASON_MAX: usize = 512;
/// Largest weight of a real server (IPVS keeps an int, keepalived allows 16 bits).
pub const WEIGHT_MAX: u32 = 65_535;
