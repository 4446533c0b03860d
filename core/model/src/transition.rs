//! A change of state and its cause: one record feeds the log, the hooks, the status and the metrics, so that they
//! cannot disagree.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ids::{GroupName, InstanceName, LinkName, TrackerName};
use crate::time::Instant;

/// State of an instance or group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not started, or stopped (RFC 9568 §6.4.1, Initialize).
    Initialize,
    /// Listening (§6.4.2).
    Backup,
    /// Holding the addresses (§6.4.3; the RFC's Active Router).
    Master,
    /// Would take part, but something it needs is missing.
    Fault,
}

impl State {
    /// The operator's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Initialize => "Initialize",
            Self::Backup => "Backup",
            Self::Master => "Master",
            Self::Fault => "Fault",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One change of one instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transition {
    /// Instance.
    pub instance: InstanceName,
    /// Its group, which moves with it.
    pub group: Option<GroupName>,
    /// Before.
    pub from: State,
    /// After.
    pub to: State,
    /// Why.
    pub cause: Cause,
    /// Effective priority at that moment.
    pub priority: u8,
    /// When it was decided.
    pub at: Instant,
}

/// Why an instance changed its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Cause {
    /// Everything it needs is there.
    Ready,
    /// It owns the address and is ready (§6.4.1).
    Owner,
    /// The Master was not heard for this long (§6.4.2).
    MasterSilent {
        /// Since the last advert that counted.
        silence: Duration,
    },
    /// No Master was heard since the start.
    NoMaster,
    /// The Master said that it leaves (priority 0).
    MasterLeft {
        /// Who left.
        master: IpAddr,
    },
    /// A Master of lower priority was heard and is replaced.
    Preempts {
        /// Who.
        master: IpAddr,
        /// Its priority.
        priority: u8,
    },
    /// A better Master was heard.
    Yields {
        /// Who.
        master: IpAddr,
        /// Its priority.
        priority: u8,
    },
    /// Something it needs is missing.
    Faults(Vec<Fault>),
    /// Its group moved.
    Group(GroupName),
    /// The operator stops the daemon.
    Stopped,
    /// The operator took the instance out of the configuration.
    Removed,
    /// A restarted router goes on where its predecessor was.
    Adopted,
    /// It was Master and slept for longer than its peers wait, so one of them may be Master now.
    Stalled {
        /// Since its last advert.
        silence: Duration,
    },
}

/// Something an instance needs and has not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// The interface does not exist.
    LinkMissing(LinkName),
    /// The interface is down or has no carrier.
    LinkDown(LinkName),
    /// The interface has no address to send from.
    NoSource(LinkName),
    /// It is to speak by unicast, and nobody is named to speak to.
    NoPeers,
    /// Its own device cannot be made.
    Device(LinkName),
    /// Its own device is being made.
    DevicePending(LinkName),
    /// A tracker failed.
    Tracker(TrackerName),
    /// A tracker has not answered yet.
    TrackerPending(TrackerName),
    /// The interface is up, and is tracked in reverse.
    LinkUp(LinkName),
    /// The address that adverts are to come from is not on the interface.
    SourceGone(LinkName, IpAddr),
    /// A tracker is good, and is tracked in reverse.
    TrackerGood(TrackerName),
    /// A file says a number that is a Fault.
    TrackerNumber(TrackerName, i32),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkMissing(link) => write!(f, "interface {link} does not exist"),
            Self::LinkDown(link) => write!(f, "interface {link} is down"),
            Self::NoSource(link) => write!(f, "interface {link} has no address to send from"),
            Self::NoPeers => write!(f, "no unicast peer is named"),
            Self::Device(name) => write!(f, "device {name} cannot be made"),
            Self::DevicePending(name) => write!(f, "device {name} is being made"),
            Self::Tracker(name) => write!(f, "tracker {name} failed"),
            Self::TrackerPending(name) => write!(f, "tracker {name} has not answered yet"),
            Self::LinkUp(link) => write!(f, "interface {link} is up"),
            Self::SourceGone(link, source) => write!(f, "interface {link} has not the address {source}"),
            Self::TrackerGood(name) => write!(f, "tracker {name} is good"),
            Self::TrackerNumber(name, number) => write!(f, "tracker {name} says {number}"),
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::Owner => f.write_str("it owns the address"),
            Self::MasterSilent { silence } => write!(f, "the Master was silent for {silence:.1?}"),
            Self::NoMaster => f.write_str("no Master was heard"),
            Self::MasterLeft { master } => write!(f, "{master} left (priority 0)"),
            Self::Preempts { master, priority } => {
                write!(f, "preempts {master}, whose priority is {priority}")
            }
            Self::Yields { master, priority } => {
                write!(f, "yields to {master}, whose priority is {priority}")
            }
            Self::Faults(faults) => {
                for (n, fault) in faults.iter().enumerate() {
                    if n > 0 {
                        f.write_str("; ")?;
                    }
                    fault.fmt(f)?;
                }
                Ok(())
            }
            Self::Group(group) => write!(f, "its group {group} moved"),
            Self::Stopped => f.write_str("stopped"),
            Self::Removed => f.write_str("taken out of the configuration"),
            Self::Adopted => f.write_str("adopted after a restart"),
            Self::Stalled { silence } => {
                write!(f, "it sent nothing for {silence:.1?}, longer than its peers wait")
            }
        }
    }
}
