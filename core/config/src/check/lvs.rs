//! Services and their servers.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::ids::InstanceName;
use model::ipvs::{DestinationKey, Forward, Persistence, ServiceKey, service_flag};
use model::net::{Family, Protocol};
use model::plan::ServerPlan;

use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, InstanceDraft, Language, ServiceDraft, SyncDraft};
use crate::source::Span;

/// Seconds that keepalived takes when persistence is on without a time.
const PERSISTENCE_S: u32 = 360;

pub(super) fn services(draft: &mut Draft, d: &mut Diagnostics) {
    let mut first: BTreeMap<ServiceKey, Span> = BTreeMap::new();
    let carriers: Vec<(InstanceName, Vec<IpAddr>)> = draft
        .instances
        .iter()
        .map(|InstanceDraft { plan, .. }| {
            let all = plan.addresses.iter().chain(&plan.excluded);
            (plan.name.clone(), all.map(|address| address.net.addr()).collect())
        })
        .collect();
    for service in &mut draft.services {
        let key = *service.plan.key();
        if let Some(span) = first.get(&key) {
            d.duplicate(service.places.of("key"), "service", &key.to_string(), span);
        } else {
            first.insert(key, service.places.of("key").clone());
        }
        identity(service, d);
        suspend(service, &carriers, d);
        flags(service, d);
        servers(service, d);
        quorum(service, d);
    }
}

/// Whom a sync daemon follows, and by which identifier.
pub(super) fn sync(draft: &mut Draft, d: &mut Diagnostics) {
    let Some(SyncDraft {
        mut plan,
        id,
        head,
        follow,
    }) = draft.sync.take()
    else {
        return;
    };
    let instance = plan.follow.as_ref().map(|name| {
        let found = draft
            .instances
            .iter()
            .find(|instance| instance.plan.name == *name);
        if found.is_none() {
            d.sync_instance(&follow, name.as_str());
        }
        found
    });
    let vrid = instance.flatten().map(|instance| instance.plan.vrid.get());
    plan.attributes.id = id.or(vrid).unwrap_or(0);
    for service in &draft.services {
        let family = service.plan.key().family();
        for server in &service.plan.servers {
            if Family::of(server.key.address) != family {
                d.sync_mixed(&head, &format!("{} of {}", server.key, service.plan.key()));
            }
        }
    }
    draft.ipvs.sync = Some(plan);
}

/// Whose mastership the checks follow: the instance that is named, or the one that carries the address.
fn suspend(service: &mut ServiceDraft, carriers: &[(InstanceName, Vec<IpAddr>)], d: &mut Diagnostics) {
    if let Some(name) = &service.plan.suspend {
        let known = carriers.iter().map(|(name, _)| name.as_str());
        if !known.clone().any(|known| known == name.as_str()) {
            let example = format!("[instance.{name}]");
            d.undefined(
                service.places.of("checks_follow"),
                "instance",
                name.as_str(),
                known,
                &example,
            );
        }
    } else if let Some(span) = service.places.written("ha_suspend") {
        let carries = |address: IpAddr| {
            let found = carriers
                .iter()
                .find(|(_, addresses)| addresses.contains(&address));
            found.map(|(name, _)| name.clone())
        };
        service.plan.suspend = match service.plan.row.key {
            ServiceKey::Address { address, .. } => carries(address),
            ServiceKey::Mark { .. } => None,
        };
        if service.plan.suspend.is_none() {
            d.suspend_never(span, &service.plan.row.key.to_string());
        }
    }
}

/// Flags that only the hashing schedulers know.
fn flags(service: &mut ServiceDraft, d: &mut Diagnostics) {
    let row = &mut service.plan.row;
    let hashes = matches!(row.scheduler.as_str(), "sh" | "mh");
    let own = service_flag::SCHED_1 | service_flag::SCHED_2;
    if !hashes && row.flags & own != 0 {
        d.flags_of_others(service.places.of("flags"), &row.scheduler, service.language);
        row.flags &= !own;
    }
}

