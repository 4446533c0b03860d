//! What is brought on and taken off as one: the device below virtual addresses, the addresses, then the routes over them, then the rules that lead to
//! the routes. An instance has one, and so has what is there whatever the elections say.

use ipnet::IpNet;
use model::fact::{Held, Outcome};
use model::ids::{LinkIndex, LinkName};
use model::plan::{InstancePlan, StaticPlan, VirtualAddress};
use model::route::{Entry, Route, Rule};
use model::time::Instant;

use super::Out;
use super::addresses::{Place, Slot};
use super::devices::DeviceSlot;
use super::entries::EntrySlot;
use super::instance::Instance;
use super::level::{Aim, Answer};
use super::links::Links;
use super::reconcile::Orphans;

/// Devices, addresses and entries.
#[derive(Clone, Debug, Default)]
pub(super) struct Holding {
    /// Of an instance: below its addresses, or below one of them.
    pub(super) devices: Vec<DeviceSlot>,
    pub(super) slots: Vec<Slot>,
    pub(super) entries: Vec<EntrySlot>,
    /// The earliest instant at which one of them has something to do.
    pub(super) due: Option<Instant>,
}

/// Who may have an address or entry as well.
#[derive(Clone, Copy)]
pub(super) struct Others<'a> {
    pub(super) instances: &'a [Instance],
    pub(super) statics: &'a Holding,
    pub(super) orphans: &'a Orphans,
}

impl<'a> Others<'a> {
    /// Whether an address is not to be taken off: a Master of this node has it, or it is on its way off already.
    pub(super) fn hold_address(self, link: LinkIndex, net: IpNet) -> bool {
        let mut holdings = self.holdings().chain(self.orphans.all());
        holdings.any(|holding| holding.slots.iter().any(|slot| slot.held() == Some((link, net))))
    }

    /// The same for an entry. Taking it out twice does no harm.
    pub(super) fn hold_entry(self, entry: &Entry<LinkIndex>) -> bool {
        let here = |slot: &EntrySlot| slot.held() == Some(entry);
        self.holdings().any(|holding| holding.entries.iter().any(here))
    }

    fn holdings(self) -> impl Iterator<Item = &'a Holding> {
        let masters = self.instances.iter().filter(|instance| instance.is_master());
        masters.map(|instance| &instance.holding).chain([self.statics])
    }
}

/// What an answer was about.
pub(super) struct Answered {
    pub(super) answer: Answer,
    /// As the operator reads it.
    pub(super) what: What,
}

/// A device, an address on its interface, or an entry.
pub(super) enum What {
    Device,
    Address(IpNet, LinkName),
    Entry(Entry),
}

impl Holding {
    /// Of an instance: nothing was ordered yet.
    pub(super) fn of_instance(plan: &InstancePlan) -> Self {
        let mut holding = Self::default();
        holding.change_instance(plan);
        holding
    }

    /// Takes an instance's new plan, keeping what stays; gives back what does not.
    pub(super) fn change_instance(&mut self, plan: &InstancePlan) -> Self {
        let addresses = plan.addresses.iter().chain(&plan.excluded);
        let mut old = self.change(addresses, plan.home(), &plan.routes, &plan.rules);
        for (device, over) in plan.devices() {
            let kept = old.devices.iter().position(|slot| slot.name == device.name);
            let mut slot = kept.map_or_else(
                || DeviceSlot::left(&device.name),
                |at| old.devices.swap_remove(at),
            );
            slot.plan(device, over, plan.family);
            self.devices.push(slot);
        }
        self.note_due();
        old
    }

    /// Takes a new plan of what is always there.
    pub(super) fn change_statics(&mut self, plan: &StaticPlan) -> Self {
        // Each of them names its interface.
        let nowhere = LinkName::from("");
        self.change(plan.addresses.iter(), &nowhere, &plan.routes, &plan.rules)
    }

