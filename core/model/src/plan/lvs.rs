//! Balanced services, their real servers and how these are checked.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::hook::CommandPlan;
use super::via::Via;
use crate::ids::{InstanceName, PluginName};
use crate::ipvs::{DestinationKey, Forward, ServiceKey, ServiceRow, SyncAttributes, Timeouts};
use crate::value::Parameters;

/// A virtual server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServicePlan {
    /// Row of the kernel's table, identity included.
    pub row: ServiceRow,
    /// Real servers; no two with one key.
    pub servers: Vec<ServerPlan>,
    /// When the service counts as up.
    pub quorum: QuorumPlan,
    /// Takes all traffic while the quorum is lost.
    pub sorry: Option<SorryPlan>,
    /// A server that is taken out by the operator gets no new connections and keeps the old ones for this long at
    /// most. `None` takes it out at once.
    pub drain: Option<Duration>,
    /// Checks sleep while this instance is not Master (`ha_suspend`).
    pub suspend: Option<InstanceName>,
}

/// What IPVS has once for the whole node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IpvsPlan {
    /// Time-outs of connections; put back at a stop.
    pub timeouts: Timeouts,
    /// Sysctls by their names below `net.ipv4.vs`; put back when they are no longer asked for.
    pub sysctls: BTreeMap<String, i64>,
    /// Connections are told to other directors.
    pub sync: Option<SyncPlan>,
}

/// Which sync daemon runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SyncPlan {
    /// How it speaks.
    pub attributes: SyncAttributes,
    /// It is master while this instance is, and backup otherwise. Both at once when absent.
    pub follow: Option<InstanceName>,
}

impl ServicePlan {
    /// Identity of the service.
    pub fn key(&self) -> &ServiceKey {
        &self.row.key
    }
}

/// When a service has enough servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuorumPlan {
    /// Sum of the weights of good servers that is needed; at least 1.
    pub needed: u32,
    /// Up at `needed` + this, down below `needed` - this.
    pub hysteresis: u32,
    /// Run when the quorum is gained.
    pub up: Option<CommandPlan>,
    /// Run when the quorum is lost.
    pub down: Option<CommandPlan>,
    /// Run `down` notifiers at a graceful stop as well.
    pub omega: bool,
}

impl Default for QuorumPlan {
    fn default() -> Self {
        Self {
            needed: 1,
            hysteresis: 0,
            up: None,
            down: None,
            omega: false,
        }
    }
}

/// The server of last resort. It is not checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SorryPlan {
    /// Address and port.
    pub key: DestinationKey,
    /// How packets reach it.
    pub forward: Forward,
    /// It keeps its row with weight 0 while the service has its quorum.
    pub inhibit: bool,
}

/// A real server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerPlan {
    /// Address and port.
    pub key: DestinationKey,
    /// How packets reach it.
    pub forward: Forward,
    /// Weight while it is good.
    pub weight: u32,
    /// Connections above which it is given none; 0 for no bound.
    pub upper_threshold: u32,
    /// Connections below which it is given some again; 0 for the kernel's default.
    pub lower_threshold: u32,
    /// A failed server keeps its row with weight 0.
    pub inhibit_on_failure: bool,
    /// Counts as failed until its first success.
    pub starts_down: bool,
    /// A server without checks is always good.
    pub checks: Vec<CheckPlan>,
    /// So many of them must pass; all when absent.
    pub needed: Option<u32>,
    /// From its recovery on its weight grows for this long.
    pub slow_start: Option<Duration>,
    /// It is asked for only while the others have lost the quorum, to which it does not count.
    pub backup: bool,
    /// Run when it becomes good.
    pub up: Option<CommandPlan>,
    /// Run when it fails.
    pub down: Option<CommandPlan>,
}

/// A check: which plugin is asked what, how often, and what its answers are worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckPlan {
    /// The plugin that is asked.
    pub plugin: PluginName,
    /// Handed to the plugin as they are.
    pub parameters: Parameters,
    /// Asked instead of the real server's own address.
    pub address: Option<IpAddr>,
    /// Asked instead of the real server's own port.
    pub port: Option<u16>,
    /// By which way its packets leave.
    pub via: Via,
    /// From one question to the next.
    pub interval: Duration,
    /// The first question comes at any time within this; soon when absent.
    pub warmup: Option<Duration>,
    /// From a failure that does not count yet to the next question; `interval` when absent.
    pub retry_interval: Option<Duration>,
    /// Longest time for one answer.
    pub timeout: Duration,
    /// Successes in a row that make it good.
    pub rise: u32,
    /// Failures in a row that make it bad.
    pub fall: u32,
    /// What an answer of "unknown" counts as.
    pub on_unknown: OnUnknown,
    /// A success carries the server's weight (`misc_dynamic`).
    pub sets_weight: bool,
}

/// What it means that a plugin could not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OnUnknown {
    /// Nothing: the last verdict stands.
    Keep,
    /// The same as a failure.
    Fail,
}
