//! `vrrp_instance` and `vrrp_sync_group`.

mod device;
mod parts;
mod proof;
mod reach;

use std::time::Duration;

use model::ids::LinkName;
use model::net::Family;
use model::plan::{Announcement, ChecksumForm, Conduct, GroupPlan, InstancePlan, Preempt, Version};
use model::units::{Centis, Priority, Vrid};

use super::global::{self, Globals};
use super::lex::Word;
use super::tree::Item;
use super::{address, args, entries};
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, GroupDraft, InstanceDraft, Language, Places};
use crate::vmac;

pub(super) fn lower(block: &Item, globals: &Globals, draft: &mut Draft, d: &mut Diagnostics) {
    args::at_most(block, 1, d);
    let errors = d.count().0;
    let places = places(block);
    let addresses = address::addresses(block.all("virtual_ipaddress"), &draft.names, d);
    let excluded = address::addresses(block.all("virtual_ipaddress_excluded"), &draft.names, d);
    let routes = entries::routes(block.all("virtual_routes"), &draft.names, d);
    let rules = entries::rules(block.all("virtual_rules"), &draft.names, &mut draft.priorities, d);
    let peers = reach::peers(block, d);
    let source = reach::source(block, peers.is_empty(), d);
    let first = addresses.list.first().map(|address| address.net.addr());
    let first = first.or_else(|| peers.first().map(|peer| peer.address));
    let family = first.or(source).map_or(Family::V4, Family::of);
    let strict = flag(block, "strict_mode", globals.strict, d);
    let version = wire_version(block, family, strict, globals, d);
    let (priority, master) = priority(block, strict, d);
    let interface: LinkName = interface(block, globals, d).as_str().into();
    let track = parts::track(block, interface.as_str(), d);
    let transport = reach::transport(block, family, peers, globals, d);
    let advert_interval = advert_interval(block, version, d);
    let vrid = vrid(block, d);
    let device = device::device(block, globals, (family, vrid), d);
    let mut plan = InstancePlan {
        name: block.arg().into(),
        interface,
        vrid,
        family,
        version,
        priority,
        advert_interval,
        preempt: preempt(block, priority, master, d),
        down_adverts: number(block, "down_timer_adverts", 1, 100, d).unwrap_or(globals.down_adverts),
        transport,
        source,
        auth: proof::auth(block, version, d),
        hmac: proof::hmac(block, advert_interval, d),
        checksum: checksum(block, family, globals, d),
        answer_lower: block
            .last("lower_prio_no_advert")
            .map_or(globals.answer_lower, |item| !args::flag(item, d)),
        conduct: conduct(block, globals, d),
        addresses: addresses.list,
        excluded: excluded.list,
        routes,
        rules,
        device,
        accept: device::accept(block, strict),
        announcement: announcement(block, strict, globals, d),
        track_own_link: block.last("dont_track_primary").is_none(),
        track_source: block.last("track_src_ip").is_some(),
        track_links: track.links,
        track: track.trackers,
        tells: parts::tells(block, globals.tell_priority, d),
        hooks: parts::hooks(block, &globals.user, d),
        resources: Vec::new(),
    };
    let everywhere = flag(block, "use_vmac_addr", false, d);
    let wishes = [&addresses.wishes[..], &excluded.wishes];
    vmac::grant(&mut plan, wishes, &globals.vmac_addr_prefix, everywhere);
    draft.instances.push(InstanceDraft {
        language: Language::Keepalived,
        plan,
        places,
        addresses: addresses.spans,
        excluded: excluded.spans,
        track: track.spans,
        strict,
        broken: d.count().0 > errors,
    });
}

/// A flag of an instance, or what the file says of all.
fn flag(block: &Item, keyword: &str, of_all: bool, d: &mut Diagnostics) -> bool {
    block.last(keyword).map_or(of_all, |item| args::flag(item, d))
}

/// Where the parts of an instance stand, by the names that both languages have for them.
fn places(block: &Item) -> Places {
    let mut places = Places::new(block.arg_span());
    for item in &block.children {
        let part = match item.keyword() {
            "virtual_router_id" => "vrid",
            "advert_int" => "advert_interval",
            "unicast_peer" => "unicast",
            "unicast_src_ip" | "mcast_src_ip" => "source",
            "mcast_dst_ip" => "multicast",
            "version" => "version",
            "priority" => "priority",
            "preempt_delay" => "preempt",
            "down_timer_adverts" => "down_adverts",
            "strict_mode" => "strict",
            "authentication" => "password",
            "auth_hmac" => "hmac",
            "use_vmac" | "use_ipvlan" => "device",
            _ => continue,
        };
        places.put(part, item.arg_span());
    }
    places
}

