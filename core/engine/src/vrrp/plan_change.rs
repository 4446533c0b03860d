//! A new plan: what stays keeps its state and timers, what changed changes in place, what is gone leaves properly.

use std::collections::BTreeMap;

use model::effect::{ElectEffect, SendAdvert};
use model::fact::{Held, Legacy};
use model::ids::{GroupName, InstanceName};
use model::plan::{GroupPlan, InstancePlan, Plan, StartPlan, Transport};
use model::time::Instant;
use model::transition::{Cause, State};
use std::time::Duration;

use super::Election;
use super::advert::planned_checksum;
use super::group::Unit;
use super::holding::Holding;
use super::instance::{Instance, Master, Phase};

/// What a Master of our predecessor left.
#[derive(Clone, Debug, Default)]
pub(super) struct Estate {
    /// Until when its peers still believe that it is Master; `None` when they do no more.
    believed_until: Option<Instant>,
    farewell: Vec<SendAdvert>,
    held: Vec<Held>,
}

impl Election {
    /// Takes a predecessor's journal and the instant at which it last lived, before the first plan. Where it was
    /// Master and its peers still believe so, we go on as Master.
    pub fn handle_adopt(&mut self, legacy: Legacy, alive: Instant, now: Instant) {
        self.static_inheritance = legacy.statics;
        self.leftovers = legacy.orphans;
        for entry in legacy.instances {
            let until = alive + Duration::from_nanos(entry.patience_ns);
            match entry.state {
                State::Master => {
                    let estate = Estate {
                        believed_until: Some(until).filter(|until| now < *until),
                        farewell: entry.farewell,
                        held: entry.held,
                    };
                    self.inheritance.insert((entry.instance, entry.router), estate);
                }
                State::Backup | State::Fault | State::Initialize => self.leftovers.extend(entry.held),
            }
        }
    }

    /// Takes a plan. A start is a change from nothing.
    pub fn handle_plan(&mut self, plan: &Plan, now: Instant) {
        if self.stopping {
            return;
        }
        self.begin_late(&plan.start, now);
        self.links.plan(&plan.links);
        self.out.pace.plan(&plan.switches);
        self.retire(plan, now);
        let mut old = std::mem::take(&mut self.instances);
        for wanted in &plan.instances {
            match old.iter().position(|known| same_router(&known.plan, wanted)) {
                Some(at) => {
                    let known = old.swap_remove(at);
                    self.change(known, wanted, now);
                }
                None => {
                    // Who only has the name of a Master has to win the election first.
                    let heir = (wanted.name.clone(), wanted.router());
                    let estate = self.inheritance.remove(&heir).unwrap_or_default();
                    let mut instance = Instance::new(wanted.clone(), estate.believed_until, now);
                    if let Some(last) = estate.farewell.first() {
                        instance.proof.inherit(&last.seal.clone().renewed(self.out.wall));
                    }
                    let abandoned = instance.holding.inherit(estate.held, &self.links);
                    self.orphans.take(abandoned, false);
                    self.instances.push(instance);
                }
            }
        }
        self.disclaim();
        self.change_statics(plan);
        self.reclaim();
        self.find_stray_devices();
        self.take_old_entries_out(now);
        self.group_up(&plan.groups);
        self.settle(now);
    }

    /// The first plan may have to wait, though not for what a predecessor was Master of.
    fn begin_late(&mut self, start: &StartPlan, now: Instant) {
        if std::mem::replace(&mut self.served, true) || !self.inheritance.is_empty() {
            return;
        }
        let after_boot = u64::try_from(start.after_boot.as_nanos()).unwrap_or(u64::MAX);
        // Our clock counts from the boot.
        let begins = (now + start.delay).max(Instant::from_nanos(after_boot));
        self.begins = (begins > now).then_some(begins);
    }

    /// What a predecessor was Master of and the plan has no more: its peers are told, and its addresses go; so does what
    /// it had not yet taken out itself.
    fn disclaim(&mut self) {
        for (_, estate) in std::mem::take(&mut self.inheritance) {
            if estate.believed_until.is_some() {
                for mut advert in estate.farewell {
                    advert.seal = advert.seal.renewed(self.out.wall);
                    self.out.push(ElectEffect::SendAdvert(advert));
                }
            }
            self.leftovers.extend(estate.held);
        }
        let left = Holding::default().inherit(std::mem::take(&mut self.leftovers), &self.links);
        self.orphans.take(left, false);
    }

