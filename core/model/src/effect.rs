//! Orders of the engine: complete and inert. Who carries one out has nothing to ask.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::fact::TrackerState;
use crate::ids::{InstanceName, LinkIndex, LinkName, OrderId, PluginName, TrackerName};
use crate::ipvs::{Change, DestinationKey, ServiceKey, Settings};
use crate::link::StepCall;
use crate::net::{Family, Mac};
use crate::plan::{AddressOptions, CommandPlan, DeviceKind};
use crate::probe::Ask;
use crate::route::Entry;
use crate::seal::Seal;
use crate::transition::{State, Transition};

/// Orders of the elections.
#[derive(Clone, Debug, PartialEq)]
pub enum ElectEffect {
    /// Begin to hear adverts.
    Listen(Listener),
    /// Hear them no more.
    Unlisten(Listener),
    /// Send an advert.
    SendAdvert(SendAdvert),
    /// Put an address on. Answered by an [`Outcome`](crate::fact::Outcome).
    AddAddress(AddressOrder),
    /// Take an address off. Answered by an [`Outcome`](crate::fact::Outcome).
    RemoveAddress(AddressOrder),
    /// Put a route or rule into the kernel's tables, and keep it there. Answered by an
    /// [`Outcome`](crate::fact::Outcome) now, and again whenever it had to be put back, or could not be.
    AddEntry(EntryOrder),
    /// Take a route or rule out. Answered by an [`Outcome`](crate::fact::Outcome).
    RemoveEntry(EntryOrder),
    /// Make a device of ours be like this. Answered by an [`Outcome`](crate::fact::Outcome).
    Device(DeviceOrder),
    /// Drop what comes in for these addresses, and for no others. Answered by an [`Outcome`](crate::fact::Outcome).
    Shield(ShieldOrder),
    /// Tell the segment where an address is now.
    Announce(Announce),
    /// An instance changed its state.
    Transition(Transition),
    /// Something happened to an instance in its state.
    News(InstanceNews),
    /// Something the operator should know.
    Notice(Notice),
}

/// A place where adverts are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listener {
    /// Interface.
    pub link: LinkIndex,
    /// Family.
    pub family: Family,
    /// The group to join; `None` for unicast.
    pub group: Option<IpAddr>,
    /// Adverts behind an authentication header, IP protocol 51, instead of 112.
    pub authenticated: bool,
}

/// An advert, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendAdvert {
    /// Interface.
    pub link: LinkIndex,
    /// IP source.
    pub source: IpAddr,
    /// IP destination: the group, or one peer.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// Link-layer source, for multicast; the interface's own when absent.
    pub mac: Option<Mac>,
    /// The VRRP message, checksum included. Shared, so that a periodic advert costs no allocation.
    pub payload: Arc<[u8]>,
    /// What is put around it.
    pub seal: Seal,
}

/// An address to put on or take off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressOrder {
    /// Ties the outcome to it.
    pub order: OrderId,
    /// Interface.
    pub link: LinkIndex,
    /// Address and prefix length.
    pub net: IpNet,
    /// How it is put on.
    pub options: AddressOptions,
}

/// A route or rule to put into the kernel's tables or to take out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryOrder {
    /// Ties outcomes to it.
    pub order: OrderId,
    /// What.
    pub entry: Entry<LinkIndex>,
}

/// How a device of ours is to be. Given again, it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceOrder {
    /// Ties the outcome to it.
    pub order: OrderId,
    /// Name of the device.
    pub name: LinkName,
    /// What it is to be.
    pub aim: DeviceAim,
}

/// What a device is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAim {
    /// Not there; one that is not ours stays.
    Gone,
    /// There, and silent: it answers nobody.
    Down(DeviceMake),
    /// There, and in use.
    Up(DeviceMake),
}

/// What a device is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceMake {
    /// The interface below it.
    pub over: LinkIndex,
    /// Kind.
    pub kind: DeviceKind,
    /// Family of the virtual router.
    pub family: Family,
}

/// Addresses whose packets are not accepted (Accept_Mode off, RFC 9568 §6.4.3). None: what was ordered before is
/// undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShieldOrder {
    /// Ties the outcome to it.
    pub order: OrderId,
    /// The addresses, sorted.
    pub addresses: Vec<IpAddr>,
}

