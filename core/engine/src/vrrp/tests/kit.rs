//! One node with a kernel that obeys, and its story as lines.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use model::effect::{DeviceAim, DeviceOrder, ElectEffect, News};
use model::fact::{DeviceFact, Envelope, Frame, LinkFact, LinkNews, Maker, Outcome};
use model::ids::{LinkIndex, OrderId};
use model::net::{Family, Mac};
use model::plan::*;
use model::route::{Entry, Hop, PROTOCOL, Route, RouteKind, Rule, RuleAction};
use model::time::Instant;
use model::transition::State;
use model::units::{Centis, Priority, Vrid};
use wire::advert::{Auth as WireAuth, Checksum, Kind, Leave, Outgoing, encode};

use crate::vrrp::Election;

pub(super) const ETH0: LinkIndex = LinkIndex(2);
pub(super) const ORIGIN: Instant = Instant::from_nanos(1_000_000_000_000);
pub(super) const GROUP: &str = "224.0.0.18";
pub(super) const OWN: &str = "10.0.0.2";

pub(super) fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

pub(super) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn priority(number: u64) -> Priority {
    Priority::try_from(number).expect("a priority")
}

/// Version 3 over IPv4 on eth0, VRID 51, one virtual address, one announcement.
pub(super) fn plan(name: &str, number: u64) -> InstancePlan {
    InstancePlan {
        name: name.into(),
        interface: "eth0".into(),
        vrid: Vrid::try_from(51).expect("a VRID"),
        family: Family::V4,
        version: Version::V3,
        priority: priority(number),
        advert_interval: Centis::new(100),
        preempt: Preempt::Yes,
        down_adverts: 3,
        transport: Transport::Multicast(ip(GROUP)),
        source: None,
        auth: Auth::None,
        hmac: None,
        checksum: ChecksumForm::MessageOnly,
        answer_lower: true,
        conduct: Conduct::default(),
        addresses: vec![virtual_address("10.0.0.100/32")],
        excluded: Vec::new(),
        routes: Vec::new(),
        rules: Vec::new(),
        device: None,
        accept: true,
        announcement: Announcement {
            repeat: 1,
            second_after: Duration::ZERO,
            lower_repeat: 1,
            lower_second_after: Duration::ZERO,
            ..Announcement::default()
        },
        track_own_link: true,
        track_source: false,
        track_links: Vec::new(),
        track: Vec::new(),
        tells: Tells::default(),
        hooks: Vec::new(),
        resources: Vec::new(),
    }
}

pub(super) fn v2(name: &str, number: u64) -> InstancePlan {
    InstancePlan {
        version: Version::V2,
        ..plan(name, number)
    }
}

/// Unicast to these, wherever they are.
pub(super) fn unicast(peers: &[&str], hop_limit: u8) -> Transport {
    let peer = |address: &&str| Peer {
        address: ip(address),
        hops: Hops::Any,
    };
    Transport::Unicast {
        peers: peers.iter().map(peer).collect(),
        hop_limit,
        strangers: false,
        old_checksum: None,
    }
}

pub(super) fn virtual_address(net: &str) -> VirtualAddress {
    VirtualAddress {
        net: net.parse().expect("a network"),
        interface: None,
        device: None,
        options: AddressOptions::default(),
    }
}

/// A default route into a table of its own.
pub(super) fn route(table: u32) -> Route {
    Route {
        destination: "0.0.0.0/0".parse().expect("a network"),
        kind: RouteKind::Unicast,
        table,
        metric: None,
        protocol: PROTOCOL,
        scope: None,
        source: None,
        tos: 0,
        hops: vec![Hop {
            via: Some(ip("10.0.0.1")),
            link: Some("eth0".into()),
            weight: 1,
            onlink: false,
        }],
        metrics: BTreeMap::new(),
        untracked: false,
    }
}

/// All packets are looked up in that table.
pub(super) fn rule(table: u32) -> Rule {
    Rule {
        family: Family::V4,
        priority: table,
        inverted: false,
        from: None,
        to: None,
        iif: None,
        oif: None,
        tos: 0,
        mark: None,
        ip_protocol: None,
        source_ports: None,
        destination_ports: None,
        users: None,
        suppress_prefix_length: None,
        action: RuleAction::Lookup(table),
        protocol: PROTOCOL,
        untracked: false,
    }
}

