//! Virtual routers, their groups and what they track.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::auth::{Auth, HmacPlan};
use super::hook::HookPlan;
use super::lvs::CheckPlan;
use super::resource::ResourcePlan;
use crate::ids::{GroupName, InstanceName, LinkName, TrackerName};
use crate::net::{Family, Mac};
use crate::route::{Route, Rule};
use crate::units::{Centis, Priority, Vrid};

/// One virtual router on one interface.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstancePlan {
    /// The operator's name for it.
    pub name: InstanceName,
    /// Where its adverts go.
    pub interface: LinkName,
    /// Virtual router identifier; unique per interface, family and transport.
    pub vrid: Vrid,
    /// Family of the adverts and of the advertised addresses.
    pub family: Family,
    /// Wire version.
    pub version: Version,
    /// Priority before any tracker moves it.
    pub priority: Priority,
    /// Own advertisement interval; whole seconds in version 2.
    pub advert_interval: Centis,
    /// Whether a better router takes over from a worse one that is alive.
    pub preempt: Preempt,
    /// How many adverts may be missed before the Master counts as gone (3 in RFC 9568 §6.1).
    pub down_adverts: u8,
    /// Multicast or unicast.
    pub transport: Transport,
    /// Source of adverts; the interface's first address when absent.
    pub source: Option<IpAddr>,
    /// Authentication (version 2 only).
    pub auth: Auth,
    /// HMAC behind adverts, of either version.
    pub hmac: Option<HmacPlan>,
    /// Which checksum to send in version 3 over IPv4. Both are accepted.
    pub checksum: ChecksumForm,
    /// Answer a lower-priority advert at once while Master (RFC 9568 §6.4.3).
    pub answer_lower: bool,
    /// Where it is stricter than asked, or says more.
    pub conduct: Conduct,
    /// Virtual addresses, in the order they are advertised.
    pub addresses: Vec<VirtualAddress>,
    /// Virtual addresses that are put on but not advertised.
    pub excluded: Vec<VirtualAddress>,
    /// Routes that are there while it is Master.
    pub routes: Vec<Route>,
    /// Policy rules that are there while it is Master.
    pub rules: Vec<Rule>,
    /// A device of its own for the virtual addresses; they live on the interface when absent.
    pub device: Option<DevicePlan>,
    /// Whether packets to the virtual addresses are accepted by a Master that does not own them (Accept_Mode, RFC 9568
    /// §6.1).
    pub accept: bool,
    /// How a new Master tells the segment.
    pub announcement: Announcement,
    /// Whether its own interface being down is a fault.
    pub track_own_link: bool,
    /// Whether the loss of `source` from its interface is a fault.
    pub track_source: bool,
    /// Other interfaces it depends on.
    pub track_links: Vec<TrackLink>,
    /// Trackers it depends on.
    pub track: Vec<TrackTracker>,
    /// What named pipes are told beside its states.
    pub tells: Tells,
    /// What runs at a transition, in order.
    pub hooks: Vec<HookPlan>,
    /// What is true while Master, and only then.
    pub resources: Vec<ResourcePlan>,
}

/// A virtual router of this node: interface, VRID and family.
pub type RouterKey = (LinkName, Vrid, Family);

impl InstancePlan {
    /// Which virtual router it is, whatever its name.
    pub fn router(&self) -> RouterKey {
        (self.interface.clone(), self.vrid, self.family)
    }

    /// The interface that carries the virtual addresses which name none.
    pub fn home(&self) -> &LinkName {
        self.device
            .as_ref()
            .map_or(&self.interface, |device| &device.name)
    }

    /// Each device of its own, and the interface below: that of the instance first, then those of addresses.
    pub fn devices(&self) -> Vec<(&DevicePlan, &LinkName)> {
        let own = self.device.iter().map(|device| (device, &self.interface));
        let addresses = self.addresses.iter().chain(&self.excluded);
        let others = addresses.filter_map(|address| {
            let over = address.interface.as_ref().unwrap_or(&self.interface);
            Some((address.device.as_ref()?, over))
        });
        let mut all: Vec<(&DevicePlan, &LinkName)> = Vec::new();
        for (device, over) in own.chain(others) {
            if !all.iter().any(|(known, _)| known.name == device.name) {
                all.push((device, over));
            }
        }
        all
    }