/// One gratuitous ARP request (IPv4, VRRP-091) or unsolicited neighbour advertisement (IPv6, VRRP-092).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announce {
    /// For whom.
    pub instance: InstanceName,
    /// Interface.
    pub link: LinkIndex,
    /// The link-layer address that has it now.
    pub mac: Mac,
    /// The address.
    pub address: IpAddr,
}

/// Something the operator should know, already limited in rate by (instance, kind).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Instance, when it concerns one.
    pub instance: Option<InstanceName>,
    /// Interface.
    pub link: LinkIndex,
    /// Who caused it, when somebody did.
    pub peer: Option<IpAddr>,
    /// What, in words for the log: lower case, no full stop, with the cure where there is one.
    pub message: String,
    /// How many of the kind were swallowed since the last one told.
    pub suppressed: u64,
}

/// Something happened to an instance that did not change its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceNews {
    /// Instance.
    pub instance: InstanceName,
    /// Its state.
    pub state: State,
    /// Its effective priority.
    pub priority: u8,
    /// What.
    pub what: News,
}

/// What can happen to an instance in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It is Master, and so is somebody of lower priority: hosts are told anew where its addresses are.
    LowerMaster {
        /// Who.
        master: IpAddr,
        /// Its priority.
        priority: u8,
    },
    /// It has another priority.
    Priority {
        /// The one before.
        before: u8,
    },
}

/// Orders of the balancer.
#[derive(Clone, Debug, PartialEq)]
pub enum BalanceEffect {
    /// Ask a plugin.
    Ask(Ask),
    /// Read the kernel's table. Answered by `handle_table`.
    ReadTable,
    /// Look at the kernel's table the cheap way. Answered by `handle_glance`.
    Glance,
    /// Make the kernel's balancer so. Answered by `handle_configured`.
    Configure(Settings),
    /// Send these changes in this order. Answered by `handle_applied`.
    Apply(Vec<Change>),
    /// A tracker's state for the elections.
    Tracker(TrackerName, TrackerState),
    /// A real server became good or bad.
    Server(ServerChange),
    /// A service gained or lost its quorum.
    Service(ServiceChange),
    /// A real server that leaves its service begins to drain, or has gone.
    Drain(DrainChange),
}

/// Orders of what is held while Master.
#[derive(Clone, Debug, PartialEq)]
pub enum KeepEffect {
    /// Have a plugin take a step. Answered by `handle_done`.
    Step(StepCall),
    /// Something became of a resource.
    Tell(ResourceChange),
}

/// Something became of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceChange {
    /// Whose, as in `instance web`.
    pub of: String,
    /// Its plugin.
    pub plugin: PluginName,
    /// What.
    pub news: ResourceNews,
}

/// What can become of a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceNews {
    /// It was made so, or was found so by one that has to hold it.
    Held,
    /// It was made so no longer.
    GivenUp,
    /// It had to be so and was not: somebody else took it. It is applied again.
    Lost,
    /// A step failed. It is tried again.
    Failed {
        /// The step's name.
        step: &'static str,
        /// Why, in words.
        reason: String,
        /// How many have failed in a row.
        failures: u32,
    },
    /// It is in the configuration no more and could not be given up: it is left as it is.
    Left,
}

/// A step in the leaving of a real server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainChange {
    /// Service.
    pub service: ServiceKey,
    /// Real server.
    pub server: DestinationKey,
    /// Whether it has gone.
    pub done: bool,
    /// Established connections, as last seen.
    pub active: Option<u32>,
}

/// A real server became good or bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerChange {
    /// Service.
    pub service: ServiceKey,
    /// Real server.
    pub server: DestinationKey,
    /// Good now?
    pub up: bool,
    /// The words of the verdict that decided.
    pub reason: String,
    /// The operator's command for it.
    pub command: Option<CommandPlan>,
}

/// A service gained or lost its quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceChange {
    /// Service.
    pub service: ServiceKey,
    /// Enough servers now?
    pub up: bool,
    /// Sum of the weights of its good servers.
    pub weight: u32,
    /// The operator's command for it.
    pub command: Option<CommandPlan>,
}
