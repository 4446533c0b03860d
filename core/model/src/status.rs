//! What the daemon says of itself: the answer of the control socket, stable for scripts. Mirrors of the engine's own
//! types, so that these may change.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::declared::Declared;
use crate::ipvs::{Counters, ServerCounters};
use crate::transition::State;

/// Everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DaemonStatus {
    /// Version of the program.
    pub version: String,
    /// Name of this node.
    pub node: String,
    /// Seconds since this router began.
    pub uptime_s: u64,
    /// The configuration that is served.
    pub configuration: ConfigurationStatus,
    /// Elections.
    pub instances: Vec<InstanceStatus>,
    /// Groups.
    pub groups: Vec<GroupStatus>,
    /// What is held while Master.
    #[serde(default)]
    pub resources: Vec<ResourceStatus>,
    /// Trackers.
    pub trackers: Vec<TrackerStatus>,
    /// The kernel's balancer.
    pub ipvs: IpvsStatus,
    /// Balanced services.
    pub services: Vec<ServiceStatus>,
    /// Plugins.
    pub plugins: Vec<PluginStatus>,
    /// Whether the worker answers.
    pub worker_up: bool,
}

/// The configuration that is served.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ConfigurationStatus {
    /// Files and directories it was read from.
    pub paths: Vec<String>,
    /// How many times it was changed since the start.
    pub generation: u32,
    /// Why the last reading was refused, as it was printed.
    pub last_error: Option<String>,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// Name.
    pub name: String,
    /// Interface.
    pub interface: String,
    /// Virtual router identifier.
    pub vrid: u8,
    /// 2 or 3.
    pub version: u8,
    /// State.
    pub state: State,
    /// Seconds in this state.
    pub since_s: f64,
    /// Cause of the last change, in words.
    pub cause: String,
    /// Priority as configured.
    pub base_priority: u8,
    /// Priority with all trackers counted.
    pub priority: u8,
    /// What each tracked thing adds to the base now; their sum with it, inside 1 to 254, is the priority.
    #[serde(default)]
    pub contributions: Vec<ContributionStatus>,
    /// What it needs and has not.
    #[serde(default)]
    pub faults: Vec<String>,
    /// Who is Master, as last heard; our own source while we are.
    pub master: Option<IpAddr>,
    /// Virtual addresses.
    pub addresses: Vec<String>,
    /// Routes and rules that come and go with it, as iproute2 would have them.
    #[serde(default)]
    pub entries: Vec<String>,
    /// Own advertisement interval in milliseconds.
    pub advert_interval_ms: u32,
    /// Counters by name.
    pub counters: BTreeMap<String, u64>,
}

/// What a tracked thing adds to a priority.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContributionStatus {
    /// The thing, as in `interface eth1` or `tracker haproxy`.
    pub of: String,
    /// Added to the base.
    pub by: i32,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupStatus {
    /// Name.
    pub name: String,
    /// State of all its members.
    pub state: State,
    /// Members.
    pub members: Vec<String>,
    /// What its members need and have not, each with the member that needs it.
    #[serde(default)]
    pub faults: Vec<String>,
}

/// Something that an instance or group holds while it is Master.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceStatus {
    /// Whose, as in `instance web`.
    pub of: String,
    /// Plugin.
    pub plugin: String,
    /// Whether it has to be held now.
    pub wanted: bool,
    /// Whether it is, as last seen or made; absent when that is not known.
    pub held: Option<bool>,
    /// The step that is under way: `verify`, `apply` or `undo`.
    pub step: Option<String>,
    /// Steps that failed in a row.
    pub failures: u32,
    /// Why the last of them failed.
    pub error: Option<String>,
    /// Times that it was made so.
    pub applied: u64,
    /// Times that it was made so no longer.
    pub undone: u64,
    /// Times that somebody else took it while it had to be held.
    pub lost: u64,
}

/// A tracker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackerStatus {
    /// Name.
    pub name: String,
    /// `pending`, `good`, `failed`, or a number.
    pub state: String,
    /// Words of the last verdict.
    pub reason: String,
}

