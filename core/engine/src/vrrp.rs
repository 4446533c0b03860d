//! Elections: which router of a segment is Master (RFC 9568 for version 3, RFC 3768 for version 2), and everything
//! that follows from it: adverts, virtual addresses, announcements, groups.
//!
//! What RFC 9568 calls the Active Router is our Master, and its Active_Down_Interval our Down interval.
//!
//! An input changes what is known; [`Election`] then brings every instance to where that knowledge asks it to be and
//! queues the orders that take the machine there. Addresses and listeners are levels: what is wanted is compared with
//! what the links report, so a lost order, a foreign hand and a restart are all repaired by the same lines.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use model::effect::{Announce, ElectEffect, Listener};
use model::fact::{Held, LinkNews, TrackerState};
use model::ids::{InstanceName, OrderId, TrackerName};
use model::plan::RouterKey;
use model::time::{Instant, WallTime};
use model::transition::Cause;

mod addresses;
mod advert;
mod announce;
mod bucket;
mod counters;
mod deadlines;
mod devices;
mod due;
mod entries;
mod group;
mod holding;
mod instance;
mod ladder;
mod level;
mod links;
mod listen;
mod notice;
mod plan_change;
mod proof;
mod receive;
mod reconcile;
mod shield;
mod stall;
mod status;
mod timer;
mod tracking;
mod transit;

pub use due::Reason;

use announce::Pace;
use deadlines::Deadlines;
use group::Unit;
use holding::Holding;
use instance::Instance;
use links::Links;
use plan_change::Estate;
use receive::Addressees;
use reconcile::Orphans;
use shield::Shield;

/// All elections of this node.
///
/// After each `handle_*`, drain [`poll_effect`](Self::poll_effect) and carry the effects out in their order, then ask
/// [`poll_timeout`](Self::poll_timeout). On waking up, hand in the frames that wait before the timeout: an advert that
/// was already there says that its Master lives, however late we are.
#[derive(Clone, Debug, Default)]
pub struct Election {
    links: Links,
    trackers: BTreeMap<TrackerName, TrackerState>,
    instances: Vec<Instance>,
    units: Vec<Unit>,
    /// One for each unit, and one for what belongs to none.
    deadlines: Deadlines,
    /// Units whose deadline may have moved.
    touched: Vec<usize>,
    /// Units that are due; kept for its memory.
    due: Vec<usize>,
    addressees: Addressees,
    /// What is there whatever the elections say.
    statics: Holding,
    /// Of instances, or of their former plans.
    orphans: Orphans,
    shield: Shield,
    /// What Masters of our predecessor left, until the first plan.
    inheritance: BTreeMap<(InstanceName, RouterKey), Estate>,
    /// The same of what is always there.
    static_inheritance: Vec<Held>,
    /// What our predecessor had still to take out.
    leftovers: Vec<Held>,
    listening: BTreeSet<Listener>,
    /// Until when nothing begins; `None` once it may.
    begins: Option<Instant>,
    served: bool,
    stopping: bool,
    /// Until when everything that came was handed in; `None` where nobody keeps count.
    heard_until: Option<Instant>,
    strangers: u64,
    out: Out,
}

/// Orders on their way out.
#[derive(Clone, Debug, Default)]
struct Out {
    effects: VecDeque<ElectEffect>,
    last_order: u64,
    /// What the wall clock showed last: seals say when an advert left.
    wall: WallTime,
    /// Announcements that wait for each other.
    pace: Pace,
}

impl Out {
    fn push(&mut self, effect: ElectEffect) {
        self.effects.push_back(effect);
    }

    /// Announces, once the one before it is `gap` away.
    fn announce(&mut self, announce: Announce, gap: Duration, now: Instant) {
        if let Some(free) = self.pace.offer(announce, gap, now) {
            self.push(ElectEffect::Announce(free));
        }
    }

    /// Announces what has waited for long enough.
    fn announce_waiting(&mut self, now: Instant) {
        while let Some(free) = self.pace.poll(now) {
            self.push(ElectEffect::Announce(free));
        }
    }

    fn next_order(&mut self) -> OrderId {
        self.last_order += 1;
        OrderId(self.last_order)
    }
}

impl Election {
    /// Without plan, links or instances.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next order, until `None`.
    pub fn poll_effect(&mut self) -> Option<ElectEffect> {
        self.out.effects.pop_front()
    }

    /// Takes what the wall clock shows, before the other inputs of a turn. Nothing is timed by it, but an advert may
    /// have to say when it left, and is believed only near that time.
    pub fn handle_wall(&mut self, wall: WallTime) {
        self.out.wall = wall;
    }

    /// Takes news of an interface. Hand in all that is known before the first plan: an interface of the plan that is
    /// not known by then counts as missing.
    pub fn handle_link(&mut self, news: LinkNews, now: Instant) {
        let hold_max = self.hold_max(&news);
        self.links.update(news, hold_max, now);
        self.settle(now);
    }

    /// Takes what is now known of a tracker.
    pub fn handle_tracker(&mut self, name: TrackerName, state: TrackerState, now: Instant) {
        if self.trackers.insert(name, state) != Some(state) {
            self.settle(now);
        }
    }

    /// Leaves for good: Masters say so with priority 0, then their addresses go, what was always there goes too, and
    /// nothing is heard any more.
    pub fn handle_stop(&mut self, now: Instant) {
        self.stopping = true;
        for i in 0..self.instances.len() {
            self.stop_instance(i, Cause::Stopped, now);
        }
        self.reconcile_statics(now);
        self.reconcile_shield(now);
        self.settle_listeners();
        self.schedule_all();
    }

    /// Takes until when everything that came has been handed in. A silence is believed that far and no further: what
    /// is still to be read may be the advert that ends it. Who never says so hands everything in at once.
    pub fn handle_heard(&mut self, until: Instant) {
        self.heard_until = Some(until);
    }

    /// Adverts for virtual routers that this node has not, since the start.
    pub fn strangers(&self) -> u64 {
        self.strangers
    }

    /// Brings everything to where what is known asks it to be.
    fn settle(&mut self, now: Instant) {
        self.refresh_all(now);
        self.settle_listeners();
        self.reconcile_shield(now);
        if !self.stopping {
            for unit in 0..self.units.len() {
                self.step_unit(unit, now);
            }
        }
        for i in 0..self.instances.len() {
            self.reconcile(i, now);
        }
        self.reconcile_statics(now);
        self.reconcile_orphans(now);
        self.schedule_all();
    }
}

#[cfg(test)]
mod tests;
