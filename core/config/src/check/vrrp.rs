//! Instances, groups and trackers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use model::ids::TrackerName;
use model::net::Family;
use model::plan::{Auth, Peer, Preempt, TrackTracker, Transport, Version, VirtualAddress};

use super::strict;
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, InstanceDraft, Language, Weight};
use crate::source::Span;

/// Most addresses that fit in the advert's 8-bit count (RFC 9568 §5.2.5).
const ADDRESSES_MAX: usize = 255;

pub(super) fn trackers(draft: &mut Draft, d: &mut Diagnostics) {
    let mut first: BTreeMap<TrackerName, Span> = BTreeMap::new();
    let trackers = draft
        .trackers
        .iter()
        .map(|tracker| (&tracker.plan.name, &tracker.head));
    let watches = draft.watches.iter().map(|watch| (&watch.plan.name, &watch.head));
    for (name, head) in trackers.chain(watches) {
        if let Some(span) = first.get(name) {
            d.duplicate(head, "tracker", name.as_str(), span);
        } else {
            first.insert(name.clone(), head.clone());
        }
    }
}

/// Weights of the trackers that exist, and which were refused.
struct Known {
    weights: BTreeMap<TrackerName, Weight>,
    broken: Vec<TrackerName>,
}

impl Known {
    fn of(draft: &Draft) -> Self {
        let trackers = draft.trackers.iter().map(|t| (t.plan.name.clone(), t.weight));
        let watches = draft.watches.iter().map(|w| (w.plan.name.clone(), w.weight));
        Self {
            weights: trackers.chain(watches).collect(),
            broken: draft.broken_trackers.clone(),
        }
    }

    /// Fills in weights and reports or drops what refers to nothing.
    fn resolve(&self, list: &mut Vec<TrackTracker>, spans: &[Span], language: Language, d: &mut Diagnostics) {
        let mut spans = spans.iter();
        list.retain_mut(|track| {
            let span = spans.next();
            let weight = self.weights.get(&track.tracker);
            if track.weight == Weight::OF_TRACKER.by {
                let Weight { by, reverse } = weight.copied().unwrap_or_default();
                (track.weight, track.reverse) = (by, reverse);
            }
            let known = weight.is_some() || self.broken.contains(&track.tracker);
            let (false, Some(span)) = (known, span) else {
                return true;
            };
            let name = track.tracker.as_str();
            match language {
                Language::Keepalived => d.track_script_missing(span, name),
                Language::Toml => {
                    let names = self.weights.keys().map(TrackerName::as_str);
                    d.undefined(span, "tracker", name, names, &format!("[tracker.{name}]"));
                }
            }
            false
        });
    }
}

pub(super) fn instances(draft: &mut Draft, d: &mut Diagnostics) {
    let known = Known::of(draft);
    for instance in &mut draft.instances {
        known.resolve(&mut instance.plan.track, &instance.track, instance.language, d);
        addresses(instance, d);
        timing(instance, d);
        transport(instance, d);
        strict::hold(instance, d);
    }
    strict::tell_difference(&draft.instances, d);
    names(draft, d);
    vrids(draft, d);
}

fn names(draft: &Draft, d: &mut Diagnostics) {
    for (n, instance) in draft.instances.iter().enumerate() {
        let twin = draft
            .instances
            .iter()
            .take(n)
            .find(|other| other.plan.name == instance.plan.name);
        if let Some(twin) = twin {
            d.duplicate(
                &instance.places.head,
                "instance",
                instance.plan.name.as_str(),
                &twin.places.head,
            );
        }
    }
}

/// Unicast and multicast are separate spaces; two unicast instances collide when they share source and a peer.
fn vrids(draft: &Draft, d: &mut Diagnostics) {
    let whole: Vec<&InstanceDraft> = draft.instances.iter().filter(|i| !i.broken).collect();
    for (n, instance) in whole.iter().enumerate() {
        let Some(twin) = whole.iter().take(n).find(|other| collide(instance, other)) else {
            continue;
        };
        let plan = &instance.plan;
        let (vrid, interface) = (plan.vrid.get(), plan.interface.as_str());
        let name = twin.plan.name.as_str();
        d.duplicate_vrid(
            instance.places.of("vrid"),
            vrid,
            interface,
            twin.places.of("vrid"),
            name,
        );
    }
}

fn collide(one: &InstanceDraft, other: &InstanceDraft) -> bool {
    let (a, b) = (&one.plan, &other.plan);
    if a.vrid != b.vrid || a.family != b.family || a.interface != b.interface {
        return false;
    }
    match (&a.transport, &b.transport) {
        (Transport::Multicast(a), Transport::Multicast(b)) => a == b,
        (Transport::Unicast { peers, .. }, Transport::Unicast { peers: others, .. }) => {
            let shared = |peer: &Peer| others.iter().any(|other| other.address == peer.address);
            a.source == b.source && peers.iter().any(shared)
        }
        _ => false,
    }
}