fn number(block: &Item, keyword: &str, min: u64, max: u64, d: &mut Diagnostics) -> Option<u8> {
    block
        .last(keyword)
        .and_then(|item| global::byte(item, min, max, d))
}

fn interface(block: &Item, globals: &Globals, d: &mut Diagnostics) -> String {
    let Some(item) = block.last("interface") else {
        // Sockets are bound to the VRF itself then, and hear and reach peers by all of its interfaces.
        if let Some(vrf) = block.last("vrf").filter(|_| block.last("unicast_peer").is_some()) {
            return vrf.arg().to_owned();
        }
        if let Some(name) = &globals.default_interface {
            return name.clone();
        }
        let help = "add interface eth0";
        d.refused_value(
            block.arg_span(),
            "this vrrp_instance has no interface",
            "where do adverts go?",
            help,
        );
        return String::new();
    };
    args::at_most(item, 1, d);
    if let Some(vrf) = block.last("vrf") {
        let instead = "adverts leave by the interface, in whichever VRF that is";
        d.not_supported(vrf.span(), "vrf beside an interface", instead);
    }
    if !crate::unit::interface(item.arg()) {
        d.bad_interface::<()>(item.arg_span(), item.arg());
    }
    item.arg().to_owned()
}

fn vrid(block: &Item, d: &mut Diagnostics) -> Vrid {
    let fallback = Vrid::try_from(1).expect("1 is a VRID");
    let Some(item) = block.last("virtual_router_id") else {
        let message = "this vrrp_instance has no virtual_router_id";
        d.refused_value(
            block.arg_span(),
            message,
            "which one?",
            "add virtual_router_id 51, the same on all routers",
        );
        return fallback;
    };
    let found = item
        .arg()
        .parse::<u64>()
        .ok()
        .and_then(|number| Vrid::try_from(number).ok());
    found.unwrap_or_else(|| {
        let message = format!("virtual_router_id `{}` is not a number from 1 to 255", item.arg());
        d.refused_value(
            item.arg_span(),
            &message,
            "1 to 255",
            "write virtual_router_id 51",
        );
        fallback
    })
}

/// The priority, and whether the instance is configured as Master: 255 then where nothing is said. In strict mode only
/// the owner of the addresses is.
fn priority(block: &Item, strict: bool, d: &mut Diagnostics) -> (Priority, bool) {
    let state = block.last("state");
    let master = state.is_some_and(|item| match item.arg() {
        "MASTER" => true,
        "BACKUP" => false,
        other => {
            let message = format!("state `{other}` is neither MASTER nor BACKUP");
            d.ignored_value(item.arg_span(), &message, "taken as BACKUP");
            false
        }
    });
    let set = block
        .last("priority")
        .and_then(|item| args::number(item, 1, 255, d));
    let priority = match (set.and_then(|number| Priority::try_from(number).ok()), state) {
        (Some(priority), _) => priority,
        (None, Some(state)) if master => {
            d.priority_255(state.arg_span());
            Priority::OWNER
        }
        (None, _) => Priority::DEFAULT,
    };
    if let Some(state) = state.filter(|_| strict && master != priority.is_owner()) {
        d.strict_state(state.arg_span(), priority.is_owner());
        return (priority, priority.is_owner());
    }
    (priority, master)
}

fn preempt(block: &Item, priority: Priority, master: bool, d: &mut Diagnostics) -> Preempt {
    let never = block.last("nopreempt");
    let delay = block.last("preempt_delay");
    if master || priority.is_owner() {
        for item in [never, delay].into_iter().flatten() {
            d.nopreempt_master(item.span(), item.keyword());
        }
        return Preempt::Yes;
    }
    if never.is_some() {
        return Preempt::No;
    }
    let wait = delay.and_then(|item| args::time(item, Duration::ZERO, Duration::from_secs(1000), d));
    wait.filter(|wait| !wait.is_zero())
        .map_or(Preempt::Yes, Preempt::After)
}

