//! What links and trackers mean for an instance: its faults, its priority, where its adverts come from.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use model::effect::News;
use model::fact::{LinkFact, LinkNews, TrackerState};
use model::ids::{LinkName, TrackerName};
use model::net::Family;
use model::plan::Transport;
use model::time::Instant;
use model::transition::Fault;

use super::advert::Basis;
use super::instance::{Instance, Phase};
use super::links::Links;
use super::notice::Topic;
use super::{Election, Out};

mod bearing;

use bearing::{Bearing, bearing};

/// What is known of trackers.
type Trackers = BTreeMap<TrackerName, TrackerState>;

impl Election {
    /// Derives everything that depends on links and trackers anew.
    pub(super) fn refresh_all(&mut self, now: Instant) {
        let virtual_addresses: BTreeSet<IpAddr> = self
            .instances
            .iter()
            .flat_map(|instance| instance.holding.slots.iter().map(|slot| slot.address.net.addr()))
            .collect();
        for instance in &mut self.instances {
            instance.inherits_until = instance.inherits_until.filter(|until| now < *until);
            instance.find_link(&self.links, &virtual_addresses);
            instance.find_faults(&self.links, &self.trackers);
            instance.find_priority(&self.links, &self.trackers, &mut self.out);
            instance.prepare(&mut self.out, now);
        }
        self.addressees.find(&self.instances);
        self.out.pace.join(&self.links);
    }

    /// The longest that the loss of an interface may be doubted: peers must not have given up an instance whose adverts
    /// go there (KA-053).
    pub(super) fn hold_max(&self, news: &LinkNews) -> Option<Duration> {
        let LinkNews::Is(fact) = news else { return None };
        if !self.links.doubts(&fact.name) {
            return None;
        }
        let plans = self.instances.iter().map(|instance| &instance.plan);
        let own = plans.filter(|plan| plan.interface == fact.name);
        own.map(|plan| {
            let interval = plan.advert_interval.as_duration();
            (interval * u32::from(plan.down_adverts.saturating_sub(1))).saturating_sub(interval / 256)
        })
        .min()
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
        // IPv6 addresses vanish with the carrier. Who ignores the carrier, or does not believe it yet, keeps the last one.
        let ignores_carrier =
            fact.is_some_and(|fact| links.is_doubted(fact.index) || (!fact.up && !self.plan.track_own_link));
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

    fn find_faults(&mut self, links: &Links, trackers: &Trackers) {
        let own = &self.plan.interface;
        let mut faults = std::mem::take(&mut self.faults);
        faults.clear();
        faults.extend(match link_fault(links, own) {
            Some(Fault::LinkDown(_)) if !self.plan.track_own_link => None,
            other => other,
        });
        if self.link.is_some() && self.source.is_none() {
            faults.insert(Fault::NoSource(own.clone()));
        }
        if matches!(&self.plan.transport, Transport::Unicast { peers, .. } if peers.is_empty()) {
            faults.insert(Fault::NoPeers);
        }
        faults.extend(self.source_fault(links));
        faults.extend(self.holding.devices.iter().filter_map(|slot| slot.fault(links)));
        faults.extend(
            self.tracked(links, trackers)
                .filter_map(|tracked| tracked.fault()),
        );
        self.faults = faults;
    }

    /// KA-054: the loss of the configured source, for who asks for it.
    fn source_fault(&self, links: &Links) -> Option<Fault> {
        let source = self.plan.source.filter(|_| self.plan.track_source)?;
        let own = links.named(&self.plan.interface)?;
        let is_there = own.addresses.iter().any(|net| net.addr() == source);
        (!is_there).then(|| Fault::SourceGone(own.name.clone(), source))
    }

    /// Base and the sum of the weights, inside 1..=254; the owner's is not moved (VRRP-025, KA-057).
    fn find_priority(&mut self, links: &Links, trackers: &Trackers, out: &mut Out) {
        let before = self.priority.get();
        let shifts = self.tracked(links, trackers).map(|tracked| tracked.shift());
        let sum = shifts.fold(0, i32::saturating_add);
        self.priority = self.plan.priority.moved_by(sum);
        match self.phase {
            Phase::Backup(_) | Phase::Master(_) if before != self.priority.get() => {
                self.tell(News::Priority { before }, out);
            }
            Phase::Initialize | Phase::Backup(_) | Phase::Master(_) | Phase::Fault => {}
        }
    }

    /// Everything it tracks, its group's included, and what that does to it now.
    pub(super) fn tracked<'a>(
        &'a self,
        links: &'a Links,
        trackers: &'a Trackers,
    ) -> impl Iterator<Item = Tracked<'a>> {
        let by_links = self.track_links.iter().map(|track| {
            let fault = link_fault(links, &track.interface);
            let state = if fault.is_none() {
                TrackerState::Good
            } else {
                TrackerState::Failed
            };
            Tracked {
                of: Subject::Link(&track.interface, fault),
                state,
                bearing: bearing(state, track.weight, track.reverse),
            }
        });
        let by_trackers = self.track.iter().map(|track| {
            let state = self.verdict(&track.tracker, trackers);
            Tracked {
                of: Subject::Tracker(&track.tracker),
                state,
                bearing: bearing(state, track.weight, track.reverse),
            }
        });
        by_links.chain(by_trackers)
    }

    fn verdict(&self, name: &TrackerName, trackers: &Trackers) -> TrackerState {
        match trackers.get(name).copied().unwrap_or(TrackerState::Pending) {
            TrackerState::Pending if self.trusting => TrackerState::Good,
            state => state,
        }
    }

    /// Makes the adverts anew where something in them changed.
    pub(super) fn prepare(&mut self, out: &mut Out, now: Instant) {
        let (Some(link), Some(source)) = (self.link, self.source) else {
            return;
        };
        let basis = Basis {
            link,
            source,
            priority: self.priority,
            checksum: self.checksum,
        };
        if let Err(unsendable) = self.prepared.refresh(&self.plan, basis) {
            let words = || format!("cannot make an advert: {unsendable}; correct the configuration");
            self.notice(Topic::Unsendable, None, words, out, now);
        }
    }
}

