//! Devices of single addresses: both languages say which address is to have one, and what is left open follows from the
//! virtual router.

use model::ids::LinkName;
use model::net::{Family, Mac};
use model::plan::{DeviceKind, DevicePlan, VirtualAddress};
use model::units::Vrid;

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

/// The virtual router whose addresses they are.
pub(crate) struct Home<'a> {
    pub(crate) interface: &'a LinkName,
    /// The device of its addresses, where it has one.
    pub(crate) own: Option<&'a DevicePlan>,
    pub(crate) family: Family,
    pub(crate) vrid: Vrid,
    /// How names of devices begin.
    pub(crate) prefix: &'a str,
    /// Whether all addresses on other interfaces are to have one.
    pub(crate) everywhere: bool,
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
/// same link-layer address.
pub(crate) fn grant(home: &Home<'_>, all: [&mut Addresses; 2]) {
    let mut made: Vec<(LinkName, DevicePlan)> = Vec::new();
    for addresses in all {
        for (address, wish) in addresses.list.iter_mut().zip(&addresses.wishes) {
            let elsewhere = address.interface.as_ref().filter(|name| *name != home.interface);
            let by_default = elsewhere.filter(|_| home.everywhere).map(|_| Wish::default());
            let Some(wish) = wish.clone().or(by_default) else {
                continue;
            };
            let over = elsewhere.unwrap_or(home.interface).clone();
            let mac = wish
                .mac
                .unwrap_or(Mac::of_virtual_router(home.family, home.vrid.get()));
            let kind = DeviceKind::Macvlan(mac);
            if elsewhere.is_none() && home.own.is_some_and(|own| own.kind == kind) {
                address.interface = None;
                continue;
            }
            let known = made
                .iter()
                .find(|(below, device)| *below == over && device.kind == kind);
            let device = known.map(|(_, device)| device.clone()).unwrap_or_else(|| {
                let number = made.len() + 1;
                let name = format!("{}.{number}", unit::device(home.prefix, home.family, home.vrid));
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
