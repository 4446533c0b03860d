//! Devices of instances and of their addresses: each has a name and an address of its own.

use model::ids::LinkName;
use model::plan::{DeviceKind, DevicePlan};

use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, InstanceDraft};
use crate::source::Span;

/// A device, the interface below it, and where it is asked for.
type Asked<'a> = (&'a DevicePlan, &'a LinkName, &'a Span);

pub(super) fn devices(draft: &Draft, d: &mut Diagnostics) {
    let all: Vec<&InstanceDraft> = draft.instances.iter().filter(|i| !i.broken).collect();
    let mut before: Vec<Asked<'_>> = Vec::new();
    for (device, over, span) in all.iter().flat_map(|instance| asked(instance)) {
        if let Some(on) = all.iter().find(|other| other.plan.interface == device.name) {
            d.device_is_interface(span, device.name.as_str(), on.plan.name.as_str());
        }
        let same = |(other, below, _): &&Asked<'_>| *below == over && other.kind == device.kind;
        if let Some((.., first)) = before.iter().find(|(other, ..)| other.name == device.name) {
            d.duplicate(span, "device", device.name.as_str(), first);
        } else if let (DeviceKind::Macvlan(mac), Some((.., first))) = (device.kind, before.iter().find(same))
        {
            d.duplicate_mac(span, mac, over.as_str(), first);
        }
        before.push((device, over, span));
    }
}

/// The devices of an instance, each once.
fn asked(instance: &InstanceDraft) -> Vec<Asked<'_>> {
    let plan = &instance.plan;
    let own = plan.device.iter();
    let own = own.map(|device| (device, &plan.interface, instance.places.of("device")));
    let lists = [
        (&plan.addresses, &instance.addresses),
        (&plan.excluded, &instance.excluded),
    ];
    let addresses = lists.into_iter().flat_map(|(list, spans)| list.iter().zip(spans));
    let others = addresses.filter_map(|(address, span)| {
        let over = address.interface.as_ref().unwrap_or(&plan.interface);
        Some((address.device.as_ref()?, over, span))
    });
    let mut all: Vec<Asked<'_>> = Vec::new();
    for one in own.chain(others) {
        if !all.iter().any(|known| (known.0, known.1) == (one.0, one.1)) {
            all.push(one);
        }
    }
    all
}
