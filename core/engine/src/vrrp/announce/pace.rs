//! Announcements that have to keep a distance from each other, since some switches drop what comes too fast (KA-045).
//! Each interface, and all behind one switch together, has a queue for each family; what waits there and is not true any
//! more is taken back.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use model::effect::Announce;
use model::ids::{InstanceName, LinkIndex};
use model::net::Family;
use model::plan::SwitchPlan;
use model::time::Instant;

use crate::vrrp::links::Links;

/// Announcements that wait on one interface at most. When full, the newest is dropped: the next burst says it again.
const WAITING_MAX: usize = 8192;

/// All queues.
#[derive(Clone, Debug, Default)]
pub(in crate::vrrp) struct Pace {
    switches: Vec<SwitchPlan>,
    /// Interfaces behind a switch, by the switch's place.
    joined: BTreeMap<LinkIndex, usize>,
    lanes: BTreeMap<(Segment, Family), Lane>,
}

/// What announcements share a distance on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Link(LinkIndex),
    Switch(usize),
}

#[derive(Clone, Debug)]
struct Lane {
    /// When the next one may leave.
    free: Instant,
    waiting: VecDeque<(Announce, Duration)>,
}

impl Pace {
    /// Takes what is behind which switch.
    pub(in crate::vrrp) fn plan(&mut self, switches: &[SwitchPlan]) {
        switches.clone_into(&mut self.switches);
    }

    /// Finds the interfaces by their names.
    pub(in crate::vrrp) fn join(&mut self, links: &Links) {
        self.joined.clear();
        for (at, switch) in self.switches.iter().enumerate() {
            let known = switch.interfaces.iter().filter_map(|name| links.named(name));
            self.joined.extend(known.map(|link| (link.index, at)));
        }
    }

    fn segment(&self, link: LinkIndex) -> Segment {
        let switch = self.joined.get(&link);
        switch.map_or(Segment::Link(link), |at| Segment::Switch(*at))
    }

    /// The distance on a segment, where an instance asks for `gap`.
    fn gap(&self, segment: Segment, family: Family, gap: Duration) -> Duration {
        let Segment::Switch(at) = segment else { return gap };
        self.switches.get(at).map_or(gap, |switch| match family {
            Family::V4 => switch.arp_gap,
            Family::V6 => switch.na_gap,
        })
    }

    /// Takes an announcement that is to keep `gap` to the one after it; gives it back if it may leave now.
    pub(in crate::vrrp) fn offer(
        &mut self,
        announce: Announce,
        gap: Duration,
        now: Instant,
    ) -> Option<Announce> {
        let (segment, family) = (self.segment(announce.link), Family::of(announce.address));
        let (key, gap) = ((segment, family), self.gap(segment, family, gap));
        if gap.is_zero() && self.lanes.get(&key).is_none_or(|lane| lane.waiting.is_empty()) {
            return Some(announce);
        }
        let lane = self.lanes.entry(key).or_insert_with(|| Lane {
            free: now,
            waiting: VecDeque::new(),
        });
        if lane.waiting.is_empty() && lane.free <= now {
            lane.free = now + gap;
            return Some(announce);
        }
        if lane.waiting.len() < WAITING_MAX {
            lane.waiting.push_back((announce, gap));
        }
        None
    }

    /// The next announcement that may leave now.
    pub(in crate::vrrp) fn poll(&mut self, now: Instant) -> Option<Announce> {
        let mut free = self.lanes.values_mut().filter(|lane| lane.free <= now);
        let lane = free.find(|lane| !lane.waiting.is_empty())?;
        let (announce, gap) = lane.waiting.pop_front()?;
        lane.free = now + gap;
        Some(announce)
    }

    /// When the next one may leave.
    pub(in crate::vrrp) fn due(&self) -> Option<Instant> {
        let busy = self.lanes.values().filter(|lane| !lane.waiting.is_empty());
        busy.map(|lane| lane.free).min()
    }

    /// Takes back what an instance had to say.
    pub(in crate::vrrp) fn withdraw(&mut self, instance: &InstanceName) {
        for lane in self.lanes.values_mut() {
            lane.waiting.retain(|(waiting, _)| waiting.instance != *instance);
        }
    }

    /// Takes back what was to be said of an address.
    pub(in crate::vrrp) fn withdraw_address(&mut self, link: LinkIndex, address: IpAddr) {
        let key = (self.segment(link), Family::of(address));
        if let Some(lane) = self.lanes.get_mut(&key) {
            lane.waiting
                .retain(|(waiting, _)| waiting.address != address || waiting.link != link);
        }
    }
}