fn addresses(instance: &mut InstanceDraft, d: &mut Diagnostics) {
    let plan = &instance.plan;
    let both = plan.addresses.iter().zip(&instance.addresses);
    let all: Vec<(&VirtualAddress, &Span)> =
        both.chain(plan.excluded.iter().zip(&instance.excluded)).collect();
    for (n, (address, span)) in all.iter().enumerate() {
        usable(address.net, span, d);
        let twin = all
            .iter()
            .take(n)
            .find(|(other, _)| other.net.addr() == address.net.addr());
        if let Some((_, first)) = twin {
            d.repeated_address(span, address.net.addr(), first);
        }
    }
    let Some(first) = instance.addresses.first() else {
        if !instance.broken {
            match (plan.version, instance.language) {
                (Version::V3, _) => d.no_addresses_v3(&instance.places.head),
                (Version::V2, _) => d.no_addresses(&instance.places.head),
            }
        }
        return;
    };
    for (address, span) in plan.addresses.iter().zip(&instance.addresses) {
        if Family::of(address.net.addr()) != plan.family {
            d.mixed_families(span, first, plan.family);
        }
    }
    if let Some(span) = instance.addresses.get(ADDRESSES_MAX) {
        d.too_many_addresses(span, plan.addresses.len());
    }
    if let Some(IpAddr::V6(address)) = plan.addresses.first().map(|address| address.net.addr())
        && !address.is_unicast_link_local()
        && matches!(plan.transport, Transport::Multicast(_))
    {
        d.link_local_first(first, address.into(), instance.strict);
    }
}

/// An address that a host can have.
fn usable(net: IpNet, span: &Span, d: &mut Diagnostics) {
    let address = net.addr();
    let kind = if address.is_multicast() {
        "a multicast address"
    } else if address.is_unspecified() {
        "the address of no host"
    } else if address.is_loopback() {
        "a loopback address"
    } else if matches!(address, IpAddr::V4(v4) if v4.is_broadcast()) {
        "the broadcast address"
    } else {
        return;
    };
    d.not_a_unicast_address(span, "virtual address", address, kind);
}

fn timing(instance: &mut InstanceDraft, d: &mut Diagnostics) {
    let (plan, places) = (&instance.plan, &instance.places);
    let centis = plan.advert_interval.get();
    match plan.version {
        Version::V2 if centis % 100 != 0 => d.advert_interval_v2(places.of("advert_interval")),
        Version::V3 if centis > 4095 => d.advert_interval_v3(places.of("advert_interval")),
        _ => {}
    }
    if plan.version == Version::V2 && plan.family == Family::V6 {
        d.v2_ipv6(places.of("version"));
    }
    if plan.version == Version::V3 && plan.auth != Auth::None {
        d.password_v3(places.of("password"));
    }
    if plan.hmac.is_some() && matches!(plan.auth, Auth::Header(_)) {
        d.hmac_and_header(places.of("hmac"));
    }
    let moved = plan.preempt != Preempt::Yes || plan.track.iter().any(|track| track.weight != 0);
    if plan.priority.is_owner() && moved && instance.language == Language::Toml {
        d.owner_never_yields(places.of("priority"));
    }
}

/// Adverts to ourselves reach nobody. A list that all routers share has our own address in it.
fn own_peer(instance: &mut InstanceDraft, d: &mut Diagnostics) {
    let span = instance.places.of("unicast");
    let (Transport::Unicast { peers, .. }, Some(source)) =
        (&mut instance.plan.transport, instance.plan.source)
    else {
        return;
    };
    let is_own = |peer: &Peer| peer.address == source;
    if !peers.iter().any(is_own) {
        return;
    }
    if peers.len() == 1 {
        d.alone_with_itself(span, source);
    } else {
        peers.retain(|peer| !is_own(peer));
        d.own_peer(span, source);
    }
}

fn transport(instance: &mut InstanceDraft, d: &mut Diagnostics) {
    own_peer(instance, d);
    let (plan, places) = (&instance.plan, &instance.places);
    match &plan.transport {
        Transport::Multicast(group) if !group.is_multicast() => {
            d.not_multicast(places.of("multicast"), *group);
        }
        Transport::Multicast(group) if Family::of(*group) != plan.family => {
            d.wrong_family(places.of("multicast"), "group", *group, plan.family);
        }
        Transport::Multicast(_) => {}
        Transport::Unicast { peers, .. } => {
            let addresses = peers.iter().map(|peer| peer.address);
            for peer in addresses.filter(|peer| Family::of(*peer) != plan.family) {
                d.wrong_family(places.of("unicast"), "peer", peer, plan.family);
            }
        }
    }
    let Some(source) = plan.source else { return };
    if Family::of(source) != plan.family {
        d.wrong_family(places.of("source"), "source", source, plan.family);
    } else if !plan.priority.is_owner() && plan.addresses.iter().any(|vip| vip.net.addr() == source) {
        d.source_needed(places.of("source"));
    }
}

pub(super) fn groups(draft: &mut Draft, d: &mut Diagnostics) {
    let known = Known::of(draft);
    let names: Vec<_> = draft
        .instances
        .iter()
        .map(|instance| instance.plan.name.clone())
        .collect();
    let mut placed: BTreeMap<_, Span> = BTreeMap::new();
    let mut heads: BTreeMap<_, Span> = BTreeMap::new();
    for group in &mut draft.groups {
        if let Some(first) = heads.get(&group.plan.name) {
            d.duplicate(&group.head, "group", group.plan.name.as_str(), first);
        }
        heads.insert(group.plan.name.clone(), group.head.clone());
        known.resolve(&mut group.plan.track, &group.track, group.language, d);
        for (member, span) in &group.members {
            let all = names.iter().map(|name| name.as_str());
            if !names.contains(member) {
                match group.language {
                    Language::Toml => {
                        d.undefined(
                            span,
                            "instance",
                            member.as_str(),
                            all,
                            &format!("[instance.{member}]"),
                        );
                    }
                    Language::Keepalived => d.group_member_missing(span, member.as_str()),
                }
            } else if let Some(first) = placed.get(member) {
                d.two_groups(span, member.as_str(), first);
            } else {
                placed.insert(member.clone(), span.clone());
                group.plan.members.push(member.clone());
            }
        }
        if group.plan.members.len() < 2 {
            d.lonely_group(&group.head, group.plan.members.len());
        }
    }
    draft.groups.retain(|group| !group.plan.members.is_empty());
}
