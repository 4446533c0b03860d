//! `[instance.NAME]` and `[group.NAME]`.

mod conduct;
pub(super) mod device;
pub(super) mod parts;
mod proof;
mod reach;

use std::time::Duration;

use model::net::Family;
use model::plan::{Auth, ChecksumForm, GroupPlan, HmacPlan, InstancePlan, Preempt, Version};
use model::units::{Centis, Priority, Vrid};

use super::address;
use super::entries;
use super::hook;
use super::keys::{self, At, Keys};
use super::resource;
use super::tree::{Entry, Table, Value};
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, GroupDraft, InstanceDraft, Language, Places};
use crate::unit;
use crate::vmac;

pub(super) fn lower(name: &Entry, table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "an instance");
    let errors = d.count().0;
    let wire = wire(&mut keys, name, d);
    let addresses = address::addresses(&mut keys, "addresses", &draft.names, d);
    let excluded = address::addresses(&mut keys, "excluded", &draft.names, d);
    let routes = entries::routes(&mut keys, &draft.names, d);
    let rules = entries::rules(&mut keys, &draft.names, d);
    let reach = reach::reach(&mut keys, name, addresses.list.first(), d);
    let preempt = keys.node("preempt").and_then(|node| parts::preempt(node, d));
    let device = device::Device::find(&mut keys);
    let accept = keys.flag("accept", d);
    let answer_lower = keys.flag("answer_lower", d).unwrap_or(true);
    let conduct = conduct::conduct(&mut keys, d);
    let strict = keys.flag("strict", d).unwrap_or(false);
    let announcement = parts::announcement(keys.table("announce", d), strict, d);
    let track_own_link = keys.flag("track_own_interface", d).unwrap_or(true);
    let track_source = keys.flag("track_source", d).unwrap_or(false);
    let track = parts::track(&mut keys, d);
    let hooks = hook::of_instance(&mut keys, draft, d);
    let tells = conduct::tells(&mut keys, &hooks, d);
    let resources = resource::lower_all(&mut keys, draft, d);
    let (device, everywhere) = device.lower(reach.family, wire.vrid, d);
    let refused = keys.refused;
    keys.finish(d);
    let mut plan = InstancePlan {
        name: name.key.as_str().into(),
        interface: wire.interface.into(),
        vrid: wire.vrid,
        family: reach.family,
        version: wire.version,
        priority: wire.priority,
        advert_interval: wire.advert_interval,
        preempt: preempt.unwrap_or(Preempt::Yes),
        down_adverts: wire.down_adverts,
        transport: reach.transport,
        source: reach.source,
        auth: wire.auth,
        hmac: wire.hmac,
        checksum: wire.checksum,
        answer_lower,
        conduct,
        addresses: addresses.list,
        excluded: excluded.list,
        routes,
        rules,
        device,
        accept: accept.unwrap_or(!strict),
        announcement,
        track_own_link,
        track_source,
        track_links: track.links,
        track: track.trackers,
        tells,
        hooks,
        resources,
    };
    let wishes = [&addresses.wishes[..], &excluded.wishes];
    vmac::grant(&mut plan, wishes, unit::DEVICE_PREFIX, everywhere);
    draft.instances.push(InstanceDraft {
        language: Language::Toml,
        plan,
        places: places(name, table),
        addresses: addresses.spans,
        excluded: excluded.spans,
        track: track.spans,
        strict,
        broken: refused || d.count().0 > errors,
    });
}

/// Keys whose places messages point to.
const PLACED: [&str; 12] = [
    "vrid",
    "priority",
    "version",
    "advert_interval",
    "down_adverts",
    "preempt",
    "strict",
    "password",
    "hmac",
    "source",
    "unicast",
    "multicast",
];

fn places(name: &Entry, table: &Table) -> Places {
    let mut places = Places::new(&name.key_span);
    for key in PLACED {
        if let Some(entry) = table.get(key) {
            places.put(key, &entry.node.span);
        }
    }
    if let Some(entry) = table.get("vmac").or_else(|| table.get("ipvlan")) {
        places.put("device", &entry.node.span);
    }
    places
}

/// What adverts say.
struct Wire<'a> {
    interface: &'a str,
    vrid: Vrid,
    priority: Priority,
    version: Version,
    advert_interval: Centis,
    down_adverts: u8,
    auth: Auth,
    hmac: Option<HmacPlan>,
    checksum: ChecksumForm,
}

