//! Strict mode: an instance that is held to the letter of its RFC. What the RFC does not know is refused, or left out
//! where keepalived leaves it out.

use model::net::Mac;
use model::plan::{Auth, DeviceKind, DevicePlan, HmacMode, Lists, Preempt, Transport, Version};

use crate::diagnostics::Diagnostics;
use crate::draft::{InstanceDraft, Language};

/// Adverts that a Backup misses before it takes over (RFC 9568 §6.1).
const DOWN_ADVERTS: u8 = 3;

pub(super) fn hold(instance: &mut InstanceDraft, d: &mut Diagnostics) {
    if !instance.strict || instance.broken {
        return;
    }
    let (plan, places, language) = (&mut instance.plan, &instance.places, instance.language);
    if plan.addresses.is_empty() && plan.version == Version::V2 {
        d.strict_without_addresses(&places.head);
    }
    if matches!(plan.transport, Transport::Unicast { .. }) {
        d.strict_unicast(places.of("unicast"), language);
    }
    if plan
        .hmac
        .as_ref()
        .is_some_and(|hmac| hmac.mode != HmacMode::Enforce)
    {
        d.strict_hmac(places.of("hmac"));
    }
    if plan.auth != Auth::None {
        d.strict_leaves_out(places.of("password"), language, "authentication");
        plan.auth = Auth::None;
    }
    if matches!(plan.preempt, Preempt::After(_)) {
        d.strict_leaves_out(places.of("preempt"), language, "a delay before preemption");
        plan.preempt = Preempt::Yes;
    }
    if plan.down_adverts != DOWN_ADVERTS {
        d.strict_leaves_out(
            places.of("down_adverts"),
            language,
            "a number of missed adverts other than 3",
        );
        plan.down_adverts = DOWN_ADVERTS;
    }
    if let Some(device) = &mut plan.device {
        keep_to_its_mac(
            device,
            Mac::of_virtual_router(plan.family, plan.vrid.get()),
            |what| {
                d.strict_leaves_out(places.of("device"), language, what);
            },
        );
    }
    for address in plan.addresses.iter_mut().chain(&mut plan.excluded) {
        let own = DeviceKind::Macvlan(Mac::of_virtual_router(plan.family, plan.vrid.get()));
        if let Some(device) = address.device.as_mut().filter(|device| device.kind != own) {
            d.strict_leaves_out(
                places.of("device"),
                language,
                "another link-layer address than that of the virtual router",
            );
            device.kind = own;
        }
    }
    // RFC 3768 §7.1; version 3 has no such rule.
    plan.conduct.lists = match plan.version {
        Version::V2 => Lists::Drop,
        Version::V3 => plan.conduct.lists,
    };
}

/// RFC 9568 §7.2 and §7.3: adverts come from the virtual router's own link-layer address, which its VRID says.
fn keep_to_its_mac(device: &mut DevicePlan, own: Mac, mut leave_out: impl FnMut(&str)) {
    match &mut device.kind {
        DeviceKind::Macvlan(mac) if *mac != own => {
            leave_out("another link-layer address than that of the virtual router");
            *mac = own;
        }
        DeviceKind::Macvlan(_) | DeviceKind::Ipvlan => {}
    }
    if !std::mem::replace(&mut device.sends_adverts, true) {
        leave_out("an advert from the link-layer address of the interface");
    }
}

/// Told once: our letter is that of RFC 9568 and its errata, and keepalived's is an older one.
pub(super) fn tell_difference(instances: &[InstanceDraft], d: &mut Diagnostics) {
    let strict = |instance: &&InstanceDraft| instance.strict && instance.language == Language::Keepalived;
    if let Some(first) = instances.iter().find(strict) {
        d.strict_differs(first.places.of("strict"));
    }
}