/// The kernel's balancer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IpvsStatus {
    /// Whether the table can be written. True when no service is configured.
    pub available: bool,
    /// Why not, with the cure.
    pub message: Option<String>,
    /// Messages sent since the start.
    pub messages: u64,
    /// Times that the kernel's table was found changed by somebody else and repaired.
    pub repairs: u64,
    /// Sync daemons that run for us, as in `master on eth1, id 51`.
    #[serde(default)]
    pub sync: Vec<String>,
    /// What in this kernel's settings keeps traffic from flowing, with the cure.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Sysctls below `net.ipv4.vs` as they are.
    #[serde(default)]
    pub sysctls: BTreeMap<String, i64>,
    /// Times that the whole table was dumped.
    #[serde(default)]
    pub dumps: u64,
    /// Times that /proc/net/ip_vs was read.
    #[serde(default)]
    pub glances: u64,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceStatus {
    /// Identity, as in `tcp 192.0.2.1:80`.
    pub service: String,
    /// Whether it has its quorum.
    pub up: bool,
    /// Kernel scheduler.
    pub scheduler: String,
    /// Real servers.
    pub servers: Vec<ServerStatus>,
    /// Its counters, at most some seconds old; absent when the kernel gave none.
    #[serde(default)]
    pub traffic: Option<Counters>,
    /// Times that it gained or lost its quorum since the start.
    #[serde(default)]
    pub changes: u64,
}

/// A real server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerStatus {
    /// Address and port.
    pub server: String,
    /// Whether it is good.
    pub up: bool,
    /// Weight in the table; absent when it is not in it.
    pub weight: Option<u32>,
    /// Its checks.
    pub checks: Vec<CheckStatus>,
    /// It is in the table only while the others have lost the quorum.
    #[serde(default)]
    pub backup: bool,
    /// The operator took it out, until it is enabled.
    #[serde(default)]
    pub held: bool,
    /// It leaves its service; absent when it does not.
    #[serde(default)]
    pub draining: Option<DrainStatus>,
    /// Its counters, at most some seconds old; absent when the kernel gave none.
    #[serde(default)]
    pub traffic: Option<ServerCounters>,
    /// Times that it became good or failed since the start.
    #[serde(default)]
    pub changes: u64,
}

/// How far a server has left its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrainStatus {
    /// Established connections as last seen; absent before the first look.
    pub active: Option<u32>,
    /// Seconds until it goes whatever happens.
    pub seconds_left: u64,
}

/// A check of a real server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckStatus {
    /// Plugin.
    pub plugin: String,
    /// Whether it counts as good.
    pub up: bool,
    /// Words of the last verdict.
    pub reason: String,
    /// Generation of the plugin that gave it.
    pub generation: u32,
    /// Milliseconds that it took.
    pub took_ms: f64,
    /// Verdicts so far.
    pub verdicts: u64,
    /// Those that were not "up".
    #[serde(default)]
    pub failures: u64,
}

/// A plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginStatus {
    /// Name.
    pub name: String,
    /// `lua` or `wasm`.
    pub runtime: String,
    /// `embedded`, or the file.
    pub source: String,
    /// Generation that serves; 0 when none ever loaded.
    pub generation: u32,
    /// Why the newest file was not taken, with file and line.
    pub error: Option<String>,
    /// The last versions of its code that served, oldest first.
    #[serde(default)]
    pub versions: Vec<VersionStatus>,
    /// How often new code was taken back, for it failed in its first calls.
    #[serde(default)]
    pub rollbacks: u64,
    /// Calls so far.
    pub calls: u64,
    /// Calls that ended in a fault.
    pub faults: u64,
    /// What it counts and measures, by name.
    #[serde(default)]
    pub metrics: BTreeMap<String, Metric>,
    /// Parameters that the code which serves declares; absent when it takes any.
    #[serde(default)]
    pub declared: Option<Vec<Declared>>,
}

/// A version of a plugin's code that serves, or did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VersionStatus {
    /// Its number.
    pub generation: u32,
    /// The first 12 hexadecimal digits of its file's SHA-256.
    pub digest: String,
    /// When it began to serve, in seconds since 1970.
    pub at: u64,
    /// How long it was compiled and tried before that, in milliseconds.
    pub took_ms: f64,
    /// What is thought of it.
    pub standing: Standing,
}

/// What is thought of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It serves, and its first calls decide whether it stays.
    OnTrial,
    /// It serves and is trusted.
    Good,
    /// Another serves.
    Replaced,
    /// It served, failed in its first calls and was taken back.
    RolledBack,
}

impl Standing {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::OnTrial => "on trial",
            Self::Good => "good",
            Self::Replaced => "replaced",
            Self::RolledBack => "rolled back",
        }
    }
}

/// A number of a plugin's own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// Never falls.
    Counter(f64),
    /// Goes up and down.
    Gauge(f64),
}