fn wire_version(
    block: &Item,
    family: Family,
    strict: bool,
    globals: &Globals,
    d: &mut Diagnostics,
) -> Version {
    let own = block.last("version");
    match (own.and_then(|item| global::version(item, d)), family) {
        (Some(Version::V2), Family::V6) => {
            let message = "VRRP version 2 knows IPv4 only";
            match own.map(Item::arg_span) {
                Some(span) if strict => {
                    d.refused_value(span, message, "this instance is strict", "write version 3");
                }
                Some(span) => d.ignored_value(span, message, "version 3 is used"),
                None => {}
            }
            Version::V3
        }
        (None, Family::V6) => Version::V3,
        (own, _) => own.unwrap_or(globals.version),
    }
}

/// Version 2 says whole seconds, version 3 hundredths; keepalived rounds to what can be said.
fn advert_interval(block: &Item, version: Version, d: &mut Diagnostics) -> Centis {
    let default = Centis::new(100);
    let Some(item) = block.last("advert_int") else {
        return default;
    };
    let (min, max) = (Duration::from_millis(10), Duration::from_secs(255));
    let Some(time) = args::time(item, min, max, d) else {
        return default;
    };
    let step = if version == Version::V2 { 1_000_000 } else { 10_000 };
    let steps = ((time.as_micros() + step / 2) / step).max(1);
    if steps * step != time.as_micros() {
        let message = format!(
            "version {} cannot say {time:?}",
            if version == Version::V2 { 2 } else { 3 }
        );
        d.ignored_value(item.arg_span(), &message, "rounded");
    }
    let centis = (steps * step / 10_000).min(if version == Version::V3 { 4095 } else { 25_500 });
    if centis * 10_000 < steps * step {
        d.ignored_value(
            item.arg_span(),
            "VRRP version 3 can say 40.95 s at most",
            "40.95 s is used",
        );
    }
    u16::try_from(centis).map_or(default, Centis::new)
}

fn checksum(block: &Item, family: Family, globals: &Globals, d: &mut Diagnostics) -> ChecksumForm {
    let own = block.last("v3_checksum_as_v2").map(|item| args::flag(item, d));
    match family {
        Family::V4 if own.unwrap_or(globals.message_only) => ChecksumForm::MessageOnly,
        Family::V4 | Family::V6 => ChecksumForm::PseudoHeader,
    }
}

fn conduct(block: &Item, globals: &Globals, d: &mut Diagnostics) -> Conduct {
    let mut conduct = globals.conduct;
    for item in &block.children {
        global::conduct(item.keyword(), item, &mut conduct, d);
    }
    conduct
}

/// A strict instance says nothing more to hosts after it heard a lower Master, unless that is written.
fn announcement(block: &Item, strict: bool, globals: &Globals, d: &mut Diagnostics) -> Announcement {
    let (mut announcement, mut lower) = (globals.announcement, globals.lower);
    for item in &block.children {
        global::announcement(item.keyword(), item, &mut announcement, &mut lower, d);
    }
    let by_default = if strict { 0 } else { announcement.repeat };
    Announcement {
        lower_repeat: lower.repeat.unwrap_or(by_default),
        lower_second_after: lower.second_after.unwrap_or(announcement.second_after),
        ..announcement
    }
}

/// What a group has pipes told of its members, once all of these are known.
pub(super) fn tell_of_members(items: &[Item], draft: &mut Draft, d: &mut Diagnostics) {
    for group in items.iter().filter(|item| item.keyword() == "vrrp_sync_group") {
        let asked = group.last("notify_priority_changes");
        if !asked.is_some_and(|item| args::flag(item, d)) {
            continue;
        }
        for word in members(group) {
            let named = |instance: &&mut InstanceDraft| instance.plan.name.as_str() == word.text;
            for instance in draft.instances.iter_mut().filter(named) {
                instance.plan.tells.priority = true;
            }
        }
    }
}

fn members(group: &Item) -> impl Iterator<Item = &Word> {
    let lines = group.all("group").flat_map(|list| &list.children);
    lines.flat_map(Item::words)
}

pub(super) fn lower_group(block: &Item, globals: &Globals, draft: &mut Draft, d: &mut Diagnostics) {
    args::at_most(block, 1, d);
    let members = members(block)
        .map(|word| (word.text.as_str().into(), word.span.clone()))
        .collect();
    let track = parts::track(block, "", d);
    let hooks = parts::hooks(block, &globals.user, d);
    let plan = GroupPlan {
        name: block.arg().into(),
        members: Vec::new(),
        track: track.trackers,
        track_links: track.links,
        hooks,
        resources: Vec::new(),
    };
    draft.groups.push(GroupDraft {
        language: Language::Keepalived,
        plan,
        head: block.arg_span().clone(),
        members,
        track: track.spans,
    });
}
