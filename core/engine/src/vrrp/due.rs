//! Time: what is due, and what will be next.

use std::time::Duration;

use model::ids::{GroupName, InstanceName};
use model::time::Instant;

use super::Election;
use super::group::Unit;
use super::instance::{Instance, Master, Phase};

/// Why a deadline exists, without the copy of a name.
pub(super) enum Why<'a> {
    Advert(&'a Instance),
    Address(&'a Instance),
    Adoption(&'a Instance),
    TakeOver(&'a Unit),
}

/// Why a deadline exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A Master's next advert.
    Advert(InstanceName),
    /// A Backup's Master will have been silent for too long.
    MasterDown(InstanceName),
    /// The same for all members of a group.
    GroupMasterDown(GroupName),
    /// A device, address, route or rule of an instance is to be announced, checked or tried again.
    Address(InstanceName),
    /// The same of what is always there.
    Static,
    /// The same of what nobody plans any more.
    Orphan,
    /// What is not accepted is to be ordered again.
    Shield,
    /// Too late from then on to go on as the Master of before a restart.
    Adoption(InstanceName),
    /// An interface has been up or down for long enough to be believed.
    Interface,
    /// Elections may begin.
    Start,
    /// An announcement has kept its distance.
    Announcement,
}

impl Election {
    /// The next instant at which something is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        if self.stopping {
            return None;
        }
        let (at, key) = self.deadlines.first()?;
        let why = self.units.get(key).and_then(|unit| self.unit_due(unit));
        let other = || self.other_due(key).map(|(_, reason)| reason);
        Some((at, why.map(|(_, why)| self.reason(why)).or_else(other)?))
    }

    /// Does what is due by `now`; nothing if nothing is.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.stopping {
            return;
        }
        let mut due = std::mem::take(&mut self.due);
        self.deadlines.collect(now, &mut due);
        for unit in &due {
            self.end_stalls(*unit, now);
        }
        for unit in &due {
            self.speak_all(*unit, now);
        }
        for unit in &due {
            let at = self.units.get(*unit).and_then(|unit| self.takeover_at(unit));
            if let Some(at) = at.filter(|at| self.is_silent_until(*at, now)) {
                self.count_late(*unit, now.since(at));
                self.step_unit(*unit, now);
            }
        }
        for unit in &due {
            self.look_after_addresses(*unit, now);
        }
        if due.contains(&self.units.len()) {
            self.reconcile_statics(now);
            self.reconcile_orphans(now);
            self.reconcile_shield(now);
        }
        let is_changed = due.last() == Some(&(self.units.len() + 1)) && self.take_common_due(now);
        let lapsed = |i: &usize| {
            let until = self
                .instances
                .get(*i)
                .and_then(|instance| instance.inherits_until);
            until.is_some_and(|until| until <= now)
        };
        let mut units = due.iter().filter_map(|unit| self.units.get(*unit));
        if is_changed || units.any(|unit| unit.members.iter().any(lapsed)) {
            self.settle(now);
        } else {
            for unit in &due {
                self.schedule(*unit);
            }
            self.schedule_touched();
        }
        self.due = due;
    }

    /// Does what is due for all instances together; whether something is known now that was not.
    fn take_common_due(&mut self, now: Instant) -> bool {
        self.out.announce_waiting(now);
        let begins = self.begins.take_if(|at| *at <= now).is_some();
        self.links.believe(now) || begins
    }

    /// Sends the adverts of a unit that are due.
    fn speak_all(&mut self, unit: usize, now: Instant) {
        let Some(unit) = self.units.get(unit) else { return };
        for i in &unit.members {
            if let Some(instance) = self.instances.get_mut(*i)
                && instance.take_advert_due(now)
            {
                instance.speak(&mut self.out, now);
            }
        }
    }

    fn look_after_addresses(&mut self, unit: usize, now: Instant) {
        for n in 0.. {
            let Some(i) = self.member(unit, n) else { return };
            let due = self.instances.get(i).and_then(|instance| instance.holding.due);
            if due.is_some_and(|at| at <= now) {
                self.reconcile(i, now);
            }
        }
    }

    /// Notes that a deadline of an instance may have moved.
    pub(super) fn touch(&mut self, i: usize) {
        if let Some(instance) = self.instances.get(i)
            && self.touched.last() != Some(&instance.unit)
        {
            self.touched.push(instance.unit);
        }
    }

    /// Finds the deadlines that may have moved anew.
    pub(super) fn schedule_touched(&mut self) {
        while let Some(unit) = self.touched.pop() {
            self.schedule(unit);
        }
        self.schedule(self.units.len() + 1);
    }

    /// Finds all deadlines anew.
    pub(super) fn schedule_all(&mut self) {
        self.touched.clear();
        self.deadlines.reset(self.units.len() + 2);
        for key in 0..self.units.len() + 2 {
            self.schedule(key);
        }
    }

    /// The key after the last unit stands for what belongs to none, the one after it for what concerns all instances.
    pub(super) fn schedule(&mut self, key: usize) {
        let at = match self.units.get(key) {
            Some(unit) => self.unit_due(unit).map(|(at, _)| at),
            None => self.other_due(key).map(|(at, _)| at),
        };
        self.deadlines.set(key, at);
    }

    pub(super) fn unit_due<'a>(&'a self, unit: &'a Unit) -> Option<(Instant, Why<'a>)> {
        let members = unit.members.iter().filter_map(|i| self.instances.get(*i));
        let own = members.filter_map(Instance::due);
        let takeover = self.takeover_at(unit).map(|at| (at, Why::TakeOver(unit)));
        own.chain(takeover).min_by_key(|(at, _)| *at)
    }

    pub(super) fn unowned_due(&self) -> Option<(Instant, Reason)> {
        let orphans = self.orphans.due().map(|at| (at, Reason::Orphan));
        let statics = self.statics.due.map(|at| (at, Reason::Static));
        let shield = self.shield.due().map(|at| (at, Reason::Shield));
        let all = orphans.into_iter().chain(statics).chain(shield);
        all.min_by_key(|(at, _)| *at)
    }

    fn other_due(&self, key: usize) -> Option<(Instant, Reason)> {
        if key == self.units.len() {
            self.unowned_due()
        } else {
            self.common_due()
        }
    }

    pub(super) fn common_due(&self) -> Option<(Instant, Reason)> {
        let all = [
            (self.links.due(), Reason::Interface),
            (self.begins, Reason::Start),
            (self.out.pace.due(), Reason::Announcement),
        ];
        let due = all.into_iter().filter_map(|(at, reason)| Some((at?, reason)));
        due.min_by_key(|(at, _)| *at)
    }

    fn reason(&self, why: Why<'_>) -> Reason {
        match why {
            Why::Advert(instance) => Reason::Advert(instance.plan.name.clone()),
            Why::Address(instance) => Reason::Address(instance.plan.name.clone()),
            Why::Adoption(instance) => Reason::Adoption(instance.plan.name.clone()),
            Why::TakeOver(unit) => match &unit.group {
                Some(group) => Reason::GroupMasterDown(group.clone()),
                None => {
                    let alone = unit.members.first().and_then(|i| self.instances.get(*i));
                    let alone = alone.expect("a unit without members has no deadline");
                    Reason::MasterDown(alone.plan.name.clone())
                }
            },
        }
    }

    fn count_late(&mut self, unit: usize, by: Duration) {
        for i in self.members(unit) {
            if let Some(instance) = self.instances.get_mut(i) {
                instance.counters.late(by);
            }
        }
    }
}

impl Instance {
    fn due(&self) -> Option<(Instant, Why<'_>)> {
        let advert = match self.phase {
            Phase::Master(master) => Some((master.advert_at, Why::Advert(self))),
            Phase::Initialize | Phase::Backup(_) | Phase::Fault => None,
        };
        let address = self.holding.due.map(|at| (at, Why::Address(self)));
        let adoption = self.inherits_until.map(|at| (at, Why::Adoption(self)));
        advert
            .into_iter()
            .chain(address)
            .chain(adoption)
            .min_by_key(|(at, _)| *at)
    }

    /// Whether an advert is due. Deadlines follow each other without drift; after a stall there is one advert, not
    /// all that were missed (VRRP-131).
    fn take_advert_due(&mut self, now: Instant) -> bool {
        let interval = self.interval();
        let Phase::Master(master) = self.phase else {
            return false;
        };
        if master.advert_at > now {
            return false;
        }
        self.counters.late(now.since(master.advert_at));
        let next = master.advert_at + interval;
        self.phase = Phase::Master(Master {
            advert_at: if next > now { next } else { now + interval },
            ..master
        });
        true
    }
}
