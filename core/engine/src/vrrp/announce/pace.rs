//! Announcements that have to keep a distance from each other, since some switches drop what comes too fast (KA-045).
//! Each interface has a queue for each family; what waits there and is not true any more is taken back.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use model::effect::Announce;
use model::ids::{InstanceName, LinkIndex};
use model::net::Family;
use model::time::Instant;

/// Announcements that wait on one interface at most. When full, the newest is dropped: the next burst says it again.
const WAITING_MAX: usize = 8192;

/// All queues.
#[derive(Clone, Debug, Default)]
pub(in crate::vrrp) struct Pace {
    lanes: BTreeMap<(LinkIndex, Family), Lane>,
}

#[derive(Clone, Debug)]
struct Lane {
    /// When the next one may leave.
    free: Instant,
    waiting: VecDeque<(Announce, Duration)>,
}

impl Pace {
    /// Takes an announcement that is to keep `gap` to the one after it; gives it back if it may leave now.
    pub(in crate::vrrp) fn offer(
        &mut self,
        announce: Announce,
        gap: Duration,
        now: Instant,
    ) -> Option<Announce> {
        let key = (announce.link, Family::of(announce.address));
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
        if let Some(lane) = self.lanes.get_mut(&(link, Family::of(address))) {
            lane.waiting.retain(|(waiting, _)| waiting.address != address);
        }
    }
}
