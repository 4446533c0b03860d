//! Virtual addresses as levels: what a state wants on a link is compared with what the link reports.
//!
//! A report may be older than an order that is under way, so while one is, and for a moment after the kernel agreed,
//! reports are not acted on. A refused order is repeated with growing pauses.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use model::effect::{AddressOrder, Announce, ElectEffect};
use model::fact::{LinkFact, Outcome};
use model::ids::{InstanceName, LinkIndex, LinkName, OrderId};
use model::plan::{Announcement, VirtualAddress};
use model::time::Instant;

use super::announce::Bursts;
use super::instance::{Instance, Phase};
use super::links::Links;
use super::notice::Topic;
use super::{Election, Out};

/// How long an answer may take before the order is given again.
const ANSWER: Duration = Duration::from_secs(5);
/// Pause after an answer, in which the links' reports may catch up; it doubles with each refusal.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_DOUBLINGS_MAX: u32 = 5;

/// Whether an address is wanted on its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    On,
    Off,
}

/// One virtual address.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) address: VirtualAddress,
    /// The link that `last` was about.
    link: Option<LinkIndex>,
    last: Option<Last>,
    refusals: u32,
    /// We put it there: it was not on the link before.
    ours: bool,
    bursts: Option<Bursts>,
}

/// The last order about an address. Until `until`, no report speaks against it.
#[derive(Clone, Copy, Debug)]
struct Last {
    aim: Aim,
    until: Instant,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Asked(OrderId),
    Done,
    Refused,
}

/// An address without a plan, on its way off.
#[derive(Clone, Debug)]
pub(super) struct Orphan {
    pub(super) instance: InstanceName,
    pub(super) interface: LinkName,
    pub(super) spare: bool,
    pub(super) slot: Slot,
}

impl Orphan {
    /// An address that a predecessor left on a link; `None` when the link is gone, and the address with it.
    pub(super) fn left(instance: &InstanceName, link: LinkIndex, net: IpNet, links: &Links) -> Option<Self> {
        let address = VirtualAddress {
            net,
            interface: None,
            label: None,
        };
        let mut slot = Slot::new(address);
        slot.inherit(link);
        Some(Self {
            instance: instance.clone(),
            interface: links.at(link)?.name.clone(),
            spare: false,
            slot,
        })
    }
}

/// For whom, and on which link, a slot is brought to its aim.
pub(super) struct Place<'a> {
    pub(super) instance: &'a InstanceName,
    pub(super) link: Option<&'a LinkFact>,
    /// The address owner's addresses belong to the host: only what we put on is taken off.
    pub(super) spare: bool,
    pub(super) others: Others<'a>,
}

/// Who may have an address as well.
#[derive(Clone, Copy)]
pub(super) struct Others<'a> {
    instances: &'a [Instance],
    orphans: &'a [Orphan],
}

impl Others<'_> {
    /// Whether an address is not to be taken off: a Master of this node has it, or it is on its way off already.
    fn hold(self, link: LinkIndex, net: IpNet) -> bool {
        let here = |slot: &Slot| slot.held() == Some((link, net));
        let mut masters = self.instances.iter().filter(|instance| instance.is_master());
        masters.any(|instance| instance.slots.iter().any(here))
            || self.orphans.iter().any(|orphan| here(&orphan.slot))
    }
}

impl Slot {
    pub(super) fn new(address: VirtualAddress) -> Self {
        Self {
            address,
            link: None,
            last: None,
            refusals: 0,
            ours: false,
            bursts: None,
        }
    }

    /// It is on this link, and a predecessor of ours put it there.
    fn inherit(&mut self, link: LinkIndex) {
        self.link = Some(link);
        self.ours = true;
    }

    /// Orders what is missing between `aim` and what the link reports.
    pub(super) fn reconcile(&mut self, aim: Aim, place: &Place<'_>, out: &mut Out, now: Instant) {
        let index = place.link.map(|link| link.index);
        if self.link != index {
            self.link = index;
            self.last = None;
            self.bursts = None;
            self.ours = false;
        }
        let Some(link) = place.link else { return };
        if self.must_order(aim, link, now) {
            if self.may_order(aim, place, link.index) {
                self.order(aim, place.instance, link, out, now);
            } else {
                self.last = None;
            }
        }
        match aim {
            Aim::Off => self.bursts = None,
            Aim::On if !link.up => self.bursts = None,
            Aim::On if self.bursts.is_none() && self.is_on(link) => self.bursts = Some(Bursts::begin(now)),
            Aim::On => {}
        }
    }

