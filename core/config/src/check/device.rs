//! Devices of instances: each has a name and an address of its own.

use model::plan::DeviceKind;

use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, InstanceDraft};

pub(super) fn devices(draft: &Draft, d: &mut Diagnostics) {
    let all: Vec<&InstanceDraft> = draft.instances.iter().filter(|i| !i.broken).collect();
    for (n, instance) in all.iter().enumerate() {
        let Some(device) = &instance.plan.device else {
            continue;
        };
        let span = instance.places.of("device");
        if let Some(on) = all.iter().find(|other| other.plan.interface == device.name) {
            d.device_is_interface(span, device.name.as_str(), on.plan.name.as_str());
        }
        let mut before = all
            .iter()
            .take(n)
            .filter_map(|other| Some((other, other.plan.device.as_ref()?)));
        if let Some((twin, _)) = before.clone().find(|(_, other)| other.name == device.name) {
            d.duplicate(span, "device", device.name.as_str(), twin.places.of("device"));
            continue;
        }
        let DeviceKind::Macvlan(mac) = device.kind else {
            continue;
        };
        let same = |other: &InstanceDraft, kind| {
            kind == device.kind && other.plan.interface == instance.plan.interface
        };
        if let Some((twin, _)) = before.find(|(other, its)| same(other, its.kind)) {
            d.duplicate_mac(
                span,
                mac,
                instance.plan.interface.as_str(),
                twin.places.of("device"),
            );
        }
    }
}
