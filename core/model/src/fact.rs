//! What happened outside the engine.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::effect::SendAdvert;
use crate::ids::{InstanceName, LinkIndex, LinkName, OrderId};
use crate::net::Mac;
use crate::plan::{DeviceKind, RouterKey};
use crate::route::Entry;
use crate::time::Instant;
use crate::transition::State;

/// A VRRP message as it came from an interface. Everything in it is hostile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Where it came in.
    pub link: LinkIndex,
    /// IP source.
    pub source: IpAddr,
    /// IP destination: the group, or one of our addresses.
    pub destination: IpAddr,
    /// TTL or hop limit; `None` when the kernel did not tell, which counts as wrong (VRRP-011).
    pub hop_limit: Option<u8>,
    /// What follows the IP header, by the IP header's own length: what `envelope` says, then the VRRP message.
    pub payload: &'a [u8],
    /// What stands before the message.
    pub envelope: Envelope,
    /// When the kernel had it, on our clock.
    pub received: Instant,
}

/// What stands between the IP header and the VRRP message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Envelope {
    /// Nothing: IP protocol 112.
    #[default]
    Bare,
    /// An authentication header: IP protocol 51, over IPv4 without options.
    Authenticated {
        /// The IP header's identification, which the authentication covers.
        identification: u16,
    },
}

/// An interface as it is now. Sent whole at each change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkFact {
    /// Kernel index.
    pub index: LinkIndex,
    /// Name.
    pub name: LinkName,
    /// Administratively up and with carrier.
    pub up: bool,
    /// Administratively up, whatever the carrier says.
    pub enabled: bool,
    /// Link-layer address.
    pub mac: Mac,
    /// Addresses on it in the kernel's order, tentative and failed ones left out.
    pub addresses: Vec<IpNet>,
    /// What it stands on, when it is of a kind that we make.
    pub device: Option<DeviceFact>,
}

/// A device on top of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceFact {
    /// The interface below it.
    pub over: LinkIndex,
    /// Kind.
    pub kind: DeviceKind,
    /// Who made it.
    pub maker: Maker,
}

/// Who made a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Maker {
    /// This daemon, or a predecessor of this process.
    Us,
    /// One of our kind that is dead.
    Dead,
    /// Somebody else.
    Other,
}

/// News about interfaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkNews {
    /// It exists and is like this.
    Is(LinkFact),
    /// It does not exist any more.
    Gone(LinkIndex),
}

/// How the kernel answered an order about what it has: addresses, routes, rules, devices, filters. What is already there when it is added, or
/// already gone when it is removed, is a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The order.
    pub order: OrderId,
    /// The kernel's refusal in words, with errno.
    pub result: Result<(), String>,
}

/// What is known of a tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TrackerState {
    /// No answer counted yet.
    Pending,
    /// Good.
    Good,
    /// Failed.
    Failed,
    /// A number, from a file.
    Number(i32),
}

/// What a router leaves of an instance for its successor, or for the guardian when there is none: enough to go on as
/// Master, and enough to leave for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Instance.
    pub instance: InstanceName,
    /// Of which virtual router: an instance that has other ones by now is another.
    pub router: RouterKey,
    /// Its state.
    pub state: State,
    /// Longest silence after which its peers still believe it is Master, in nanoseconds: its own interval times
    /// the number of adverts they may miss.
    pub patience_ns: u64,
    /// Priority-0 adverts, ready to be sent; empty unless Master.
    pub farewell: Vec<SendAdvert>,
    /// What it put on, in the order in which it came. Unless Master: what is still to go of that.
    pub held: Vec<Held>,
}

/// Everything that a router leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Legacy {
    /// Of each instance.
    pub instances: Vec<JournalEntry>,
    /// What is there whatever the elections say.
    pub statics: Vec<Held>,
    /// What nobody plans any more, and is still to go.
    pub orphans: Vec<Held>,
}

/// Something that was put into the kernel and is to be taken out again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Held {
    /// An address of an interface.
    Address(LinkIndex, IpNet),
    /// A route or a rule.
    Entry(Entry<LinkIndex>),
}
