//! Brings devices, addresses, routes and rules to where the states want them, and takes the kernel's answers.

use model::fact::{Held, Outcome};
use model::ids::LinkName;
use model::route::Entry;
use model::time::Instant;

use super::addresses::{Place, Slot};
use super::devices::{self, DeviceSlot};
use super::holding::{Answered, Holding, Others, What};
use super::instance::{Instance, Phase};
use super::level::{Aim, Answer};
use super::notice::Topic;
use super::{Election, Out};

/// What nobody plans any more and is still to go.
#[derive(Clone, Debug, Default)]
pub(super) struct Orphans {
    /// All of it goes.
    ours: Holding,
    /// It was an address owner's: of the addresses only what we put on goes.
    owners: Holding,
}

impl Orphans {
    /// Takes what is left of a plan. `spare`: it was an address owner's.
    pub(super) fn take(&mut self, left: Holding, spare: bool) {
        let holding = if spare { &mut self.owners } else { &mut self.ours };
        holding.devices.extend(left.devices);
        holding.slots.extend(left.slots);
        holding.entries.extend(left.entries);
    }

    pub(super) fn due(&self) -> Option<Instant> {
        self.ours.due.into_iter().chain(self.owners.due).min()
    }

    pub(super) fn all(&self) -> [&Holding; 2] {
        [&self.ours, &self.owners]
    }

    /// What is still to go.
    pub(super) fn leaving(&self) -> Vec<Held> {
        let mut leaving = self.ours.leaving();
        leaving.extend(self.owners.leaving());
        leaving
    }

    fn both(&mut self) -> [(&mut Holding, bool); 2] {
        [(&mut self.ours, false), (&mut self.owners, true)]
    }
}

impl Election {
    /// Brings what an instance holds to where its state wants it.
    pub(super) fn reconcile(&mut self, i: usize, now: Instant) {
        self.touch(i);
        let Some(instance) = self.instances.get_mut(i) else {
            return;
        };
        let aim = match instance.phase {
            Phase::Master(_) => Aim::On,
            // A predecessor's addresses are left alone as long as we may yet go on in its place.
            Phase::Initialize | Phase::Fault | Phase::Backup(_) if instance.inherits_until.is_some() => {
                return;
            }
            Phase::Initialize | Phase::Fault | Phase::Backup(_) => Aim::Off,
        };
        // Taken out, so that the others can be looked at meanwhile. Its own do not keep each other.
        let mut holding = std::mem::take(&mut instance.holding);
        if let Some(instance) = self.instances.get(i) {
            let plan = &instance.plan;
            let place = Place {
                links: &self.links,
                spare: plan.priority.is_owner(),
                announces: true,
                // A Backup's device is there, and silent.
                keeps_devices: !self.stopping,
                others: Others {
                    instances: &self.instances,
                    statics: &self.statics,
                    orphans: &self.orphans,
                },
            };
            holding.reconcile(aim, &place, &mut self.out, now);
            for slot in &mut holding.slots {
                if let Some(link) = self.links.named(&slot.interface) {
                    let announcement = plan.announcement_on(&slot.interface);
                    slot.announce(&plan.name, &announcement, link, &mut self.out, now);
                }
            }
        }
        holding.note_due();
        if let Some(instance) = self.instances.get_mut(i) {
            instance.holding = holding;
        }
    }

    /// The same for what is there from start to stop.
    pub(super) fn reconcile_statics(&mut self, now: Instant) {
        let aim = if self.stopping { Aim::Off } else { Aim::On };
        let mut statics = std::mem::take(&mut self.statics);
        self.with_place(false, &Orphans::default(), |place, out| {
            statics.reconcile(aim, place, out, now);
        });
        statics.note_due();
        self.statics = statics;
    }

    /// Takes what nobody plans any more out, and forgets it once it is gone.
    pub(super) fn reconcile_orphans(&mut self, now: Instant) {
        self.with_orphans(|holding, place, out| {
            holding.reconcile(Aim::Off, place, out, now);
            holding.devices.retain(|slot| !slot.is_idle());
            holding.slots.retain(|slot| !slot.is_idle());
            holding.entries.retain(|slot| !slot.is_gone());
            holding.note_due();
        });
    }

    /// A route or rule that is replaced goes before its successor comes: the kernel may take the two for one.
    pub(super) fn take_old_entries_out(&mut self, now: Instant) {
        self.with_orphans(|holding, place, out| holding.take_entries_out(place, out, now));
    }

