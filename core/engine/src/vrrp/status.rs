//! What the elections say of themselves, and what they leave for a successor.

use model::fact::{JournalEntry, Legacy};
use model::plan::Version;
use model::status::{ContributionStatus, GroupStatus, InstanceStatus};
use model::time::{Instant, WallTime};
use model::transition::{Cause, State};

use super::Election;
use super::instance::{Instance, Phase};

impl Election {
    /// Instances and groups as they are now.
    pub fn status(&self, now: Instant) -> (Vec<InstanceStatus>, Vec<GroupStatus>) {
        let instances = self
            .instances
            .iter()
            .map(|instance| InstanceStatus {
                contributions: self.contributions(instance),
                cause: self.cause(instance, now),
                ..instance.status(now)
            })
            .collect();
        let groups = self.units.iter().filter_map(|unit| {
            let members = || unit.members.iter().filter_map(|i| self.instances.get(*i));
            Some(GroupStatus {
                name: unit.group.as_ref()?.to_string(),
                state: members().next().map_or(State::Initialize, Instance::state),
                members: members().map(|member| member.plan.name.to_string()).collect(),
                faults: members()
                    .flat_map(|member| {
                        member
                            .faults
                            .iter()
                            .map(|fault| format!("{}: {fault}", member.plan.name))
                    })
                    .collect(),
            })
        });
        (instances, groups.collect())
    }

    fn cause(&self, instance: &Instance, now: Instant) -> String {
        match self.begins {
            Some(at) if instance.state() == State::Initialize => {
                format!("elections begin in {:.1?}", at.since(now))
            }
            Some(_) | None => instance.cause_in_words(),
        }
    }

    fn contributions(&self, instance: &Instance) -> Vec<ContributionStatus> {
        // The owner's priority is moved by nothing (KA-057).
        let tracked = instance
            .tracked(&self.links, &self.trackers)
            .filter(|tracked| tracked.shift() != 0 && !instance.plan.priority.is_owner());
        let each = tracked.map(|tracked| ContributionStatus {
            of: tracked.to_string(),
            by: tracked.shift(),
        });
        each.collect()
    }

    /// What a successor needs to go on, and the guardian to leave in our place.
    pub fn journal(&self) -> Legacy {
        let instances = self.instances.iter();
        Legacy {
            instances: instances
                .map(|instance| instance.journal(self.out.wall))
                .collect(),
            statics: self.statics.held(false),
            orphans: self.orphans.leaving(),
        }
    }
}

impl Instance {
    fn cause_in_words(&self) -> String {
        match (&self.phase, &self.cause) {
            (Phase::Fault, _) if !self.faults.is_empty() => {
                Cause::Faults(self.faults.iter().cloned().collect()).to_string()
            }
            (Phase::Initialize, None) if !self.faults.is_empty() => {
                Cause::Faults(self.faults.iter().cloned().collect()).to_string()
            }
            (_, Some(cause)) => cause.to_string(),
            (_, None) => String::new(),
        }
    }

    fn status(&self, now: Instant) -> InstanceStatus {
        InstanceStatus {
            name: self.plan.name.to_string(),
            interface: self.plan.interface.to_string(),
            vrid: self.plan.vrid.get(),
            version: match self.plan.version {
                Version::V2 => 2,
                Version::V3 => 3,
            },
            state: self.state(),
            since_s: now.since(self.since).as_secs_f64(),
            cause: String::new(),
            base_priority: self.plan.priority.get(),
            priority: self.priority.get(),
            contributions: Vec::new(),
            faults: self.faults.iter().map(ToString::to_string).collect(),
            master: match self.phase {
                Phase::Master(_) => self.source,
                Phase::Backup(backup) => self.heard.or(backup.lower).map(|heard| heard.source),
                Phase::Initialize | Phase::Fault => None,
            },
            addresses: self
                .holding
                .slots
                .iter()
                .map(|slot| slot.address.net.to_string())
                .collect(),
            entries: self
                .holding
                .entries
                .iter()
                .map(|slot| slot.entry.to_string())
                .collect(),
            advert_interval_ms: u32::from(self.plan.advert_interval.get()) * 10,
            counters: self.counters.by_name(),
        }
    }

    fn journal(&self, wall: WallTime) -> JournalEntry {
        let patience = self.interval() * u32::from(self.plan.down_adverts);
        let (farewell, held) = match self.phase {
            Phase::Master(_) => (
                self.farewell(wall),
                // An owner's addresses belong to the host unless we put them there.
                self.holding.held(self.plan.priority.is_owner()),
            ),
            // What it may yet go on with, or else takes off.
            Phase::Initialize | Phase::Backup(_) | Phase::Fault if self.inherits_until.is_some() => {
                (Vec::new(), self.holding.held(self.plan.priority.is_owner()))
            }
            Phase::Initialize | Phase::Backup(_) | Phase::Fault => (Vec::new(), self.holding.leaving()),
        };
        JournalEntry {
            instance: self.plan.name.clone(),
            router: self.plan.router(),
            state: self.state(),
            patience_ns: u64::try_from(patience.as_nanos()).unwrap_or(u64::MAX),
            farewell,
            held,
        }
    }
}