fn wire<'a>(keys: &mut Keys<'a>, name: &Entry, d: &mut Diagnostics) -> Wire<'a> {
    let interface = keys.interface("interface", d);
    if keys.node("interface").is_none() {
        d.missing_key::<()>(&name.key_span, "an instance", "interface", "interface = \"eth0\"");
    }
    let vrid = keys.number("vrid", 1, 255, d);
    if keys.node("vrid").is_none() {
        d.missing_key::<()>(&name.key_span, "an instance", "vrid", "vrid = 51");
    }
    let priority = keys.number("priority", 1, 255, d);
    let version = keys.number("version", 2, 3, d);
    let interval = keys.duration("advert_interval", d);
    let down_adverts = keys.number("down_adverts", 1, 100, d);
    let auth = proof::auth(keys, d);
    let forms = [
        ("message", ChecksumForm::MessageOnly),
        ("pseudo-header", ChecksumForm::PseudoHeader),
        ("auto", ChecksumForm::Auto),
    ];
    let checksum = keys.choice("checksum", &forms, d);
    let advert_interval = interval.and_then(|at| centis(&at, d)).unwrap_or(Centis::new(100));
    Wire {
        // What is refused needs a stand-in only: its error keeps the plan from being used.
        interface: interface.map_or("none", |at| at.value),
        vrid: vrid
            .and_then(|at| parts::unsigned(at.value))
            .unwrap_or_else(placeholder_vrid),
        priority: priority
            .and_then(|at| parts::unsigned(at.value))
            .unwrap_or(Priority::DEFAULT),
        version: if version.is_some_and(|at| at.value == 2) {
            Version::V2
        } else {
            Version::V3
        },
        advert_interval,
        down_adverts: down_adverts
            .and_then(|at| u8::try_from(at.value).ok())
            .unwrap_or(3),
        auth,
        hmac: proof::hmac(keys, advert_interval, d),
        checksum: checksum.unwrap_or(ChecksumForm::MessageOnly),
    }
}

/// Stands for a VRID that was refused; the error keeps the plan from being used.
pub(crate) fn placeholder_vrid() -> Vrid {
    Vrid::try_from(1).expect("1 is a VRID")
}

/// The group of RFC 9568 §5.1.1.2 and §5.1.2.2.
pub(crate) fn default_group(family: Family) -> std::net::IpAddr {
    match family {
        Family::V4 => std::net::Ipv4Addr::new(224, 0, 0, 18).into(),
        Family::V6 => std::net::Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12).into(),
    }
}

/// A whole number of centiseconds from 10 ms to 255 s; what each version can say of it is checked later.
fn centis(at: &At<Duration>, d: &mut Diagnostics) -> Option<Centis> {
    let micros = at.value.as_micros();
    if !micros.is_multiple_of(10_000) || !(10_000..=255_000_000).contains(&micros) {
        return d.advert_interval(&at.span);
    }
    u16::try_from(micros / 10_000).ok().map(Centis::new)
}

pub(super) fn lower_group(name: &Entry, table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "a group");
    let mut members = Vec::new();
    match keys.entry("members") {
        None => {
            let example = "members = [\"web4\", \"web6\"]";
            d.missing_key::<()>(&name.key_span, "a group", "members", example);
        }
        Some(Entry { node, .. }) => match &node.value {
            Value::List(list) => {
                for node in list {
                    if let Some(member) = keys::text(node, d) {
                        members.push((member.into(), node.span.clone()));
                    }
                }
            }
            other => d
                .wrong_type::<()>(&node.span, "a list of instances", other.kind())
                .unwrap_or_default(),
        },
    }
    let track = parts::track(&mut keys, d);
    let hooks = hook::of_group(&mut keys, draft, d);
    let resources = resource::lower_all(&mut keys, draft, d);
    keys.finish(d);
    let plan = GroupPlan {
        name: name.key.as_str().into(),
        members: Vec::new(),
        track: track.trackers,
        track_links: track.links,
        hooks,
        resources,
    };
    draft.groups.push(GroupDraft {
        language: Language::Toml,
        plan,
        head: name.key_span.clone(),
        members,
        track: track.spans,
    });
}