    /// Takes the plan of what is always there.
    fn change_statics(&mut self, plan: &Plan) {
        let abandoned = self.statics.change_statics(&plan.statics);
        self.orphans.take(abandoned, false);
        let left = std::mem::take(&mut self.static_inheritance);
        let abandoned = self.statics.inherit(left, &self.links);
        self.orphans.take(abandoned, false);
    }

    /// Ends what the plan has no more, before anything new begins.
    fn retire(&mut self, plan: &Plan, now: Instant) {
        for i in (0..self.instances.len()).rev() {
            let stays = self.instances.get(i).is_some_and(|known| {
                plan.instances
                    .iter()
                    .any(|wanted| same_router(&known.plan, wanted))
            });
            if !stays {
                self.stop_instance(i, Cause::Removed, now);
                let gone = self.instances.remove(i);
                self.orphans.take(gone.holding, gone.plan.priority.is_owner());
            }
        }
    }

    /// Gives a known instance its new plan. State and timers stay.
    fn change(&mut self, mut known: Instance, wanted: &InstancePlan, now: Instant) {
        if known.plan != *wanted {
            let before = known.plan.advert_interval;
            // Whose addresses these were says whether the host has them of its own.
            let was_owner = known.plan.priority.is_owner();
            known.plan = wanted.clone();
            known.prepared.outdate();
            known.checksum = planned_checksum(wanted).unwrap_or(known.checksum);
            let abandoned = known.holding.change_instance(wanted);
            self.orphans.take(abandoned, was_owner);
            let interval = known.interval();
            match &mut known.phase {
                Phase::Initialize | Phase::Fault => {}
                Phase::Backup(backup) if known.heard.is_none() && backup.learned == before => {
                    backup.learned = wanted.advert_interval;
                }
                Phase::Backup(_) => {}
                Phase::Master(Master { advert_at, .. }) => *advert_at = (*advert_at).min(now + interval),
            }
        }
        self.instances.push(known);
    }

    /// Makes the units anew, and tells each instance what it tracks.
    fn group_up(&mut self, groups: &[GroupPlan]) {
        let group_of: BTreeMap<&InstanceName, &GroupPlan> = groups
            .iter()
            .flat_map(|group| group.members.iter().map(move |member| (member, group)))
            .collect();
        let mut units: BTreeMap<GroupName, Vec<usize>> = BTreeMap::new();
        self.units.clear();
        for (i, instance) in self.instances.iter_mut().enumerate() {
            let group = group_of.get(&instance.plan.name).copied();
            instance.join(group);
            match group {
                Some(group) => units.entry(group.name.clone()).or_default().push(i),
                None => self.units.push(Unit {
                    group: None,
                    members: vec![i],
                }),
            }
        }
        self.units.extend(units.into_iter().map(|(name, members)| Unit {
            group: Some(name),
            members,
        }));
        for (place, unit) in self.units.iter().enumerate() {
            for i in &unit.members {
                if let Some(instance) = self.instances.get_mut(*i) {
                    instance.unit = place;
                }
            }
        }
    }
}

impl Instance {
    fn join(&mut self, group: Option<&GroupPlan>) {
        self.group = group.map(|group| group.name.clone());
        self.track = self.plan.track.clone();
        self.track_links = self.plan.track_links.clone();
        if let Some(group) = group {
            self.track.extend(group.track.iter().cloned());
            self.track_links.extend(group.track_links.iter().cloned());
        }
    }
}

/// Whether a new plan is for the same virtual router, so that its state can stay.
fn same_router(one: &InstancePlan, other: &InstancePlan) -> bool {
    let same_transport = match (&one.transport, &other.transport) {
        (Transport::Multicast(_), Transport::Multicast(_))
        | (Transport::Unicast { .. }, Transport::Unicast { .. }) => true,
        (Transport::Multicast(_), Transport::Unicast { .. })
        | (Transport::Unicast { .. }, Transport::Multicast(_)) => false,
    };
    same_transport && one.name == other.name && one.router() == other.router()
}