fn identity(service: &mut ServiceDraft, d: &mut Diagnostics) {
    let row = &mut service.plan.row;
    let ServiceKey::Address {
        protocol,
        address,
        port,
    } = row.key
    else {
        return;
    };
    let span = service.places.of("key");
    if address.is_multicast() || address.is_unspecified() {
        d.not_a_unicast_address(span, "service address", address, "an address of no host");
    }
    if port == 0 && row.persistence.is_none() {
        match service.language {
            Language::Toml => d.port_needed(span),
            Language::Keepalived => {
                let prefix = if address.is_ipv4() { 32 } else { 128 };
                row.persistence = Some(Persistence {
                    timeout_s: PERSISTENCE_S,
                    prefix,
                    sip: false,
                });
                d.persistence_forced(span);
            }
        }
    }
    if row.persistence.is_some_and(|persistence| persistence.sip) && protocol != Protocol::Udp {
        let written = service
            .places
            .written("sip")
            .unwrap_or(service.places.of("persistence"));
        d.sip_needs_udp(written, service.language);
        row.persistence = row.persistence.map(|persistence| Persistence {
            sip: false,
            ..persistence
        });
    }
    if row.flags & service_flag::ONE_PACKET != 0 && protocol != Protocol::Udp {
        match service.language {
            Language::Toml => d.one_packet(service.places.of("one_packet")),
            Language::Keepalived => {
                row.flags &= !service_flag::ONE_PACKET;
                d.ops_ignored(service.places.of("ops"));
            }
        }
    }
}

fn servers(service: &mut ServiceDraft, d: &mut Diagnostics) {
    let key = *service.plan.key();
    let language = service.language;
    if service.plan.servers.is_empty() {
        d.no_servers(&service.places.head);
    }
    let mut seen: BTreeMap<DestinationKey, Span> = BTreeMap::new();
    let spans = std::mem::take(&mut service.servers);
    let plans = std::mem::take(&mut service.plan.servers);
    for (mut server, span) in plans.into_iter().zip(spans) {
        let address = server.key.address;
        if address.is_multicast() || address.is_unspecified() {
            d.not_a_unicast_address(&span, "server", address, "an address of no host");
        }
        fit(&mut server.key, server.forward, key, &span, language, d);
        needs(&mut server, &span, d);
        sources(&server, &span, d);
        if let Some(first) = seen.get(&server.key) {
            d.duplicate_server(&span, &server.key.to_string(), first, language);
            continue;
        }
        seen.insert(server.key, span.clone());
        service.plan.servers.push(server);
        service.servers.push(span);
    }
    let place = service.places.of("sorry").clone();
    if let Some(sorry) = &mut service.plan.sorry {
        fit(&mut sorry.key, sorry.forward, key, &place, language, d);
    }
}

/// A server cannot need more checks than it has.
fn needs(server: &mut ServerPlan, span: &Span, d: &mut Diagnostics) {
    let all = u32::try_from(server.checks.len()).unwrap_or(u32::MAX);
    if let Some(needed) = server.needed.filter(|needed| *needed > all.max(1)) {
        d.checks_needed(span, needed, all);
        server.needed = None;
    }
}

/// A check comes from an address of the family that it asks.
fn sources(server: &ServerPlan, span: &Span, d: &mut Diagnostics) {
    for check in &server.checks {
        let target = check.address.unwrap_or(server.key.address);
        if let Some(source) = check.via.source
            && Family::of(source) != Family::of(target)
        {
            d.source_family(span, source, target);
        }
    }
}

/// Only NAT changes ports, and only a tunnel crosses families.
fn fit(
    server: &mut DestinationKey,
    forward: Forward,
    service: ServiceKey,
    span: &Span,
    language: Language,
    d: &mut Diagnostics,
) {
    let tunnel = matches!(forward, Forward::Tunnel(_));
    if !tunnel && Family::of(server.address) != service.family() {
        d.wrong_family(span, "server", server.address, service.family());
    }
    let ServiceKey::Address { port, .. } = service else {
        return;
    };
    if (tunnel || forward == Forward::Direct) && server.port != port {
        d.port_differs(span, server.port, port, language);
        server.port = port;
    }
}

fn quorum(service: &mut ServiceDraft, d: &mut Diagnostics) {
    let total: u64 = service
        .plan
        .servers
        .iter()
        .filter(|server| !server.backup)
        .map(|server| u64::from(server.weight))
        .sum();
    let quorum = &mut service.plan.quorum;
    if !service.plan.servers.is_empty() && u64::from(quorum.needed) > total.max(1) {
        d.quorum_unreachable(service.places.of("quorum"), quorum.needed, total.max(1));
        quorum.needed = u32::try_from(total.max(1)).unwrap_or(quorum.needed);
    }
    if quorum.hysteresis >= quorum.needed && quorum.hysteresis != 0 {
        d.hysteresis(service.places.of("quorum"));
        quorum.hysteresis = quorum.needed.saturating_sub(1);
    }
}
