//! Time: what is due, and what will be next.

use std::time::Duration;

use model::ids::{GroupName, InstanceName};
use model::time::Instant;

use super::Election;
use super::instance::{Instance, Master, Phase};

/// Why a deadline exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A Master's next advert.
    Advert(InstanceName),
    /// A Backup's Master will have been silent for too long.
    MasterDown(InstanceName),
    /// The same for all members of a group.
    GroupMasterDown(GroupName),
    /// An address of an instance is to be announced, checked or tried again.
    Address(InstanceName),
    /// Too late from then on to go on as the Master of before a restart.
    Adoption(InstanceName),
}

impl Election {
    /// The next instant at which something is due, and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        if self.stopping {
            return None;
        }
        let own = self.instances.iter().filter_map(Instance::due);
        let takeovers = self.units.iter().filter_map(|unit| {
            let at = self.takeover_at(unit)?;
            let first = self.instances.get(*unit.members.first()?)?;
            let alone = || Reason::MasterDown(first.plan.name.clone());
            Some((at, unit.group.clone().map_or_else(alone, Reason::GroupMasterDown)))
        });
        let orphans = self
            .orphans
            .iter()
            .filter_map(|orphan| Some((orphan.slot.due()?, Reason::Address(orphan.instance.clone()))));
        own.chain(takeovers).chain(orphans).min_by_key(|(at, _)| *at)
    }

    /// Does what is due by `now`; nothing if nothing is.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.stopping {
            return;
        }
        self.end_stalls(now);
        for instance in &mut self.instances {
            if instance.take_advert_due(now) {
                instance.speak(&mut self.out, now);
            }
        }
        for unit in 0..self.units.len() {
            let at = self.units.get(unit).and_then(|unit| self.takeover_at(unit));
            if let Some(at) = at.filter(|at| *at <= now) {
                self.count_late(unit, now.since(at));
                self.step_unit(unit, now);
            }
        }
        for i in 0..self.instances.len() {
            let due = self.instances.get(i).and_then(|instance| instance.slots_due);
            if due.is_some_and(|at| at <= now) {
                self.reconcile(i, now);
            }
        }
        if self
            .orphans
            .iter()
            .any(|orphan| orphan.slot.due().is_some_and(|at| at <= now))
        {
            self.reconcile_orphans(now);
        }
        let lapsed = |instance: &Instance| instance.inherits_until.is_some_and(|until| until <= now);
        if self.instances.iter().any(lapsed) {
            self.settle(now);
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
    fn due(&self) -> Option<(Instant, Reason)> {
        let name = &self.plan.name;
        let advert = match self.phase {
            Phase::Master(master) => Some((master.advert_at, Reason::Advert(name.clone()))),
            Phase::Initialize | Phase::Backup(_) | Phase::Fault => None,
        };
        let address = self.slots_due.map(|at| (at, Reason::Address(name.clone())));
        let adoption = self.inherits_until.map(|at| (at, Reason::Adoption(name.clone())));
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
