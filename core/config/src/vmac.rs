//! Devices of single addresses: both languages say which address is to have one, and what is left open follows from the
//! virtual router.

use model::ids::LinkName;
use model::net::Mac;
use model::plan::{DeviceKind, DevicePlan, InstancePlan, VirtualAddress};

use crate::source::Span;
use crate::unit;

/// Addresses as they were read.
#[derive(Default)]
pub(crate) struct Addresses {
    pub(crate) list: Vec<VirtualAddress>,
    /// One for each.
    pub(crate) spans: Vec<Span>,
    /// One for each: whether it is to have a device of its own.
    pub(crate) wishes: Vec<Option<Wish>>,
}

/// A device for one address; what is left open is the virtual router's.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wish {
    pub(crate) name: Option<LinkName>,
    pub(crate) mac: Option<Mac>,
}

impl Extend<(VirtualAddress, Span, Option<Wish>)> for Addresses {
    fn extend<T: IntoIterator<Item = (VirtualAddress, Span, Option<Wish>)>>(&mut self, items: T) {
        for (address, span, wish) in items {
            self.list.push(address);
            self.spans.push(span);
            self.wishes.push(wish);
        }
    }
}

/// Gives addresses the devices that they are to have. Those of one interface share one: no two devices on it can have the
/// same link-layer address. `wishes` are those of the addresses and of the excluded ones, `prefix` is how names of
/// devices begin, and `everywhere` is whether all addresses on other interfaces are to have one.
pub(crate) fn grant(plan: &mut InstancePlan, wishes: [&[Option<Wish>]; 2], prefix: &str, everywhere: bool) {
    let mut made: Vec<(LinkName, DevicePlan)> = Vec::new();
    let all = [&mut plan.addresses, &mut plan.excluded];
    for (addresses, wishes) in all.into_iter().zip(wishes) {
        for (address, wish) in addresses.iter_mut().zip(wishes) {
            let elsewhere = address.interface.as_ref().filter(|name| **name != plan.interface);
            let by_default = elsewhere.filter(|_| everywhere).map(|_| Wish::default());
            let Some(wish) = wish.clone().or(by_default) else {
                continue;
            };
            let over = elsewhere.unwrap_or(&plan.interface).clone();
            let mac = wish
                .mac
                .unwrap_or(Mac::of_virtual_router(plan.family, plan.vrid.get()));
            let kind = DeviceKind::Macvlan(mac);
            if elsewhere.is_none() && plan.device.as_ref().is_some_and(|own| own.kind == kind) {
                address.interface = None;
                continue;
            }
            let known = made
                .iter()
                .find(|(below, device)| *below == over && device.kind == kind);
            let device = known.map(|(_, device)| device.clone()).unwrap_or_else(|| {
                let number = made.len() + 1;
                let name = format!("{}.{number}", unit::device(prefix, plan.family, plan.vrid));
                let device = DevicePlan {
                    name: wish.name.unwrap_or_else(|| name.as_str().into()),
                    kind,
                    sends_adverts: false,
                };
                made.push((over, device.clone()));
                device
            });
            address.device = Some(device);
        }
    }
}
