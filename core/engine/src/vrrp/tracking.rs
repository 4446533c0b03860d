//! What links and trackers mean for an instance: its faults, its priority, where its adverts come from.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use model::fact::{LinkFact, TrackerState};
use model::ids::{LinkName, TrackerName};
use model::net::Family;
use model::time::Instant;
use model::transition::Fault;

use super::advert::Basis;
use super::instance::Instance;
use super::links::Links;
use super::notice::Topic;
use super::{Election, Out};

impl Election {
    /// Derives everything that depends on links and trackers anew.
    pub(super) fn refresh_all(&mut self, now: Instant) {
        let virtual_addresses: BTreeSet<IpAddr> = self
            .instances
            .iter()
            .flat_map(|instance| instance.slots.iter().map(|slot| slot.address.net.addr()))
            .collect();
        for instance in &mut self.instances {
            instance.inherits_until = instance.inherits_until.filter(|until| now < *until);
            instance.find_link(&self.links, &virtual_addresses);
            instance.find_faults(&self.links, &self.trackers);
            instance.find_priority(&self.links, &self.trackers);
            instance.prepare(&mut self.out, now);
        }
        self.addressees.find(&self.instances);
    }
}

impl Instance {
    fn find_link(&mut self, links: &Links, virtual_addresses: &BTreeSet<IpAddr>) {
        let fact = links.named(&self.plan.interface);
        self.link = fact.map(|fact| fact.index);
        self.link_up = fact.is_some_and(|fact| fact.up);
        let found = self
            .plan
            .source
            .or_else(|| fact.and_then(|fact| self.find_source(fact, virtual_addresses)));
        // IPv6 addresses vanish with the carrier. Who ignores the carrier keeps the last one.
        let ignores_carrier = fact.is_some_and(|fact| !fact.up) && !self.plan.track_own_link;
        self.source = found.or(self.source.filter(|_| ignores_carrier));
    }

    /// RFC 9568 §5.1.1.1: the primary address of the interface; §5.1.2.1: its link-local address. Never a virtual one,
    /// but for the owner, whose own it is (VRRP-001).
    fn find_source(&self, fact: &LinkFact, virtual_addresses: &BTreeSet<IpAddr>) -> Option<IpAddr> {
        let mut candidates = fact.addresses.iter().map(|net| net.addr());
        candidates.find(|address| {
            let fits = match (self.plan.family, address) {
                (Family::V4, IpAddr::V4(_)) => true,
                (Family::V6, IpAddr::V6(v6)) => v6.is_unicast_link_local(),
                (Family::V4, IpAddr::V6(_)) | (Family::V6, IpAddr::V4(_)) => false,
            };
            fits && (self.plan.priority.is_owner() || !virtual_addresses.contains(address))
        })
    }

    fn find_faults(&mut self, links: &Links, trackers: &BTreeMap<TrackerName, TrackerState>) {
        let own = &self.plan.interface;
        self.faults.clear();
        self.faults.extend(match link_fault(links, own) {
            Some(Fault::LinkDown(_)) if !self.plan.track_own_link => None,
            other => other,
        });
        if self.link.is_some() && self.source.is_none() {
            self.faults.insert(Fault::NoSource(own.clone()));
        }
        for tracked in self.track_links.iter().filter(|tracked| tracked.weight == 0) {
            self.faults.extend(link_fault(links, &tracked.interface));
        }
        for tracked in self.track.iter().filter(|tracked| tracked.weight == 0) {
            self.faults
                .extend(match self.verdict(&tracked.tracker, trackers) {
                    TrackerState::Good => None,
                    TrackerState::Pending => Some(Fault::TrackerPending(tracked.tracker.clone())),
                    TrackerState::Failed => Some(Fault::Tracker(tracked.tracker.clone())),
                });
        }
    }

    /// Base and the sum of the weights, inside 1..=254; the owner's is not moved (VRRP-025, KA-057).
    fn find_priority(&mut self, links: &Links, trackers: &BTreeMap<TrackerName, TrackerState>) {
        let by_links = self
            .track_links
            .iter()
            .map(|tracked| match link_fault(links, &tracked.interface) {
                None => tracked.weight.max(0),
                Some(_) => tracked.weight.min(0),
            });
        let by_trackers = self
            .track
            .iter()
            .map(|tracked| match self.verdict(&tracked.tracker, trackers) {
                TrackerState::Good => tracked.weight.max(0),
                TrackerState::Failed => tracked.weight.min(0),
                TrackerState::Pending => 0,
            });
        let sum = by_links
            .chain(by_trackers)
            .map(i32::from)
            .fold(0, i32::saturating_add);
        self.priority = self.plan.priority.moved_by(sum);
    }

    fn verdict(&self, name: &TrackerName, trackers: &BTreeMap<TrackerName, TrackerState>) -> TrackerState {
        match trackers.get(name).copied().unwrap_or(TrackerState::Pending) {
            TrackerState::Pending if self.trusting => TrackerState::Good,
            state => state,
        }
    }

    fn prepare(&mut self, out: &mut Out, now: Instant) {
        let (Some(link), Some(source)) = (self.link, self.source) else {
            return;
        };
        let basis = Basis {
            link,
            source,
            priority: self.priority,
        };
        if let Err(unsendable) = self.prepared.refresh(&self.plan, basis) {
            let words = || format!("cannot make an advert: {unsendable}; correct the configuration");
            self.notice(Topic::Unsendable, None, words, out, now);
        }
    }
}

fn link_fault(links: &Links, name: &LinkName) -> Option<Fault> {
    match links.named(name) {
        None => Some(Fault::LinkMissing(name.clone())),
        Some(fact) if !fact.up => Some(Fault::LinkDown(name.clone())),
        Some(_) => None,
    }
}
