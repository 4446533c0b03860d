//! Instances that move together, and the decision where they move. An instance without a group is a group of one.

use model::ids::GroupName;
use model::time::Instant;
use model::transition::{Cause, State};

use super::Election;
use super::instance::{Heard, Instance};
use super::transit::{Farewell, Next};
use model::units::Centis;

/// Instances that are in one state at the end of each step.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) group: Option<GroupName>,
    pub(super) members: Vec<usize>,
}

/// What a unit has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    /// Nothing.
    Rest,
    /// A member misses something: all to Fault.
    Fail,
    /// All go on as the Masters that they were before a restart.
    Adopt,
    /// All own their addresses.
    Own,
    /// All can begin as Backup.
    Begin,
    /// Some are Master already; the others join them.
    Join,
    /// Some are Master and some are Backup; the Masters step back.
    Fall,
    /// All have waited long enough.
    TakeOver,
}

impl Election {
    /// Moves a unit to where it belongs.
    pub(super) fn step_unit(&mut self, unit: usize, now: Instant) {
        let decided = self.decide(unit, now);
        for i in self.members(unit) {
            let Some(instance) = self.instances.get(i) else {
                continue;
            };
            let moved = instance.group.clone().map_or(Cause::Ready, Cause::Group);
            let (next, cause) = match decided {
                Move::Rest => return,
                Move::Fail if instance.is_broken() => (
                    Next::Fault,
                    Cause::Faults(instance.faults.iter().cloned().collect()),
                ),
                Move::Fail => (Next::Fault, moved),
                Move::Adopt => (Next::Master, Cause::Adopted),
                Move::Own => (Next::Master, Cause::Owner),
                Move::Begin => (waiting(instance, now), Cause::Ready),
                Move::Join => (Next::Master, moved),
                Move::Fall => (waiting(instance, now), moved),
                Move::TakeOver => (Next::Master, instance.takeover_cause(now)),
            };
            self.enter(i, next, Farewell::Say, cause, now);
        }
    }

    /// A member heard a better Master: it yields, and its group with it.
    pub(super) fn yield_unit(&mut self, i: usize, better: Heard, interval: Centis, now: Instant) {
        let Some(unit) = self.instances.get(i).map(|instance| instance.unit) else {
            return;
        };
        for member in self.members(unit) {
            let Some(instance) = self.instances.get(member) else {
                continue;
            };
            let (next, farewell, cause) = if member == i {
                let cause = Cause::Yields {
                    master: better.source,
                    priority: better.priority,
                };
                (
                    Next::Backup(instance.fresh_backup(better.at, interval)),
                    Farewell::Omit,
                    cause,
                )
            } else {
                // Nobody else is known to be Master of this one, so its peers are told instead of left waiting.
                let cause = instance.group.clone().map_or(Cause::Ready, Cause::Group);
                (waiting(instance, now), Farewell::Say, cause)
            };
            self.enter(member, next, farewell, cause, now);
        }
    }

    /// When the unit takes over if nothing is heard: when the last of its members wants to.
    pub(super) fn takeover_at(&self, unit: &Unit) -> Option<Instant> {
        let mut latest = None;
        for i in &unit.members {
            let down_at = self.instances.get(*i)?.down_at()?;
            latest = latest.max(Some(down_at));
        }
        latest
    }

    /// Whether the wait of a unit that ends at `at` is over: by now, and by what was heard.
    pub(super) fn is_silent_until(&self, at: Instant, now: Instant) -> bool {
        at <= now && self.heard_until.is_none_or(|heard| at <= heard)
    }

    fn decide(&self, unit: usize, now: Instant) -> Move {
        let Some(unit) = self.units.get(unit) else {
            return Move::Rest;
        };
        let members: Vec<&Instance> = unit
            .members
            .iter()
            .filter_map(|i| self.instances.get(*i))
            .collect();
        let all = |state| members.iter().all(|member| member.state() == state);
        let any = |state| members.iter().any(|member| member.state() == state);
        let heirs = members.iter().all(|member| member.inherits_until.is_some());
        if members.is_empty() {
            return Move::Rest;
        }
        if members.iter().any(|member| member.is_broken()) {
            // The links may still be on their way to us; until the time is over, nothing is lost by waiting.
            let at_rest = all(State::Fault) || (heirs && all(State::Initialize));
            return if at_rest { Move::Rest } else { Move::Fail };
        }
        let outside = |member: &&Instance| matches!(member.state(), State::Initialize | State::Fault);
        if members.iter().any(outside) {
            if self.begins.is_some() {
                return Move::Rest;
            }
            if members
                .iter()
                .any(|member| outside(member) && !member.can_begin())
            {
                return Move::Rest;
            }
            if any(State::Master) && !any(State::Backup) {
                return Move::Join;
            }
            if heirs {
                return Move::Adopt;
            }
            let owners = members.iter().all(|member| member.priority.is_owner());
            return if owners { Move::Own } else { Move::Begin };
        }
        if all(State::Master) {
            return Move::Rest;
        }
        if any(State::Master) {
            return Move::Fall;
        }
        match self.takeover_at(unit) {
            Some(at) if self.is_silent_until(at, now) => Move::TakeOver,
            Some(_) | None => Move::Rest,
        }
    }

    /// The `n`th member of a unit.
    pub(super) fn member(&self, unit: usize, n: usize) -> Option<usize> {
        self.units.get(unit)?.members.get(n).copied()
    }

    pub(super) fn members(&self, unit: usize) -> Vec<usize> {
        self.units
            .get(unit)
            .map(|unit| unit.members.clone())
            .unwrap_or_default()
    }
}

/// RFC 9568 §6.4.1: the own interval stands for the Master's until one is heard.
pub(super) fn waiting(instance: &Instance, now: Instant) -> Next {
    Next::Backup(instance.fresh_backup(now, instance.plan.advert_interval))
}
