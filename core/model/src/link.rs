//! What crosses the border between two of our processes. Each frame is bounded and checked where it arrives: a
//! compromised worker can lie about a verdict, and nothing more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::ids::{ExecId, HookId, PluginName, SocketId, StepId};
use crate::net::Family;
use crate::plan::{ExecGrant, FifoPlan, Phase, PluginPlan, Share, Via};
use crate::probe::{Ask, Verdict};
use crate::status::PluginStatus;
use crate::time::Instant;
use crate::transition::State;
use crate::value::Parameters;

/// Largest frame, in bytes. A longer one ends the link. A plugin's code has to fit.
pub const FRAME_MAX: usize = 16 << 20;

/// Router to worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToWorker {
    /// All plugins there are to be from now on. Those from files wait for their code.
    Plugins(Vec<PluginPlan>),
    /// What a plugin's file holds now. The router reads it, so that the worker needs no files.
    Code {
        /// Plugin.
        plugin: PluginName,
        /// The bytes, or why they could not be read.
        code: Result<Vec<u8>, String>,
    },
    /// What a plugin's file holds now, and is not to be tried: an earlier worker took it back. What it gave its place to
    /// is told before.
    Condemned {
        /// Plugin.
        plugin: PluginName,
        /// The bytes.
        code: Vec<u8>,
        /// Why it was taken back, in words.
        why: String,
    },
    /// What a plugin's secrets are now, by name, or why one cannot be read.
    Secrets {
        /// Plugin.
        plugin: PluginName,
        /// Its secrets.
        values: BTreeMap<String, Result<Secret, String>>,
    },
    /// All instances as they are now, in the order of the configuration.
    Instances(Vec<InstanceFacts>),
    /// A question, boxed as the largest of all. Answered by [`FromWorker::Verdict`].
    Ask(Box<Ask>),
    /// A hook to call. Answered by [`FromWorker::HookDone`].
    Hook(HookCall),
    /// A step of a resource to take. Answered by [`FromWorker::StepDone`].
    Step(StepCall),
}

/// A secret. Its `Debug` tells nothing.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What plugins may know of an instance: as it was at its last transition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceFacts {
    /// Name.
    pub name: String,
    /// State.
    pub state: State,
    /// State it left.
    pub previous: State,
    /// Why, in words.
    pub cause: String,
    /// When.
    pub since: Instant,
    /// Effective priority then.
    pub priority: u8,
    /// Interface.
    pub interface: String,
    /// Virtual addresses.
    pub addresses: Vec<IpNet>,
    /// Unicast peers.
    pub peers: Vec<IpAddr>,
}

/// Worker to router.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromWorker {
    /// An answer.
    Verdict(Verdict),
    /// A hook ended.
    HookDone {
        /// Which.
        id: HookId,
        /// What went wrong, in words.
        result: Result<(), String>,
    },
    /// A step of a resource ended.
    StepDone {
        /// Which.
        id: StepId,
        /// Whether the resource is so now, or what went wrong, in words.
        result: Result<bool, String>,
    },
    /// All plugins as they are now; sent at each change.
    Plugins(Vec<PluginStatus>),
}

/// A hook to call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HookCall {
    /// Ties the result to it.
    pub id: HookId,
    /// Plugin.
    pub plugin: PluginName,
    /// As configured.
    pub parameters: Parameters,
    /// Longest time it may take.
    pub timeout: Duration,
    /// What happened.
    pub event: HookEvent,
}

/// A step of a resource to take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepCall {
    /// Ties the result to it.
    pub id: StepId,
    /// Plugin.
    pub plugin: PluginName,
    /// As configured.
    pub parameters: Parameters,
    /// Longest time it may take.
    pub timeout: Duration,
    /// What is to be done.
    pub step: Step,
    /// The last transition of its instance or group, with the addresses as they are configured now.
    pub event: HookEvent,
}

/// What a plugin can be asked to do about a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Say whether it is so.
    Verify,
    /// Make it so.
    Apply,
    /// Make it so no longer.
    Undo,
}

impl Step {
    /// The name of the plugin's function.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Verify => "verify",
            Self::Apply => "apply",
            Self::Undo => "undo",
        }
    }
}