    fn change<'a>(
        &mut self,
        addresses: impl Iterator<Item = &'a VirtualAddress>,
        interface: &LinkName,
        routes: &[Route],
        rules: &[Rule],
    ) -> Self {
        let mut old = std::mem::take(self);
        for address in addresses {
            let fresh = Slot::new(address.clone(), interface);
            let same = |slot: &Slot| slot.address == *address && slot.interface == fresh.interface;
            let kept = old.slots.iter().position(same);
            self.slots
                .push(kept.map_or(fresh, |at| old.slots.swap_remove(at)));
        }
        let routes = routes.iter().cloned().map(Entry::Route);
        let rules = rules.iter().cloned().map(Entry::Rule);
        for entry in routes.chain(rules) {
            let kept = old.entries.iter().position(|slot| slot.entry == entry);
            let fresh = || EntrySlot::new(entry.clone());
            self.entries
                .push(kept.map_or_else(fresh, |at| old.entries.remove(at)));
        }
        self.note_due();
        old
    }

    /// Takes over what a predecessor put there; gives back what is not planned any more.
    pub(super) fn inherit(&mut self, left: Vec<Held>, links: &Links) -> Self {
        let mut rest = Self::default();
        for held in left {
            match held {
                Held::Address(link, net) => {
                    let Some(here) = links.at(link).map(|fact| &fact.name) else {
                        // The link is gone, and the address with it.
                        continue;
                    };
                    let mut planned = self.slots.iter_mut();
                    match planned.find(|slot| slot.address.net == net && slot.interface == *here) {
                        Some(slot) => slot.inherit(link),
                        None => rest.slots.push(Slot::left(link, net, here)),
                    }
                }
                Held::Entry(entry) => {
                    let left = EntrySlot::left(&entry, links);
                    let is_planned = |left: &EntrySlot| self.entries.iter().any(|e| e.entry == left.entry);
                    rest.entries.extend(left.filter(|left| !is_planned(left)));
                }
            }
        }
        rest
    }

    /// Orders what is missing between `aim` and what is known. Routes come after the addresses that they may have as
    /// a source, and go before them.
    pub(super) fn reconcile(&mut self, aim: Aim, place: &Place<'_>, out: &mut Out, now: Instant) {
        match aim {
            Aim::On => {
                self.reconcile_devices(aim, place, out, now);
                self.reconcile_slots(aim, place, out, now);
                let entries = self.entries.iter_mut();
                entries.for_each(|slot| slot.reconcile(aim, place, out, now));
            }
            Aim::Off => {
                self.take_entries_out(place, out, now);
                self.reconcile_slots(aim, place, out, now);
                self.reconcile_devices(aim, place, out, now);
            }
        }
    }

    /// Rules first: who follows one shall find the routes.
    pub(super) fn take_entries_out(&mut self, place: &Place<'_>, out: &mut Out, now: Instant) {
        let entries = self.entries.iter_mut().rev();
        entries.for_each(|slot| slot.reconcile(Aim::Off, place, out, now));
    }

    fn reconcile_slots(&mut self, aim: Aim, place: &Place<'_>, out: &mut Out, now: Instant) {
        let slots = self.slots.iter_mut();
        slots.for_each(|slot| slot.reconcile(aim, place, out, now));
    }

    fn reconcile_devices(&mut self, aim: Aim, place: &Place<'_>, out: &mut Out, now: Instant) {
        let devices = self.devices.iter_mut();
        devices.for_each(|slot| slot.reconcile(aim, place, out, now));
    }

    /// Takes an answer; `None` if it is about nothing here.
    pub(super) fn take_outcome(&mut self, outcome: &Outcome, now: Instant) -> Option<Answered> {
        let mut devices = self.devices.iter_mut();
        if let Some(answer) = devices.find_map(|slot| slot.take_outcome(outcome, now)) {
            let what = What::Device;
            return Some(Answered { answer, what });
        }
        let addresses = self.slots.iter_mut().find_map(|slot| {
            let answer = slot.take_outcome(outcome, now)?;
            let what = What::Address(slot.address.net, slot.interface.clone());
            Some(Answered { answer, what })
        });
        addresses.or_else(|| {
            self.entries.iter_mut().find_map(|slot| {
                let answer = slot.take_outcome(outcome, now)?;
                let what = What::Entry(slot.entry.clone());
                Some(Answered { answer, what })
            })
        })
    }

    /// What is to be taken out when we cannot do it. `spare`: as in [`Place`].
    pub(super) fn held(&self, spare: bool) -> Vec<Held> {
        let slots = self.slots.iter().filter(|slot| slot.is_ours() || !spare);
        let addresses = slots.filter_map(|slot| slot.held().map(|(link, net)| Held::Address(link, net)));
        let entries = self.entries.iter().filter_map(EntrySlot::held);
        addresses.chain(entries.cloned().map(Held::Entry)).collect()
    }

    /// What was ordered out and may still be there.
    pub(super) fn leaving(&self) -> Vec<Held> {
        let slots = self.slots.iter().filter(|slot| slot.is_leaving());
        let addresses = slots.filter_map(|slot| slot.held().map(|(link, net)| Held::Address(link, net)));
        let entries = self.entries.iter().filter(|slot| !slot.is_gone());
        let entries = entries.filter_map(EntrySlot::held);
        addresses.chain(entries.cloned().map(Held::Entry)).collect()
    }

    /// An entry that the kernel agreed to may be there no more. Whether it is one of these.
    pub(super) fn doubt(&mut self, entry: &Entry) -> bool {
        let mut same = self.entries.iter_mut().filter(|slot| slot.entry == *entry);
        same.any(EntrySlot::doubt)
    }

    /// Notes when it has to be looked at again.
    pub(super) fn note_due(&mut self) {
        let devices = self.devices.iter().filter_map(DeviceSlot::due);
        let slots = self.slots.iter().filter_map(Slot::due);
        let entries = self.entries.iter().filter_map(EntrySlot::due);
        self.due = devices.chain(slots).chain(entries).min();
    }
}
