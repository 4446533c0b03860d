//! Devices of virtual routers as levels: there while a plan names them, in use while their router is Master.
//!
//! A Backup's device is down: it answers no ARP and no neighbour solicitation, and a frame to the virtual router's
//! link-layer address is for nobody on this node (RFC 9568 §6.4.2).

use model::effect::{DeviceAim, DeviceMake, DeviceOrder, ElectEffect};
use model::fact::{LinkFact, Maker, Outcome};
use model::ids::LinkName;
use model::net::Family;
use model::plan::{DeviceKind, DevicePlan};
use model::time::Instant;
use model::transition::Fault;

use super::Out;
use super::addresses::Place;
use super::instance::Instance;
use super::level::{Aim, Answer, Level};
use super::links::Links;
use super::notice::Topic;

/// One device.
#[derive(Clone, Debug)]
pub(super) struct DeviceSlot {
    pub(super) name: LinkName,
    /// What it is to be; `None` when it only has to go.
    wanted: Option<Wanted>,
    level: Level<DeviceAim>,
}

/// What a device is made of, as the plan says it.
#[derive(Clone, Debug)]
struct Wanted {
    over: LinkName,
    kind: DeviceKind,
    family: Family,
}

impl DeviceSlot {
    /// One of that name, of which no more is known.
    pub(super) fn left(name: &LinkName) -> Self {
        Self {
            name: name.clone(),
            wanted: None,
            level: Level::default(),
        }
    }

    /// It is to be what an instance has planned.
    pub(super) fn plan(&mut self, device: &DevicePlan, over: &LinkName, family: Family) {
        self.wanted = Some(Wanted {
            over: over.clone(),
            kind: device.kind,
            family,
        });
    }

    /// What it is to be made of; `None` without the interface below it.
    fn make(&self, links: &Links) -> Option<DeviceMake> {
        let wanted = self.wanted.as_ref()?;
        Some(DeviceMake {
            over: links.named(&wanted.over)?.index,
            kind: wanted.kind,
            family: wanted.family,
        })
    }

    /// Orders what is missing. In use is On; Off is silent where it stays, else gone.
    pub(super) fn reconcile(&mut self, aim: Aim, place: &Place<'_>, out: &mut Out, now: Instant) {
        let aim = match (aim, self.make(place.links)) {
            (Aim::Off, _) if !place.keeps_devices => DeviceAim::Gone,
            (Aim::On, Some(make)) => DeviceAim::Up(make),
            (Aim::Off, Some(make)) => DeviceAim::Down(make),
            // It went with the interface.
            (Aim::On | Aim::Off, None) => return self.level.forget(),
        };
        let is_so = || Some(is_so(place.links.named(&self.name), aim));
        if self.level.must_order(&aim, is_so, now) {
            let order = out.next_order();
            self.level.ordered(aim, order, now);
            let name = self.name.clone();
            out.push(ElectEffect::Device(DeviceOrder { order, name, aim }));
        }
    }

    /// VRRP-094: nothing begins before the device is there.
    pub(super) fn fault(&self, links: &Links) -> Option<Fault> {
        let make = self.make(links)?;
        match links.named(&self.name) {
            Some(fact) if is_made(fact, make) => None,
            Some(_) | None if self.level.is_refused() => Some(Fault::Device(self.name.clone())),
            Some(_) | None => Some(Fault::DevicePending(self.name.clone())),
        }
    }

    /// Takes an answer; `None` if it is not about this slot.
    pub(super) fn take_outcome(&mut self, outcome: &Outcome, now: Instant) -> Option<Answer> {
        self.level.take_outcome(outcome, false, now)
    }

    /// Nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.level.is_idle()
    }

    /// The next instant at which this slot has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        self.level.due()
    }
}

fn is_so(fact: Option<&LinkFact>, aim: DeviceAim) -> bool {
    match aim {
        DeviceAim::Gone => !fact.is_some_and(is_ours),
        DeviceAim::Down(make) => fact.is_some_and(|fact| is_made(fact, make) && !fact.enabled),
        DeviceAim::Up(make) => fact.is_some_and(|fact| is_made(fact, make) && fact.enabled),
    }
}

/// Whether we made it, or a dead daemon of our kind.
pub(super) fn is_ours(fact: &LinkFact) -> bool {
    fact.device.is_some_and(|device| match device.maker {
        Maker::Us | Maker::Dead => true,
        Maker::Other => false,
    })
}

/// Whether it is what was to be made, and marked as ours.
fn is_made(fact: &LinkFact, make: DeviceMake) -> bool {
    fact.device.is_some_and(|device| {
        device.over == make.over && device.kind == make.kind && device.maker == Maker::Us
    })
}

impl Instance {
    /// An address of the interface below the device is answered for there, too, with that one's link-layer address: an
    /// owner has to give it to the virtual router.
    pub(super) fn tell_twins(&mut self, links: &Links, out: &mut Out, now: Instant) {
        let devices = self.plan.devices();
        let home = self.plan.home();
        let mut twins = self.plan.addresses.iter().filter_map(|address| {
            let carrier = address.carrier(home);
            let (device, below) = devices.iter().find(|(device, _)| device.name == *carrier)?;
            let twin = address.net.addr();
            let mut there = links.named(below)?.addresses.iter();
            there
                .any(|net| net.addr() == twin)
                .then_some((twin, &device.name, *below))
        });
        if let Some((twin, device, below)) = twins.next() {
            let words = format!(
                "{below} has {twin} as well as {device}, and answers for it with its own link-layer address: \
                 give {below} another address"
            );
            self.notice(Topic::Twin, None, || words, out, now);
        }
    }
}
