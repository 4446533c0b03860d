//! `vmac` and `ipvlan`: a device of the virtual router's own.

use model::net::{Family, Mac};
use model::plan::{DeviceKind, DevicePlan};
use model::units::Vrid;

use crate::diagnostics::Diagnostics;
use crate::toml::keys::Keys;
use crate::toml::tree::{Node, Value};
use crate::unit;
use crate::vmac::Wish;

/// The keys as they stand; what is missing in them follows from the virtual router.
#[derive(Default)]
pub(super) struct Device<'a> {
    vmac: Option<&'a Node>,
    ipvlan: Option<&'a Node>,
}

impl<'a> Device<'a> {
    pub(super) fn find(keys: &mut Keys<'a>) -> Self {
        Self {
            vmac: keys.node("vmac"),
            ipvlan: keys.node("ipvlan"),
        }
    }

    /// And whether addresses on other interfaces have one too.
    pub(super) fn lower(
        &self,
        family: Family,
        vrid: Vrid,
        d: &mut Diagnostics,
    ) -> (Option<DevicePlan>, bool) {
        let mut everywhere = false;
        let plain = |kind| DevicePlan {
            name: unit::device(unit::DEVICE_PREFIX, family, vrid).as_str().into(),
            kind,
            sends_adverts: true,
        };
        let mac = Mac::of_virtual_router(family, vrid.get());
        let vmac = self
            .vmac
            .and_then(|node| vmac(node, plain(DeviceKind::Macvlan(mac)), &mut everywhere, d));
        let ipvlan = self
            .ipvlan
            .and_then(|node| ipvlan(node, plain(DeviceKind::Ipvlan), d));
        if let (Some(_), Some(_), Some(node)) = (&vmac, &ipvlan, self.ipvlan) {
            d.two_devices(&node.span);
        }
        (vmac.or(ipvlan), everywhere)
    }
}

/// `true`, or `{ name, mac, adverts, everywhere }`.
fn vmac(node: &Node, plan: DevicePlan, everywhere: &mut bool, d: &mut Diagnostics) -> Option<DevicePlan> {
    let mut keys = match switch(node, "vmac", d)? {
        Some(keys) => keys,
        None => return Some(plan),
    };
    let name = keys.interface("name", d);
    let mac = mac(&mut keys, d);
    let adverts = keys.flag("adverts", d);
    *everywhere = keys.flag("everywhere", d).unwrap_or(false);
    keys.finish(d);
    Some(DevicePlan {
        name: name.map_or(plan.name, |at| at.value.into()),
        kind: mac.map_or(plan.kind, DeviceKind::Macvlan),
        sends_adverts: adverts.unwrap_or(true),
    })
}

/// Of one address: `true`, or `{ name, mac }`.
pub(in crate::toml) fn of_address(node: &Node, d: &mut Diagnostics) -> Option<Wish> {
    let mut keys = match switch(node, "vmac", d)? {
        Some(keys) => keys,
        None => return Some(Wish::default()),
    };
    let name = keys.interface("name", d).map(|at| at.value.into());
    let mac = mac(&mut keys, d);
    keys.finish(d);
    Some(Wish { name, mac })
}

fn mac(keys: &mut Keys<'_>, d: &mut Diagnostics) -> Option<Mac> {
    let mac = keys.text("mac", d)?;
    unit::mac(mac.value).or_else(|| d.bad_mac(&mac.span, mac.value))
}

/// `true`, or `{ name }`.
fn ipvlan(node: &Node, plan: DevicePlan, d: &mut Diagnostics) -> Option<DevicePlan> {
    let mut keys = match switch(node, "ipvlan", d)? {
        Some(keys) => keys,
        None => return Some(plan),
    };
    let name = keys.interface("name", d);
    keys.finish(d);
    Some(DevicePlan {
        name: name.map_or(plan.name, |at| at.value.into()),
        ..plan
    })
}

/// `None`: off, or refused. Without keys: on, as it is by default.
fn switch<'a>(node: &'a Node, what: &'static str, d: &mut Diagnostics) -> Option<Option<Keys<'a>>> {
    match &node.value {
        Value::Boolean(on) => on.then_some(None),
        Value::Table(table) => Some(Some(Keys::new(table, what))),
        other => d.wrong_type(&node.span, "true, false or a table", other.kind()),
    }
}
