//! `use_vmac`, `use_ipvlan`, `vmac_xmit_base`, `accept`: a device of the virtual router's own, and what it accepts.

use model::net::{Family, Mac};
use model::plan::{DeviceKind, DevicePlan};
use model::units::Vrid;

use crate::diagnostics::Diagnostics;
use crate::keepalived::args;
use crate::keepalived::global::Globals;
use crate::keepalived::lex::Word;
use crate::keepalived::tree::Item;
use crate::unit;

/// The last of the two counts. Without one it is what strict mode leaves out.
pub(super) fn accept(block: &Item, strict: bool) -> bool {
    let last = block.children.iter().rev().map(Item::keyword);
    let mut last = last.filter(|keyword| ["accept", "no_accept"].contains(keyword));
    last.next().map_or(!strict, |keyword| keyword == "accept")
}

pub(super) fn device(
    block: &Item,
    globals: &Globals,
    (family, vrid): (Family, Vrid),
    d: &mut Diagnostics,
) -> Option<DevicePlan> {
    let base = block.last("vmac_xmit_base");
    let (vmac, ipvlan) = (block.last("use_vmac"), block.last("use_ipvlan"));
    let plan = |kind| DevicePlan {
        name: unit::device(&globals.vmac_prefix, family, vrid).as_str().into(),
        kind,
        sends_adverts: true,
    };
    match (vmac, ipvlan) {
        (Some(_), Some(item)) => d.two_devices(item.span()),
        (None, _) => {
            if let Some(item) = base {
                d.ignored_value(item.span(), "vmac_xmit_base without use_vmac", "ignored");
            }
        }
        (Some(_), None) => {}
    }
    let mac = Mac::of_virtual_router(family, vrid.get());
    let vmac = vmac.map(|item| DevicePlan {
        sends_adverts: !base.is_some_and(|item| args::flag(item, d)),
        ..words(item, plan(DeviceKind::Macvlan(mac)), d)
    });
    vmac.or_else(|| ipvlan.map(|item| words(item, plan(DeviceKind::Ipvlan), d)))
}

/// `[[name] IFNAME] [MAC|ADDRESS] [...]`.
fn words(item: &Item, mut plan: DevicePlan, d: &mut Diagnostics) -> DevicePlan {
    let mut words = item.args().iter().peekable();
    if words.next_if(|word| word.text == "name").is_some() && words.peek().is_none() {
        d.ignored_value(item.span(), "`name` without a name", "ignored");
    }
    if let Some(name) = words.next_if(|word| !is_option(word)) {
        if unit::interface(&name.text) {
            plan.name = name.text.as_str().into();
        } else {
            d.bad_interface::<()>(&name.span, &name.text);
        }
    }
    while let Some(word) = words.next() {
        match (word.text.as_str(), plan.kind) {
            // Who makes a device hears of it in any case.
            ("netlink_notify_msg", _) | ("bridge", DeviceKind::Ipvlan) => {}
            ("group", _) => {
                words.next();
                d.not_supported(&word.span, "group", "the device is in none");
            }
            ("private" | "vepa", DeviceKind::Ipvlan) => {
                d.not_supported(&word.span, &word.text, "the device is in mode bridge");
            }
            (text, DeviceKind::Ipvlan) if unit::network(text).is_some() => {
                let instead = "adverts leave by the interface below, with its address";
                d.not_supported(&word.span, "an address of use_ipvlan", instead);
            }
            (text, DeviceKind::Macvlan(_)) if text.contains(':') => match unit::mac(text) {
                Some(mac) => plan.kind = DeviceKind::Macvlan(mac),
                None => d.bad_mac::<()>(&word.span, text).unwrap_or_default(),
            },
            (_, DeviceKind::Macvlan(_) | DeviceKind::Ipvlan) => {
                d.extra_words(&word.span, item.keyword());
            }
        }
    }
    plan
}

/// Not a name: an address, or a word of the language.
fn is_option(word: &Word) -> bool {
    let text = word.text.as_str();
    ["netlink_notify_msg", "group", "bridge", "private", "vepa"].contains(&text)
        || text.contains(':')
        || unit::network(text).is_some()
}