    /// How addresses on that interface are announced.
    pub fn announcement_on(&self, interface: &LinkName) -> Announcement {
        let is_it = |device: &&DevicePlan| device.name == *interface;
        let addresses = self.addresses.iter().chain(&self.excluded);
        let others = addresses.filter(|_| *interface != self.interface);
        let others = others.filter_map(|address| address.device.as_ref());
        let own = self
            .device
            .as_ref()
            .filter(is_it)
            .or_else(|| others.into_iter().find(is_it));
        let extra = match own {
            Some(device) if device.sends_adverts => Duration::ZERO,
            Some(_) => self.announcement.device_refresh,
            None if *interface == self.interface => Duration::ZERO,
            None => self.announcement.other_refresh,
        };
        let wanted = [self.announcement.refresh, extra].into_iter();
        Announcement {
            refresh: wanted.filter(|time| !time.is_zero()).min().unwrap_or_default(),
            ..self.announcement
        }
    }

    /// The link-layer source of its adverts; the interface's own when `None`.
    pub fn advert_mac(&self) -> Option<Mac> {
        let device = self.device.as_ref().filter(|device| device.sends_adverts)?;
        match (&self.transport, device.kind) {
            (Transport::Multicast(_), DeviceKind::Macvlan(mac)) => Some(mac),
            // Where a peer is, the kernel knows; it sends with the interface's own address.
            (Transport::Unicast { .. }, _) | (Transport::Multicast(_), DeviceKind::Ipvlan) => None,
        }
    }
}

/// A device of a virtual router on top of an interface. We make it and remove it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DevicePlan {
    /// Its name.
    pub name: LinkName,
    /// What it is.
    pub kind: DeviceKind,
    /// Whether adverts carry its link-layer address; the interface's own otherwise (`vmac_xmit_base`).
    pub sends_adverts: bool,
}

/// Kind of a device on top of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DeviceKind {
    /// With a link-layer address of its own: the virtual router's (RFC 9568 §7.3).
    Macvlan(Mac),
    /// With that of the interface, for networks that allow one address at each port.
    Ipvlan,
}

/// VRRP version on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Version {
    /// RFC 3768; IPv4 only.
    V2,
    /// RFC 9568.
    V3,
}

/// Whether a Backup with a higher priority takes over from a living Master.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Preempt {
    /// At once (after its own Down interval).
    Yes,
    /// Never; only a silent Master is replaced.
    No,
    /// After the lower Master has been heard for this long.
    After(Duration),
}

/// How adverts reach the peers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Transport {
    /// To a group: 224.0.0.18 or ff02::12 unless configured otherwise.
    Multicast(IpAddr),
    /// To each peer by itself.
    Unicast {
        /// The other routers. Without any the instance is in Fault.
        peers: Vec<Peer>,
        /// TTL or hop limit to send with.
        hop_limit: u8,
        /// Whether adverts of others than the peers count too.
        strangers: bool,
        /// The group that the checksum of version 3 may name instead of our address: keepalived to 1.3.6 summed so.
        old_checksum: Option<IpAddr>,
    },
}

/// Another router, reached by unicast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Peer {
    /// Its address.
    pub address: IpAddr,
    /// With which TTL or hop limit its adverts have to arrive.
    pub hops: Hops,
}

/// With which TTL or hop limit an advert has to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hops {
    /// 255 from a peer on a network of the interface, so that nothing from beyond a router passes for it; anything
    /// from a peer that is routed.
    Near,
    /// Anything.
    Any,
    /// At least and at most.
    Between(u8, u8),
}

/// Where an instance is stricter, or says more, than the RFC of its version asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Conduct {
    /// What another list of addresses in an advert means.
    pub lists: Lists,
    /// An owner hears nobody, as RFC 9568 §7.1 has it before erratum 8298.
    pub deaf_owner: bool,
    /// A Master says one more advert before it yields to a better one.
    pub last_word: bool,
}

/// What named pipes are told of an instance beside its states.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tells {
    /// Each change of its priority while it is Master or Backup.
    pub priority: bool,
    /// That it was taken out of the configuration, where others stop.
    pub deletion: bool,
}