    fn with_orphans(&mut self, act: impl Fn(&mut Holding, &Place<'_>, &mut Out)) {
        let mut orphans = std::mem::take(&mut self.orphans);
        for (holding, spare) in orphans.both() {
            self.with_place(spare, &Orphans::default(), |place, out| act(holding, place, out));
        }
        self.orphans = orphans;
    }

    fn with_place(&mut self, spare: bool, orphans: &Orphans, act: impl FnOnce(&Place<'_>, &mut Out)) {
        let place = Place {
            links: &self.links,
            spare,
            announces: false,
            keeps_devices: false,
            others: Others {
                instances: &self.instances,
                statics: &self.statics,
                orphans,
            },
        };
        act(&place, &mut self.out);
    }

    /// Finds the devices of ours, or of a dead daemon like us, that no instance has. One that comes back into a plan
    /// does not go.
    pub(super) fn find_stray_devices(&mut self) {
        let planned = |name: &LinkName| {
            let mut holdings = self.instances.iter().map(|instance| &instance.holding);
            holdings.any(|holding| holding.devices.iter().any(|slot| slot.name == *name))
        };
        for (orphans, _) in self.orphans.both() {
            orphans.devices.retain(|slot| !planned(&slot.name));
        }
        let known = |name: &LinkName| {
            let mut all = self.orphans.all().into_iter();
            planned(name) || all.any(|holding| holding.devices.iter().any(|slot| slot.name == *name))
        };
        let strays = self.links.all().filter(|fact| devices::is_ours(fact));
        let strays = strays.filter(|fact| !known(&fact.name));
        let strays = strays.map(|fact| DeviceSlot::left(&fact.name)).collect();
        let left = Holding {
            devices: strays,
            ..Holding::default()
        };
        self.orphans.take(left, false);
    }

    /// An address that comes back into a plan while it is still on its way off is the same address: whatever was
    /// ordered about it is known, and no older report is believed instead.
    pub(super) fn reclaim(&mut self) {
        let instances = self.instances.iter_mut().map(|instance| &mut instance.holding);
        for slot in instances
            .chain([&mut self.statics])
            .flat_map(|holding| &mut holding.slots)
            .filter(|slot| slot.is_fresh())
        {
            for (orphans, _) in self.orphans.both() {
                let same = |orphan: &Slot| {
                    orphan.interface == slot.interface && orphan.address.net == slot.address.net
                };
                if let Some(at) = orphans.slots.iter().position(same) {
                    let known = orphans.slots.swap_remove(at);
                    let fresh = std::mem::replace(slot, known);
                    slot.replan(fresh.address);
                }
            }
        }
        for (orphans, _) in self.orphans.both() {
            orphans.note_due();
        }
    }

    /// Takes the kernel's answer to an order.
    pub fn handle_outcome(&mut self, outcome: Outcome, now: Instant) {
        if self.take_shield_outcome(&outcome, now) {
            self.schedule(self.units.len());
            return;
        }
        for i in 0..self.instances.len() {
            let Some(instance) = self.instances.get_mut(i) else {
                continue;
            };
            if let Some(answered) = instance.holding.take_outcome(&outcome, now) {
                instance.tell_answer(&answered, &outcome, &mut self.out, now);
                if let (What::Entry(entry), Answer::Refused(_)) = (&answered.what, answered.answer) {
                    self.doubt(entry, now);
                }
                match answered.what {
                    // Whether there can be one decides whether the instance can take part.
                    What::Device if !self.stopping => self.settle(now),
                    What::Device | What::Address(..) | What::Entry(_) => {
                        self.reconcile(i, now);
                        self.schedule_touched();
                    }
                }
                return;
            }
        }
        if let Some(answered) = self.statics.take_outcome(&outcome, now) {
            if let (What::Entry(entry), Answer::Refused(_)) = (&answered.what, answered.answer) {
                self.doubt(entry, now);
            }
            self.reconcile_statics(now);
        } else {
            for (holding, _) in self.orphans.both() {
                holding.take_outcome(&outcome, now);
            }
            self.reconcile_orphans(now);
        }
        self.schedule(self.units.len());
        self.schedule_touched();
    }
}

impl Election {
    /// The kernel refuses an entry that several have: it is not there for the others either, and who put it in last may
    /// leave before it is there again.
    fn doubt(&mut self, entry: &Entry, now: Instant) {
        for i in 0..self.instances.len() {
            if self
                .instances
                .get_mut(i)
                .is_some_and(|instance| instance.holding.doubt(entry))
            {
                self.reconcile(i, now);
            }
        }
        if self.statics.doubt(entry) {
            self.reconcile_statics(now);
        }
    }
}

impl Instance {
    /// Tells what the kernel refused, and what somebody else had taken out.
    fn tell_answer(&mut self, answered: &Answered, outcome: &Outcome, out: &mut Out, now: Instant) {
        let words = outcome.result.as_ref().err();
        match (&answered.what, answered.answer, words) {
            (What::Address(net, interface), Answer::Refused(pause), Some(words)) => {
                let verb = match self.phase {
                    Phase::Master(_) => "put",
                    Phase::Initialize | Phase::Backup(_) | Phase::Fault => "take off",
                };
                let words = || {
                    format!("cannot {verb} {net} on {interface}: {words}; the next attempt is in {pause:?}")
                };
                self.notice(Topic::Address, None, words, out, now);
            }
            (What::Device, Answer::Refused(pause), Some(words)) => {
                let words = || format!("{words}; the next attempt is in {pause:?}");
                self.notice(Topic::Device, None, words, out, now);
            }
            (What::Entry(_), Answer::Refused(pause), Some(words)) => {
                let words = || format!("{words}; the next attempt is in {pause:?}");
                self.notice(Topic::Entry, None, words, out, now);
            }
            (What::Entry(entry), Answer::Restored, _) => {
                let words = || format!("{entry} had been taken out, and is put back");
                self.notice(Topic::Restored, None, words, out, now);
            }
            (What::Device | What::Address(..), Answer::Restored | Answer::Done | Answer::Refused(_), _)
            | (What::Entry(_), Answer::Done | Answer::Refused(_), _) => {}
        }
    }

    /// Announces every address again: somebody else was believed to have them.
    pub(super) fn announce_again(&mut self, now: Instant) {
        for slot in &mut self.holding.slots {
            slot.announce_again(now);
        }
        self.holding.note_due();
    }
}