/// A thing that an instance tracks.
#[derive(Debug)]
pub(super) struct Tracked<'a> {
    of: Subject<'a>,
    state: TrackerState,
    bearing: Bearing,
}

#[derive(Debug)]
enum Subject<'a> {
    /// With what is wrong with it.
    Link(&'a LinkName, Option<Fault>),
    Tracker(&'a TrackerName),
}

impl Tracked<'_> {
    /// What it adds to the priority.
    pub(super) fn shift(&self) -> i32 {
        match self.bearing {
            Bearing::Shift(by) => by,
            Bearing::Fault | Bearing::Wait => 0,
        }
    }

    fn fault(self) -> Option<Fault> {
        match (self.bearing, self.of) {
            (Bearing::Shift(_), _) => None,
            (Bearing::Fault | Bearing::Wait, Subject::Link(name, fault)) => {
                Some(fault.unwrap_or_else(|| Fault::LinkUp(name.clone())))
            }
            (Bearing::Wait, Subject::Tracker(name)) => Some(Fault::TrackerPending(name.clone())),
            (Bearing::Fault, Subject::Tracker(name)) => Some(match self.state {
                TrackerState::Good => Fault::TrackerGood(name.clone()),
                TrackerState::Number(number) => Fault::TrackerNumber(name.clone(), number),
                TrackerState::Failed | TrackerState::Pending => Fault::Tracker(name.clone()),
            }),
        }
    }
}

impl std::fmt::Display for Tracked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.of {
            Subject::Link(name, _) => write!(f, "interface {name}"),
            Subject::Tracker(name) => write!(f, "tracker {name}"),
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