/// What it means that an advert has other addresses than ours, or ours in another order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Lists {
    /// The operator is told, and the advert counts.
    #[default]
    Tell,
    /// The same, but the list of whoever is Master is compared once, not with each advert.
    TellOnce,
    /// In version 2 the advert is dropped unless an owner sent it (RFC 3768 §7.1). Version 3 never drops it.
    Drop,
}

/// What the checksum of VRRPv3 over IPv4 covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChecksumForm {
    /// The message alone (RFC 9568 §5.2.8).
    MessageOnly,
    /// A pseudo-header and the message, as keepalived and FRR send by default.
    PseudoHeader,
    /// What the last Master was heard to send; the message alone until one is.
    Auto,
}

/// An address that moves.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VirtualAddress {
    /// Address and prefix length as put on the interface.
    pub net: IpNet,
    /// The interface that carries it; the instance's own when absent.
    pub interface: Option<LinkName>,
    /// A device of its own on that interface, which carries it then. Several may share one.
    pub device: Option<DevicePlan>,
    /// How it is put on.
    pub options: AddressOptions,
}

impl VirtualAddress {
    /// The interface or device that carries it, where those that name none are at `home`.
    pub fn carrier<'a>(&'a self, home: &'a LinkName) -> &'a LinkName {
        let own = self.device.as_ref().map(|device| &device.name);
        own.or(self.interface.as_ref()).unwrap_or(home)
    }
}

/// How an address is put on (IFA_*, linux/if_addr.h). By default as a host of its own net would have it, without
/// duplicate address detection: its owner before us may not have let go of it yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AddressOptions {
    /// IPv4 address label (IFA_LABEL).
    pub label: Option<String>,
    /// The other end of a point-to-point link; the prefix length is that of its net.
    pub peer: Option<IpAddr>,
    /// Broadcast address; none when absent.
    pub broadcast: Option<Ipv4Addr>,
    /// RT_SCOPE_*, of IPv4 alone; what fits the address when absent.
    pub scope: Option<u8>,
    /// How long it is preferred as a source, in seconds; `u32::MAX` is for ever. Absent: for ever, but never for an
    /// IPv6 address that is a host by itself.
    pub preferred_s: Option<u32>,
    /// IPv6: look for another host that has it first.
    pub detects_duplicates: bool,
    /// IPv6: it is a home address (RFC 6275).
    pub home: bool,
    /// IPv6: temporary addresses are made of it.
    pub makes_temporary: bool,
    /// No route to its net comes with it.
    pub no_prefix_route: bool,
    /// Metric of that route; the kernel's usual one when absent.
    pub metric: Option<u32>,
    /// It is a multicast group, joined as by a host that listens, so that switches let it through.
    pub autojoin: bool,
    /// Not put back when somebody else takes it off.
    pub untracked: bool,
}

/// Addresses, routes and rules that are there from start to stop, whatever the elections say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StaticPlan {
    /// Addresses; each names its interface.
    pub addresses: Vec<VirtualAddress>,
    /// Routes.
    pub routes: Vec<Route>,
    /// Policy rules.
    pub rules: Vec<Rule>,
}

/// Gratuitous ARP and unsolicited neighbour advertisement of a new Master.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Announcement {
    /// Announcements of each address in a burst.
    pub repeat: u8,
    /// From the first burst to the second; no second one when zero.
    pub second_after: Duration,
    /// Repeated this often while Master; never when zero.
    pub refresh: Duration,
    /// Announcements of each address in a refresh.
    pub refresh_repeat: u8,
    /// Announcements of each address in a burst after a lower Master was heard.
    pub lower_repeat: u8,
    /// From that burst to a second one; none when zero.
    pub lower_second_after: Duration,
    /// Least distance between two gratuitous ARPs on one interface.
    pub arp_gap: Duration,
    /// The same between two neighbour advertisements.
    pub na_gap: Duration,
    /// As `refresh`, of addresses on a device of the virtual router's own from which no adverts leave: no switch hears
    /// of its link-layer address otherwise.
    pub device_refresh: Duration,
    /// The same of addresses on other interfaces.
    pub other_refresh: Duration,
}

impl Default for Announcement {
    fn default() -> Self {
        Self {
            repeat: 5,
            second_after: Duration::from_secs(5),
            refresh: Duration::ZERO,
            refresh_repeat: 1,
            lower_repeat: 5,
            lower_second_after: Duration::from_secs(5),
            arp_gap: Duration::ZERO,
            na_gap: Duration::ZERO,
            device_refresh: Duration::ZERO,
            other_refresh: Duration::ZERO,
        }
    }
}

