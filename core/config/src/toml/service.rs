//! `[service.NAME]`: a balanced service, its real servers and their checks.

mod parts;
mod server;

use model::ids::InstanceName;
use model::ipvs::{Forward, ServiceKey, ServiceRow, service_flag};
use model::net::{Family, Protocol};
use model::plan::{ServerPlan, ServicePlan};

use super::check;
use super::keys::{self, Keys};
use super::tree::{Entry, Node, Table, Value};
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, Language, Places, PluginUse, ServiceDraft};
use crate::source::Span;
use server::Base;

pub(super) fn lower(name: &Entry, table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "a service");
    let mut places = Places::new(&name.key_span);
    let heads = identity(&mut keys, name, d).unwrap_or_default();
    let scheduler = scheduler(&mut keys, &mut places, d);
    let forward = parts::forward(&mut keys, d).unwrap_or(Forward::Nat);
    let persistence = keys
        .node("persistence")
        .and_then(|node| parts::persistence(node, &heads, d));
    let flags = flags(&mut keys, &mut places, d);
    let quorum = keys.node("quorum").map(|node| parts::quorum(node, d));
    let sorry = keys.node("sorry").and_then(|node| parts::sorry(node, forward, d));
    let inhibit = keys.flag("inhibit_on_failure", d).unwrap_or(false);
    let starts_down = keys.flag("starts_down", d).unwrap_or(false);
    let drain = keys.node("drain").and_then(|node| parts::drain(node, d));
    let suspend = keys.text("checks_follow", d).map(|at| {
        places.put("checks_follow", &at.span);
        InstanceName::from(at.value)
    });
    let checks = check::lower_all(&mut keys, d).unwrap_or_default();
    let base = Base {
        forward,
        inhibit,
        starts_down,
        needed: parts::checks_needed(&mut keys, d).flatten(),
        slow_start: parts::slow_start(&mut keys, d).flatten(),
        checks: &checks,
    };
    let (servers, spans) = servers(&mut keys, &base, &mut draft.uses, d);
    for key in ["quorum", "sorry", "persistence", "forward"] {
        if let Some(node) = keys.node(key) {
            places.put(key, &node.span);
        }
    }
    keys.finish(d);
    for (key, span) in heads {
        let mut places = places.clone();
        places.put("key", &span);
        let row = ServiceRow {
            key,
            scheduler: scheduler.clone(),
            flags,
            persistence: persistence.map(|sticky| sticky.of(key.family())),
        };
        let mut plan = ServicePlan {
            row,
            servers: servers.clone(),
            quorum: quorum.clone().unwrap_or_default(),
            sorry: sorry.clone(),
            drain,
            suspend: suspend.clone(),
        };
        fill_ports(&mut plan);
        draft.services.push(ServiceDraft {
            language: Language::Toml,
            plan,
            places,
            servers: spans.clone(),
        });
    }
}

/// The servers of all three keys, each with its place.
fn servers(
    keys: &mut Keys<'_>,
    base: &Base<'_>,
    uses: &mut Vec<PluginUse>,
    d: &mut Diagnostics,
) -> (Vec<ServerPlan>, Vec<Span>) {
    let mut found = Vec::new();
    for key in ["servers", "server", "backup"] {
        for node in keys.list(key, d) {
            if let Some(mut server) = server::lower(node, base, uses, d) {
                server.backup = key == "backup";
                found.push((server, node.span.clone()));
            }
        }
    }
    found.into_iter().unzip()
}

/// Servers without a port have that of the service.
fn fill_ports(plan: &mut ServicePlan) {
    let ServiceKey::Address { port, .. } = plan.row.key else {
        return;
    };
    let servers = plan.servers.iter_mut().map(|server| &mut server.key);
    let sorry = plan.sorry.iter_mut().map(|sorry| &mut sorry.key);
    for key in servers.chain(sorry).filter(|key| key.port == 0) {
        key.port = port;
    }
}

/// `address` with `protocol`, or `fwmark` with `family`; a list or a range makes one service of each.
fn identity(keys: &mut Keys<'_>, name: &Entry, d: &mut Diagnostics) -> Option<Vec<(ServiceKey, Span)>> {
    let protocols = [
        ("tcp", Protocol::Tcp),
        ("udp", Protocol::Udp),
        ("sctp", Protocol::Sctp),
    ];
    let protocol = keys.choice("protocol", &protocols, d).unwrap_or(Protocol::Tcp);
    let family = keys
        .choice("family", &[("ipv4", Family::V4), ("ipv6", Family::V6)], d)
        .unwrap_or(Family::V4);
    let (address, mark) = (keys.node("address"), keys.node("fwmark"));
    if keys.refused {
        return None;
    }
    let missing = "address = \"192.0.2.10:80\"";
    match (address, mark) {
        (Some(node), _) | (None, Some(node)) if one_or_many(node).is_empty() => {
            d.missing_key(&node.span, "a service", "address", missing)
        }
        (Some(node), None) => {
            let mut found = Vec::new();
            for node in one_or_many(node) {
                found.extend(keys::sockets(node, d)?.into_iter().map(|socket| {
                    let key = ServiceKey::Address {
                        protocol,
                        address: socket.ip(),
                        port: socket.port(),
                    };
                    (key, node.span.clone())
                }));
            }
            Some(found)
        }
        (None, Some(node)) => {
            let mark = |node: &Node| {
                let mark = keys::number(node, "fwmark", 1, i64::from(u32::MAX), d)?;
                let mark = u32::try_from(mark).ok()?;
                Some((ServiceKey::Mark { family, mark }, node.span.clone()))
            };
            one_or_many(node).iter().map(mark).collect()
        }
        (Some(_), Some(mark)) => d.address_and_mark(&mark.span),
        (None, None) => d.missing_key(&name.key_span, "a service", "address", missing),
    }
}

fn one_or_many(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(nodes) => nodes,
        _ => std::slice::from_ref(node),
    }
}

fn scheduler(keys: &mut Keys<'_>, places: &mut Places, d: &mut Diagnostics) -> String {
    let Some(at) = keys.text("scheduler", d) else {
        return "wlc".to_owned();
    };
    places.put("scheduler", &at.span);
    if !crate::check::SCHEDULERS.contains(&at.value) {
        d.not_a_choice::<()>(&at.span, "scheduler", at.value, &crate::check::SCHEDULERS);
    }
    at.value.to_owned()
}

fn flags(keys: &mut Keys<'_>, places: &mut Places, d: &mut Diagnostics) -> u32 {
    let words = [
        ("fallback", service_flag::SCHED_1),
        ("port", service_flag::SCHED_2),
        ("flag-3", service_flag::SCHED_3),
    ];
    let mut flags = 0;
    if let Some(node) = keys.node("scheduler_flags") {
        places.put("flags", &node.span);
    }
    for node in keys.list("scheduler_flags", d) {
        flags |= keys::choice(node, "scheduler_flags", &words, d).unwrap_or(0);
    }
    if keys.flag("one_packet", d) == Some(true) {
        flags |= service_flag::ONE_PACKET;
        if let Some(node) = keys.node("one_packet") {
            places.put("one_packet", &node.span);
        }
    }
    flags
}