pub(super) fn link(index: u32, name: &str, up: bool, addresses: &[&str]) -> LinkFact {
    LinkFact {
        index: LinkIndex(index),
        name: name.into(),
        up,
        enabled: up,
        device: None,
        mac: Mac([2, 0, 0, 0, 0, u8::try_from(index).expect("a small index")]),
        addresses: addresses
            .iter()
            .map(|net| net.parse().expect("a network"))
            .collect(),
    }
}

/// An advert of somebody else, as sent by `plan` with another priority.
pub(super) fn advert_bytes(plan: &InstancePlan, number: u8, source: &str, destination: &str) -> Vec<u8> {
    let addresses: Vec<IpAddr> = plan.addresses.iter().map(|address| address.net.addr()).collect();
    let kind = match (plan.version, &plan.auth) {
        (Version::V2, Auth::None) => Kind::V2(WireAuth::None),
        (Version::V2, Auth::Pass(password)) => Kind::V2(WireAuth::Pass(*password)),
        (Version::V2, Auth::Header(_)) => Kind::V2(WireAuth::Header),
        (Version::V3, _) => Kind::V3(match plan.checksum {
            ChecksumForm::MessageOnly | ChecksumForm::Auto => Checksum::MessageOnly,
            ChecksumForm::PseudoHeader => Checksum::PseudoHeader,
        }),
    };
    let outgoing = Outgoing {
        vrid: plan.vrid.get(),
        priority: number,
        interval_cs: plan.advert_interval.get(),
        kind,
        addresses: &addresses,
        leave: Leave::default(),
    };
    encode(&outgoing, ip(source), ip(destination)).expect("a good advert")
}

pub(super) struct Node {
    pub(super) election: Election,
    pub(super) now: Instant,
    pub(super) links: Vec<LinkFact>,
    /// Routes and rules in the kernel's tables.
    pub(super) entries: BTreeSet<Entry<LinkIndex>>,
    /// What is always there.
    pub(super) statics: StaticPlan,
    /// The kernel refuses everything.
    pub(super) refuses: bool,
    /// The kernel does not answer.
    pub(super) mute: bool,
    pub(super) orders: Vec<ElectEffect>,
    /// All that was ordered, in order.
    pub(super) effects: Vec<ElectEffect>,
    story: Vec<String>,
}

impl Election {
    /// No deadline was overlooked when it moved: what is kept of them is what a look at everything finds.
    pub(super) fn check_deadlines(&self) {
        let units = self.units.iter().filter_map(|unit| self.unit_due(unit));
        let all = units
            .map(|(at, _)| at)
            .chain(self.unowned_due().map(|(at, _)| at));
        let all = all.chain(self.common_due().map(|(at, _)| at));
        let kept = self.deadlines.first().map(|(at, _)| at);
        assert_eq!(kept, all.min(), "the kept deadline and the true one");
    }
}

impl Node {
    /// eth0 is up with 10.0.0.2/24; the plan is served.
    pub(super) fn start(instances: &[InstancePlan]) -> Self {
        Self::start_grouped(instances, &[])
    }

    pub(super) fn start_grouped(instances: &[InstancePlan], groups: &[GroupPlan]) -> Self {
        let mut node = Self::bare();
        node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
        node.plan(instances, groups);
        node
    }

    pub(super) fn bare() -> Self {
        Self {
            election: Election::new(),
            now: ORIGIN,
            links: Vec::new(),
            entries: BTreeSet::new(),
            statics: StaticPlan::default(),
            refuses: false,
            mute: false,
            orders: Vec::new(),
            effects: Vec::new(),
            story: Vec::new(),
        }
    }

    pub(super) fn plan(&mut self, instances: &[InstancePlan], groups: &[GroupPlan]) {
        let plan = Plan {
            instances: instances.to_vec(),
            groups: groups.to_vec(),
            statics: self.statics.clone(),
            ..Plan::default()
        };
        self.serve(&plan);
    }

    pub(super) fn serve(&mut self, plan: &Plan) {
        self.election.handle_plan(plan, self.now);
        self.drain();
    }

    pub(super) fn link(&mut self, fact: LinkFact) {
        self.links.retain(|known| known.index != fact.index);
        self.links.push(fact.clone());
        self.election.handle_link(LinkNews::Is(fact), self.now);
        self.drain();
    }