    fn must_order(&mut self, aim: Aim, link: &LinkFact, now: Instant) -> bool {
        match self.last {
            // Whatever the kernel made of that order, or still will, it is not this.
            Some(last) if last.aim != aim => true,
            Some(last) if now < last.until => false,
            Some(_) | None => {
                let reported = link.addresses.contains(&self.address.net);
                let differs = reported != (aim == Aim::On);
                match self.last {
                    // The kernel agreed, and yet it is not so: somebody works against us, or an address failed.
                    Some(last) if differs && last.progress == Progress::Done => {
                        self.refusals = self.refusals.saturating_add(1);
                    }
                    Some(_) | None => {}
                }
                if !differs {
                    self.last = None;
                    self.refusals = 0;
                }
                differs
            }
        }
    }

    fn may_order(&self, aim: Aim, place: &Place<'_>, link: LinkIndex) -> bool {
        match aim {
            Aim::On => true,
            Aim::Off => (self.ours || !place.spare) && !place.others.hold(link, self.address.net),
        }
    }

    fn order(&mut self, aim: Aim, instance: &InstanceName, link: &LinkFact, out: &mut Out, now: Instant) {
        let order = out.next_order();
        let wanted = AddressOrder {
            order,
            instance: instance.clone(),
            link: link.index,
            net: self.address.net,
            label: self.address.label.clone(),
        };
        self.last = Some(Last {
            aim,
            until: now + ANSWER,
            progress: Progress::Asked(order),
        });
        self.bursts = None;
        match aim {
            Aim::On => {
                self.ours |= !link.addresses.contains(&self.address.net);
                out.push(ElectEffect::AddAddress(wanted));
            }
            Aim::Off => {
                out.pace.withdraw_address(link.index, self.address.net.addr());
                out.push(ElectEffect::RemoveAddress(wanted));
            }
        }
    }

    /// Whether it is on the link, as far as is known.
    fn is_on(&self, link: &LinkFact) -> bool {
        match self.last {
            Some(last) => last.aim == Aim::On && last.progress == Progress::Done,
            None => link.addresses.contains(&self.address.net),
        }
    }

    /// Takes an answer; `None` if it is not about this slot, else the pause until it is looked at again.
    pub(super) fn take_outcome(&mut self, outcome: &Outcome, now: Instant) -> Option<Duration> {
        let last = self.last.as_mut()?;
        if last.progress != Progress::Asked(outcome.order) {
            return None;
        }
        // Also after consent: the links' reports lag behind, and what is undone each time is not redone for ever.
        let pause = PAUSE * 2u32.pow(self.refusals.min(PAUSE_DOUBLINGS_MAX));
        last.until = now + pause;
        match outcome.result {
            Ok(()) => last.progress = Progress::Done,
            Err(_) => {
                self.refusals = self.refusals.saturating_add(1);
                last.progress = Progress::Refused;
            }
        }
        Some(pause)
    }

    /// Announces the address if that is due.
    fn announce(
        &mut self,
        instance: &InstanceName,
        plan: &Announcement,
        link: &LinkFact,
        out: &mut Out,
        now: Instant,
    ) {
        let Some(bursts) = &mut self.bursts else { return };
        let address = self.address.net.addr();
        let gap = match address {
            IpAddr::V4(_) => plan.arp_gap,
            IpAddr::V6(_) => plan.na_gap,
        };
        for _ in 0..bursts.take(plan, now) {
            let announce = Announce {
                instance: instance.clone(),
                link: link.index,
                mac: link.mac,
                address,
            };
            out.announce(announce, gap, now);
        }
    }

    /// The next instant at which this slot has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        let order = self.last.map(|last| last.until);
        let burst = self.bursts.and_then(|bursts| bursts.due());
        order.into_iter().chain(burst).min()
    }

    /// Whether we put it there.
    pub(super) const fn is_ours(&self) -> bool {
        self.ours
    }

    /// Where it is held, or may be: on a link, or on the way there.
    pub(super) fn held(&self) -> Option<(LinkIndex, IpNet)> {
        self.link.map(|link| (link, self.address.net))
    }
}

impl Instance {
    /// Where the slot's address lives.
    fn interface_of<'a>(interface: &'a LinkName, address: &'a VirtualAddress) -> &'a LinkName {
        address.interface.as_ref().unwrap_or(interface)
    }

    /// Takes an answer about one of its addresses; false if it is about none of them.
    pub(super) fn take_outcome(&mut self, outcome: &Outcome, out: &mut Out, now: Instant) -> bool {
        let mut answers = self
            .slots
            .iter_mut()
            .map(|slot| (slot.take_outcome(outcome, now), slot));
        let Some((Some(pause), slot)) = answers.find(|(answer, _)| answer.is_some()) else {
            return false;
        };
        if let Err(words) = &outcome.result {
            let net = slot.address.net;
            let interface = Self::interface_of(&self.plan.interface, &slot.address).clone();
            let verb = match self.phase {
                Phase::Master(_) => "put",
                Phase::Initialize | Phase::Backup(_) | Phase::Fault => "take off",
            };
            let words =
                || format!("cannot {verb} {net} on {interface}: {words}; the next attempt is in {pause:?}");
            self.notice(Topic::Address, None, words, out, now);
        }
        true
    }