/// What a hook or a resource is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HookEvent {
    /// Whether `name` is a group; an instance otherwise.
    pub is_group: bool,
    /// Instance or group.
    pub name: String,
    /// State it entered.
    pub phase: Phase,
    /// State it left.
    pub previous: State,
    /// Why, in words.
    pub cause: String,
    /// Effective priority; 0 for a group.
    pub priority: u8,
    /// Interface; empty for a group.
    pub interface: String,
    /// Virtual addresses.
    pub addresses: Vec<IpNet>,
}

/// Router or worker to guardian.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToGuardian {
    /// The router (only it): what holds for commands from now on.
    Granted {
        /// All that the worker may ask for.
        commands: Vec<ExecGrant>,
        /// Variables of the environment that hold plugins' secrets: no command gets them.
        hidden: Vec<String>,
        /// The ways that sockets of checks may leave by.
        ways: BTreeSet<Via>,
    },
    /// The router (only it): it has a configuration and serves it.
    Ready,
    /// The router (only it): the plan that it serves, encoded, for a successor that finds the configuration broken.
    /// The guardian keeps the last one and does not look into it.
    Serving(Vec<u8>),
    /// The router (only it): what the worker is to have of the machine.
    WorkerShare(Share),
    /// The router (only it): the named pipes there are to be from now on. Each that can be made is answered by
    /// [`FromGuardian::Fifo`].
    Fifos(Vec<FifoPlan>),
    /// The router (only it): what to run at the very end.
    Last(Option<ExecRequest>),
    /// Run a command. Answered by [`FromGuardian::Done`].
    Exec(ExecRequest),
    /// Open a socket, not connected yet. Answered by [`FromGuardian::Socket`].
    Socket(SocketRequest),
}

/// Guardian to router or worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FromGuardian {
    /// A command ended, or was refused (in words).
    Done {
        /// Which.
        id: ExecId,
        /// How.
        result: Result<ExecOutcome, String>,
    },
    /// A socket comes with this frame, as a file descriptor; or it was refused (in words), and none comes.
    Socket {
        /// Which.
        id: SocketId,
        /// Whether it comes.
        result: Result<(), String>,
    },
    /// A new link to the other process comes with this frame, as a file descriptor.
    Peer,
    /// The writing end of this named pipe comes with this frame, as a file descriptor.
    Fifo(PathBuf),
    /// The operator asks for a new reading of the configuration (SIGHUP).
    Reload,
    /// The operator asks to leave gracefully (SIGTERM).
    Stop,
}

/// A command to run, without a shell, in a process group of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecRequest {
    /// Ties the outcome to it.
    pub id: ExecId,
    /// Program and arguments. The worker's must be granted; the router's are the operator's own words.
    pub argv: Vec<String>,
    /// Who it runs as: user and group by name; the daemon's own when absent. Of the worker's requests this is
    /// ignored: the grant says it.
    pub user: Option<(String, Option<String>)>,
    /// Its group is ended after this long.
    pub timeout: Duration,
    /// Bytes kept of its standard output; the rest is read and dropped.
    pub output_max: u32,
    /// The named pipe that it reads: it is ended when that is to be another, or none, and with the router.
    pub reads: Option<PathBuf>,
}

/// A socket to open for a check that leaves by a way of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketRequest {
    /// Ties the socket to it.
    pub id: SocketId,
    /// What it carries.
    pub kind: SocketKind,
    /// Whom it is to reach.
    pub family: Family,
    /// What it is bound to; one of the ways that are granted.
    pub via: Via,
}

/// What a socket carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SocketKind {
    /// A connection.
    Tcp,
    /// Datagrams.
    Udp,
    /// Echo requests and their replies (icmp(7), IPPROTO_ICMP of a datagram socket).
    Ping,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecOutcome {
    /// Exit code, when it exited.
    pub code: Option<i32>,
    /// Signal, when one ended it.
    pub signal: Option<i32>,
    /// Whether it was ended for its time.
    pub timed_out: bool,
    /// Beginning of its standard output.
    pub stdout: Vec<u8>,
    /// How long it ran.
    pub took: Duration,
}