    /// An interface vanishes.
    pub(super) fn gone(&mut self, index: LinkIndex) {
        self.links.retain(|known| known.index != index);
        self.election.handle_link(LinkNews::Gone(index), self.now);
        self.drain();
    }

    /// eth0 with other addresses than before.
    pub(super) fn eth0_has(&mut self, addresses: &[&str]) {
        self.link(link(2, "eth0", true, addresses));
    }

    pub(super) fn tracker(&mut self, name: &str, state: model::fact::TrackerState) {
        self.election.handle_tracker(name.into(), state, self.now);
        self.drain();
    }

    pub(super) fn stop(&mut self) {
        self.election.handle_stop(self.now);
        self.drain();
    }

    /// An advert like ours, with this priority, from there.
    pub(super) fn hears(&mut self, plan: &InstancePlan, number: u8, source: &str) {
        let bytes = advert_bytes(plan, number, source, GROUP);
        self.frame(&bytes, source, GROUP, Some(255));
    }

    pub(super) fn frame(&mut self, payload: &[u8], source: &str, destination: &str, hop_limit: Option<u8>) {
        let frame = Frame {
            envelope: Envelope::Bare,
            link: ETH0,
            source: ip(source),
            destination: ip(destination),
            hop_limit,
            payload,
            received: self.now,
        };
        self.election.handle_frame(frame, self.now);
        self.drain();
    }

    /// One that the kernel had at `received`.
    pub(super) fn frame_of(&mut self, payload: &[u8], source: &str, received: Instant) {
        let frame = Frame {
            envelope: Envelope::Bare,
            link: ETH0,
            source: ip(source),
            destination: ip(GROUP),
            hop_limit: Some(255),
            payload,
            received,
        };
        self.election.handle_frame(frame, self.now);
        self.drain();
    }

    pub(super) fn outcome(&mut self, outcome: Outcome) {
        self.election.handle_outcome(outcome, self.now);
        self.drain();
    }

    /// Lets time pass, waking up exactly when asked to.
    pub(super) fn pass(&mut self, by: Duration) {
        let end = self.now + by;
        let mut wakes = 0;
        while let Some((at, reason)) = self.election.poll_timeout() {
            if at > end {
                break;
            }
            wakes += 1;
            assert!(wakes < 100_000, "spins at {at:?} because of {reason:?}");
            self.now = self.now.max(at);
            self.election.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// Time passes and nobody wakes up; then one timeout.
    pub(super) fn stall(&mut self, by: Duration) {
        self.now = self.now + by;
        self.election.handle_timeout(self.now);
        self.drain();
    }

    pub(super) fn state(&self, name: &str) -> State {
        let (instances, _) = self.election.status(self.now);
        let found = instances.iter().find(|instance| instance.name == name);
        found.expect("the instance").state
    }

    pub(super) fn counter(&self, name: &str) -> u64 {
        let (instances, _) = self.election.status(self.now);
        instances
            .iter()
            .filter_map(|instance| instance.counters.get(name))
            .sum()
    }

    /// What happened since the last time, one line each, with the time since the origin.
    pub(super) fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.story)
    }

    /// The same without the routine of listening.
    pub(super) fn news(&mut self) -> Vec<String> {
        let mut told = self.told();
        told.retain(|line| !line.contains("listen"));
        told
    }

    /// The kernel does what is ordered.
    fn obey(&mut self, effect: &ElectEffect) {
        let (order, adds) = match effect {
            ElectEffect::AddAddress(order) => (order, true),
            ElectEffect::RemoveAddress(order) => (order, false),
            ElectEffect::AddEntry(order) => {
                self.entries.insert(order.entry.clone());
                return;
            }
            ElectEffect::RemoveEntry(order) => {
                self.entries.remove(&order.entry);
                return;
            }
            ElectEffect::Device(order) => return self.make_device(order),
            _ => return,
        };
        if let Some(fact) = self.links.iter_mut().find(|fact| fact.index == order.link) {
            fact.addresses.retain(|net| *net != order.net);
            if adds {
                fact.addresses.push(order.net);
            }
        }
    }