/// Interfaces behind one switch, which drops announcements that come too fast from all of them together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchPlan {
    /// Which.
    pub interfaces: Vec<LinkName>,
    /// Least distance between two gratuitous ARPs on any of them, in place of what an instance says.
    pub arp_gap: Duration,
    /// The same between two neighbour advertisements.
    pub na_gap: Duration,
}

/// How long changes of an interface are doubted. A loss is not doubted for longer than the peers of an instance wait
/// for its adverts, whatever stands here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPlan {
    /// Interface.
    pub interface: LinkName,
    /// It has to be down for so long.
    pub down_delay: Duration,
    /// It has to be up for so long.
    pub up_delay: Duration,
}

/// When elections begin. Until then nothing is sent, and nothing that is heard counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartPlan {
    /// After the daemon's start.
    pub delay: Duration,
    /// After the boot of the machine.
    pub after_boot: Duration,
}

/// An interface whose state moves the priority, or puts the instance in Fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TrackLink {
    /// Interface.
    pub interface: LinkName,
    /// Zero: down is a Fault. Above: added while up. Below: added while down.
    pub weight: i16,
    /// The weight counts the other way round; with none, up is a Fault.
    pub reverse: bool,
}

/// A tracker or a watch whose state moves the priority, or puts the instance in Fault.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TrackTracker {
    /// Tracker, or watch.
    pub tracker: TrackerName,
    /// Zero: failure is a Fault. Above: added while good. Below: added while failed. A number is multiplied by it; with
    /// none, any number but 0 is a Fault.
    pub weight: i16,
    /// The weight counts the other way round; with none, good is a Fault, and so is the number 0.
    pub reverse: bool,
}

/// A check of this node (`vrrp_script`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackerPlan {
    /// Name by which instances refer to it.
    pub name: TrackerName,
    /// What is run, how often, and how many results in a row count.
    pub check: CheckPlan,
    /// Counts as failed until its first answer, instead of being waited for.
    pub starts_failed: bool,
}

/// Something of this machine that the router looks at itself, without a plugin. It shares the names of trackers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchPlan {
    /// Name by which instances refer to it.
    pub name: TrackerName,
    /// What is looked at.
    pub subject: WatchSubject,
}

/// What a watch looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WatchSubject {
    /// A file with a whole number in it (`track_file`).
    File(FileWatch),
    /// How many processes of a kind there are (`vrrp_track_process`).
    Process(ProcessWatch),
}

/// A file whose number moves priorities.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileWatch {
    /// The file.
    pub path: PathBuf,
    /// The number while there is no such file.
    pub absent: i32,
}

/// Processes that have to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessWatch {
    /// Which ones.
    pub pattern: ProcessPattern,
    /// Good while there are at least so many; zero: none has to run.
    pub at_least: u32,
    /// And at most so many.
    pub at_most: Option<u32>,
    /// How long there have to be enough, or not too many, before it counts as good.
    pub good_after: Duration,
    /// How long that has to be otherwise before it counts as failed.
    pub failed_after: Duration,
}

/// Which processes count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProcessPattern {
    /// The command: its name without directory, or its whole path if it is written with one.
    pub command: String,
    /// Its arguments; not looked at when `None`.
    pub arguments: Option<Vec<String>>,
    /// How the arguments are compared.
    pub matching: ArgumentMatch,
}

/// How arguments of a process are compared with those that are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ArgumentMatch {
    /// Each equal, none more.
    Exact,
    /// The first ones equal; more may follow.
    Initial,
    /// As initial, and the last of them may go on.
    Partial,
}

/// Instances that are Master, Backup or Fault together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupPlan {
    /// Name.
    pub name: GroupName,
    /// Members; each instance is in one group at most.
    pub members: Vec<InstanceName>,
    /// Trackers of the whole group.
    pub track: Vec<TrackTracker>,
    /// Interfaces the whole group depends on.
    pub track_links: Vec<TrackLink>,
    /// What runs when the group moves.
    pub hooks: Vec<HookPlan>,
    /// What is true while Master, and only then.
    pub resources: Vec<ResourcePlan>,
}