    /// Takes over what a predecessor put on; gives back what this plan has no more.
    pub(super) fn inherit(&mut self, left: Vec<(LinkIndex, IpNet)>, links: &Links) -> Vec<Orphan> {
        let mut orphans = Vec::new();
        for (link, net) in left {
            let here = links.at(link).map(|fact| &fact.name);
            let planned = self.slots.iter_mut().find(|slot| {
                slot.address.net == net
                    && here == Some(Self::interface_of(&self.plan.interface, &slot.address))
            });
            match planned {
                Some(slot) => slot.inherit(link),
                None => orphans.extend(Orphan::left(&self.plan.name, link, net, links)),
            }
        }
        orphans
    }

    /// Makes slots of the plan's addresses, keeping those that stay; gives back the ones that do not.
    pub(super) fn replace_slots(&mut self) -> Vec<Slot> {
        let mut old = std::mem::take(&mut self.slots);
        let wanted = self.plan.addresses.iter().chain(&self.plan.excluded);
        for address in wanted {
            let kept = old.iter().position(|slot| slot.address == *address);
            let slot = kept.map_or_else(|| Slot::new(address.clone()), |at| old.swap_remove(at));
            self.slots.push(slot);
        }
        old
    }

    /// Announces every address again: somebody else was believed to have them.
    pub(super) fn announce_again(&mut self, now: Instant) {
        for slot in &mut self.slots {
            if slot.bursts.is_some() {
                slot.bursts = Some(Bursts::heal(now));
            }
        }
        self.slots_due = self.slots.iter().filter_map(Slot::due).min();
    }
}

impl Election {
    /// Brings the addresses of an instance to where its state wants them.
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
        let mut slots = std::mem::take(&mut instance.slots);
        if let Some(instance) = self.instances.get(i) {
            let plan = &instance.plan;
            for slot in &mut slots {
                let link = self
                    .links
                    .named(Instance::interface_of(&plan.interface, &slot.address));
                let others = Others {
                    instances: &self.instances,
                    orphans: &self.orphans,
                };
                let place = Place {
                    instance: &plan.name,
                    link,
                    spare: plan.priority.is_owner(),
                    others,
                };
                slot.reconcile(aim, &place, &mut self.out, now);
                if let Some(link) = link {
                    slot.announce(&plan.name, &plan.announcement, link, &mut self.out, now);
                }
            }
        }
        if let Some(instance) = self.instances.get_mut(i) {
            instance.slots_due = slots.iter().filter_map(Slot::due).min();
            instance.slots = slots;
        }
    }

    /// Takes what nobody plans any more off its links, and forgets it once it is gone.
    pub(super) fn reconcile_orphans(&mut self, now: Instant) {
        let mut orphans = std::mem::take(&mut self.orphans);
        for orphan in &mut orphans {
            let place = Place {
                instance: &orphan.instance,
                link: self.links.named(&orphan.interface),
                spare: orphan.spare,
                others: Others {
                    instances: &self.instances,
                    orphans: &[],
                },
            };
            orphan.slot.reconcile(Aim::Off, &place, &mut self.out, now);
        }
        orphans.retain(|orphan| orphan.slot.last.is_some());
        self.orphans = orphans;
    }

    /// An address that comes back into a plan while it is still on its way off is the same address: whatever was
    /// ordered about it is known, and no older report is believed instead.
    pub(super) fn reclaim(&mut self) {
        for instance in &mut self.instances {
            let Instance { plan, slots, .. } = instance;
            for slot in slots
                .iter_mut()
                .filter(|slot| slot.last.is_none() && slot.link.is_none())
            {
                let interface = Instance::interface_of(&plan.interface, &slot.address);
                let same = |orphan: &Orphan| {
                    orphan.interface == *interface && orphan.slot.address.net == slot.address.net
                };
                if let Some(at) = self.orphans.iter().position(same) {
                    let address = slot.address.clone();
                    *slot = self.orphans.swap_remove(at).slot;
                    slot.address = address;
                }
            }
        }
    }

    /// What is left of an instance's addresses when its plan is gone.
    pub(super) fn abandon(&mut self, instance: &Instance, slots: Vec<Slot>) {
        self.orphans.extend(slots.into_iter().map(|slot| Orphan {
            instance: instance.plan.name.clone(),
            interface: Instance::interface_of(&instance.plan.interface, &slot.address).clone(),
            spare: instance.plan.priority.is_owner(),
            slot,
        }));
    }
}