    fn drain(&mut self) {
        self.election.check_deadlines();
        let mut answers = Vec::new();
        while let Some(effect) = self.election.poll_effect() {
            if let ElectEffect::Shield(order) = &effect
                && order.addresses.is_empty()
                && !self.is_shielded()
            {
                // As at every start: nobody knows what a crash left.
                answers.push(self.answer(order.order));
                continue;
            }
            let line = format!("{:?} {}", self.now.since(ORIGIN), tell(&effect));
            self.story.push(line);
            self.effects.push(effect.clone());
            let order = match &effect {
                ElectEffect::AddAddress(order) | ElectEffect::RemoveAddress(order) => order.order,
                ElectEffect::AddEntry(order) | ElectEffect::RemoveEntry(order) => order.order,
                ElectEffect::Device(order) => order.order,
                ElectEffect::Shield(order) => order.order,
                _ => continue,
            };
            self.orders.push(effect.clone());
            if self.mute {
                continue;
            }
            answers.push(self.answer(order));
            if !self.refuses {
                self.obey(&effect);
            }
        }
        if answers.is_empty() {
            return;
        }
        for answer in answers {
            self.election.handle_outcome(answer, self.now);
        }
        for fact in self.links.clone() {
            self.election.handle_link(LinkNews::Is(fact), self.now);
        }
        self.drain();
    }
}

impl Node {
    fn is_shielded(&self) -> bool {
        let mut effects = self.effects.iter();
        effects.any(|effect| matches!(effect, ElectEffect::Shield(_)))
    }

    fn answer(&self, order: OrderId) -> Outcome {
        let refused = Err("permission denied (EPERM)".to_owned());
        Outcome {
            order,
            result: if self.refuses { refused } else { Ok(()) },
        }
    }

    /// The kernel's devices have numbers from 100 on.
    fn make_device(&mut self, order: &DeviceOrder) {
        let known = self.links.iter().position(|fact| fact.name == order.name);
        let old = known.map(|at| self.links.remove(at));
        let (make, up) = match order.aim {
            DeviceAim::Gone => {
                let gone = old.expect("it is there").index;
                return self.election.handle_link(LinkNews::Gone(gone), self.now);
            }
            DeviceAim::Down(make) => (make, false),
            DeviceAim::Up(make) => (make, true),
        };
        let index = old.as_ref().map_or(100, |fact| fact.index.0);
        let mut fact = link(index, order.name.as_str(), up, &[]);
        fact.addresses = old.map(|fact| fact.addresses).unwrap_or_default();
        fact.device = Some(DeviceFact {
            over: make.over,
            kind: make.kind,
            maker: Maker::Us,
        });
        if let DeviceKind::Macvlan(mac) = make.kind {
            fact.mac = mac;
        }
        self.links.push(fact);
    }
}

pub(super) fn tell(effect: &ElectEffect) -> String {
    match effect {
        ElectEffect::Listen(at) => format!("listen {} {}", at.link, at.family),
        ElectEffect::Unlisten(at) => format!("unlisten {} {}", at.link, at.family),
        ElectEffect::SendAdvert(advert) => {
            let priority = advert.payload.get(2).copied().unwrap_or_default();
            format!("advert {priority} to {}", advert.destination)
        }
        ElectEffect::AddAddress(order) => format!("add {}", order.net),
        ElectEffect::RemoveAddress(order) => format!("remove {}", order.net),
        ElectEffect::AddEntry(order) => format!("add {}", order.entry),
        ElectEffect::RemoveEntry(order) => format!("remove {}", order.entry),
        ElectEffect::Announce(announce) => format!("announce {}", announce.address),
        ElectEffect::Device(order) => match order.aim {
            DeviceAim::Gone => format!("device {} gone", order.name),
            DeviceAim::Down(_) => format!("device {} down", order.name),
            DeviceAim::Up(_) => format!("device {} up", order.name),
        },
        ElectEffect::Shield(order) => format!("shield {:?}", order.addresses),
        ElectEffect::Transition(t) => format!("{}: {} -> {}: {}", t.instance, t.from, t.to, t.cause),
        ElectEffect::News(news) => match news.what {
            News::LowerMaster { master, priority } => {
                format!("{}: {} of lower priority {priority} heard", news.instance, master)
            }
            News::Priority { before } => {
                format!("{}: priority {before} -> {}", news.instance, news.priority)
            }
        },
        ElectEffect::Notice(notice) => {
            let swallowed = match notice.suppressed {
                0 => String::new(),
                n => format!(" (and {n} more)"),
            };
            format!("notice: {}{swallowed}", notice.message)
        }
    }
}
