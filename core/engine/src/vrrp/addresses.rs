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
            interface: address.interface.as_ref().unwrap_or(interface).clone(),
            address,
            link: None,
            level: Level::default(),
            ours: false,
            bursts: None,
        }
    }

    /// What a predecessor left on a link of this name.
    pub(super) fn left(link: LinkIndex, net: IpNet, interface: &LinkName) -> Self {
        let address = VirtualAddress {
            net,
            interface: None,
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
            self.link = index;
            self.level.forget();
            self.bursts = None;
            self.ours = false;
        }
        let Some(link) = link else { return };
        let is_so = || Some(link.addresses.contains(&self.address.net) == (aim == Aim::On));
        if self.level.must_order(&aim, is_so, now) {
            if self.may_order(aim, place, link.index) {
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

    fn may_order(&self, aim: Aim, place: &Place<'_>, link: LinkIndex) -> bool {
        match aim {
            Aim::On => true,
            Aim::Off => (self.ours || !place.spare) && !place.others.hold_address(link, self.address.net),
        }
    }

    fn order(&mut self, aim: Aim, link: &LinkFact, out: &mut Out, now: Instant) {
        let order = out.next_order();
        let mut options = self.address.options.clone();
        if link.device.is_some_and(|device| device.maker == Maker::Us) {
            options.metric.get_or_insert(DEVICE_METRIC);
        }
        let wanted = AddressOrder {
            order,
            link: link.index,
            net: self.address.net,
            options,
        };
        self.level.ordered(aim, order, now);
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

    /// Whether we put it there.
    pub(super) const fn is_ours(&self) -> bool {
        self.ours
    }

    /// Where it is held, or may be: on a link, or on the way there.
    pub(super) fn held(&self) -> Option<(LinkIndex, IpNet)> {
        self.link.map(|link| (link, self.address.net))
    }
}
