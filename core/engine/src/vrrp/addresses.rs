//! Virtual addresses as levels: what a state wants on a link is compared with what the link reports.

use std::net::IpAddr;

use ipnet::IpNet;
use model::effect::{AddressOrder, Announce, ElectEffect};
use model::fact::{LinkFact, Maker, Outcome};
use model::ids::{InstanceName, LinkIndex, LinkName};
use model::plan::{AddressOptions, Announcement, VirtualAddress};
use model::time::Instant;

use super::Out;
use super::announce::Bursts;
use super::holding::Others;
use super::level::{Aim, Answer, Level};
use super::links::Links;

/// Metric of the route that an address on a device of ours brings to its net: the interface below has one as well,
/// and what the node itself sends is to leave by that.
const DEVICE_METRIC: u32 = 10_000;

/// One virtual address.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) address: VirtualAddress,
    /// Where it lives.
    pub(super) interface: LinkName,
    /// The link that `level` is about.
    link: Option<LinkIndex>,
    level: Level,
    /// We put it there: it was not on the link before.
    ours: bool,
    /// The link may have it with other options than it is to have now.
    outdated: bool,
    bursts: Option<Bursts>,
}

/// For whom a slot is brought to its aim.
pub(super) struct Place<'a> {
    pub(super) links: &'a Links,
    /// The address owner's addresses belong to the host: only what we put on is taken off.
    pub(super) spare: bool,
    /// Whether the segment is told where its addresses are now.
    pub(super) announces: bool,
    /// Whether devices stay while their addresses are off.
    pub(super) keeps_devices: bool,
    pub(super) others: Others<'a>,
}

impl Slot {
    /// An address that lives on its own interface, or else on `interface`.
    pub(super) fn new(address: VirtualAddress, interface: &LinkName) -> Self {
        Self {
            interface: address.carrier(interface).clone(),
            address,
            link: None,
            level: Level::default(),
            ours: false,
            outdated: false,
            bursts: None,
        }
    }

    /// What a predecessor left on a link of this name.
    pub(super) fn left(link: LinkIndex, net: IpNet, interface: &LinkName) -> Self {
        let address = VirtualAddress {
            net,
            interface: None,
            device: None,
            options: AddressOptions::default(),
        };
        let mut slot = Self::new(address, interface);
        slot.inherit(link);
        slot
    }

    /// It is on this link, and a predecessor of ours put it there.
    pub(super) fn inherit(&mut self, link: LinkIndex) {
        self.link = Some(link);
        self.ours = true;
    }

    /// The same address on the same interface, as a new plan wants it. Whatever was ordered about it is known still.
    pub(super) fn replan(&mut self, address: VirtualAddress) {
        if !is_same_there(&self.address.options, &address.options) {
            self.outdated = true;
            self.level.forget();
        }
        self.address = address;
    }

    /// Nothing was ever ordered for it.
    pub(super) fn is_fresh(&self) -> bool {
        self.level.is_idle() && self.link.is_none()
    }

    /// Nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.level.is_idle()
    }

    /// Orders what is missing between `aim` and what the link reports.
    pub(super) fn reconcile(&mut self, aim: Aim, place: &Place<'_>, out: &mut Out, now: Instant) {
        let link = place.links.named(&self.interface);
        let index = link.map(|link| link.index);
        if self.link != index {
            self.leave(place, out);
            self.link = index;
            self.level.forget();
            self.bursts = None;
            self.ours = false;
            self.outdated = false;
        }
        let Some(link) = link else { return };
        // One that is not ours to take off stays as it is.
        self.outdated &= self.may_order(Aim::Off, place, link.index);
        let is_outdated = aim == Aim::On && self.outdated;
        let is_so = || Some(link.addresses.contains(&self.address.net) == (aim == Aim::On) && !is_outdated);
        if self.level.must_order(&aim, is_so, now) {
            if self.may_order(aim, place, link.index) {
                if is_outdated {
                    self.take_off_first(link, out);
                }
                self.order(aim, link, out, now);
            } else {
                self.level.forget();
            }
        }
        match aim {
            Aim::Off => self.bursts = None,
            Aim::On if !link.up => self.bursts = None,
            Aim::On if place.announces && self.bursts.is_none() && self.is_on(link) => {
                self.bursts = Some(Bursts::begin(now));
            }
            Aim::On => {}
        }
    }

    /// Its link is gone, or has another name by now. There the address would stay, and nobody would look for it.
    fn leave(&self, place: &Place<'_>, out: &mut Out) {
        let Some(link) = self.link.and_then(|index| place.links.at(index)) else {
            return;
        };
        if link.addresses.contains(&self.address.net) && self.may_order(Aim::Off, place, link.index) {
            out.pace.withdraw_address(link.index, self.address.net.addr());
            let order = self.wanted(link, out);
            out.push(ElectEffect::RemoveAddress(order));
        }
    }

    fn may_order(&self, aim: Aim, place: &Place<'_>, link: LinkIndex) -> bool {
        match aim {
            Aim::On => true,
            Aim::Off => (self.ours || !place.spare) && !place.others.hold_address(link, self.address.net),
        }
    }

    /// The kernel changes few of the options of an address that is there. It does both in one go, so that hardly a packet
    /// is lost; what it makes of the first shows in its answer to the second.
    fn take_off_first(&mut self, link: &LinkFact, out: &mut Out) {
        let order = self.wanted(link, out);
        out.push(ElectEffect::RemoveAddress(order));
        self.outdated = false;
        self.ours = true;
    }

    fn wanted(&self, link: &LinkFact, out: &mut Out) -> AddressOrder {
        let mut options = self.address.options.clone();
        if link.device.is_some_and(|device| device.maker == Maker::Us) {
            options.metric.get_or_insert(DEVICE_METRIC);
        }
        AddressOrder {
            order: out.next_order(),
            link: link.index,
            net: self.address.net,
            options,
        }
    }

    fn order(&mut self, aim: Aim, link: &LinkFact, out: &mut Out, now: Instant) {
        let wanted = self.wanted(link, out);
        self.level.ordered(aim, wanted.order, now);
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
        self.level
            .is_done(&Aim::On)
            .unwrap_or_else(|| link.addresses.contains(&self.address.net))
    }

    /// Takes an answer; `None` if it is not about this slot.
    pub(super) fn take_outcome(&mut self, outcome: &Outcome, now: Instant) -> Option<Answer> {
        self.level
            .take_outcome(outcome, self.address.options.untracked, now)
    }

    /// Announces the address if that is due.
    pub(super) fn announce(
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

    /// Announces it anew, if it was announced.
    pub(super) fn announce_again(&mut self, now: Instant) {
        if self.bursts.is_some() {
            self.bursts = Some(Bursts::heal(now));
        }
    }

    /// The next instant at which this slot has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        let burst = self.bursts.and_then(|bursts| bursts.due());
        self.level.due().into_iter().chain(burst).min()
    }

    /// It was ordered off, and the kernel has not agreed.
    pub(super) fn is_leaving(&self) -> bool {
        self.level.is_done(&Aim::Off) == Some(false)
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

/// Whether an address is the same in the kernel with these options as with those: how it came there, and whether it is
/// put back, do not show.
fn is_same_there(one: &AddressOptions, other: &AddressOptions) -> bool {
    let there = |options: &AddressOptions| AddressOptions {
        detects_duplicates: false,
        untracked: false,
        ..options.clone()
    };
    there(one) == there(other)
}
