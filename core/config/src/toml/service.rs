//! `[service.NAME]`: a balanced service, its real servers and their checks.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use model::ipvs::{DestinationKey, Forward, Persistence, ServiceKey, ServiceRow, Tunnel, service_flag};
use model::net::{Family, Protocol};
use model::plan::{Arguments, CommandPlan, QuorumPlan, ServerPlan, ServicePlan, SorryPlan};

use super::check::{self, Checked};
use super::keys::{self, Keys};
use super::tree::{Entry, Node, Table, Value};
use crate::check::LONGEST_DRAIN;
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, Language, Places, PluginUse, ServiceDraft, server};
use crate::source::Span;

/// Seconds that `persistence = true` stands for (ipvsadm's and keepalived's default).
const PERSISTENCE_S: u32 = 360;

const FORWARD: [(&str, Forward); 3] = [
    ("nat", Forward::Nat),
    ("direct", Forward::Direct),
    ("tunnel", Forward::Tunnel(Tunnel::Ipip)),
];

pub(super) fn lower(name: &Entry, table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "a service");
    let mut places = Places::new(&name.key_span);
    let key = identity(&mut keys, name, &mut places, d);
    let scheduler = scheduler(&mut keys, &mut places, d);
    let forward = keys.choice("forward", &FORWARD, d).unwrap_or(Forward::Nat);
    let persistence = keys
        .node("persistence")
        .and_then(|node| persistence(node, key, d));
    let flags = flags(&mut keys, &mut places, d);
    let quorum = keys.node("quorum").map(|node| quorum(node, d));
    let sorry = keys.node("sorry").and_then(|node| sorry(node, key, forward, d));
    let inhibit = keys.flag("inhibit_on_failure", d).unwrap_or(false);
    let starts_down = keys.flag("starts_down", d).unwrap_or(false);
    let drain = keys.node("drain").and_then(|node| drain(node, d));
    let checks = check::lower_all(&mut keys, d).unwrap_or_default();
    let base = Base {
        forward,
        inhibit,
        starts_down,
        port: key.map_or(0, port_of),
        checks: &checks,
    };
    let (mut servers, mut spans) = (Vec::new(), Vec::new());
    for node in keys.list("servers", d).iter().chain(keys.list("server", d)) {
        if let Some(server) = self::lower_server(node, &base, &mut draft.uses, d) {
            servers.push(server);
            spans.push(node.span.clone());
        }
    }
    for key in ["quorum", "sorry", "persistence", "forward"] {
        if let Some(node) = keys.node(key) {
            places.put(key, &node.span);
        }
    }
    keys.finish(d);
    let Some(key) = key else { return };
    let row = ServiceRow {
        key,
        scheduler,
        flags,
        persistence,
    };
    let plan = ServicePlan {
        row,
        servers,
        quorum: quorum.unwrap_or_default(),
        sorry,
        drain,
    };
    draft.services.push(ServiceDraft {
        language: Language::Toml,
        plan,
        places,
        servers: spans,
    });
}

fn port_of(key: ServiceKey) -> u16 {
    match key {
        ServiceKey::Address { port, .. } => port,
        ServiceKey::Mark { .. } => 0,
    }
}

/// `address` with `protocol`, or `fwmark` with `family`.
fn identity(
    keys: &mut Keys<'_>,
    name: &Entry,
    places: &mut Places,
    d: &mut Diagnostics,
) -> Option<ServiceKey> {
    let protocols = [
        ("tcp", Protocol::Tcp),
        ("udp", Protocol::Udp),
        ("sctp", Protocol::Sctp),
    ];
    let protocol = keys.choice("protocol", &protocols, d);
    let address = keys.node("address");
    let mark = keys.number("fwmark", 1, i64::from(u32::MAX), d);
    let family = keys.choice("family", &[("ipv4", Family::V4), ("ipv6", Family::V6)], d);
    if keys.refused {
        return None;
    }
    match (address, mark) {
        (Some(node), None) => {
            places.put("key", &node.span);
            let socket: SocketAddr = keys::socket(node, d)?;
            let protocol = protocol.unwrap_or(Protocol::Tcp);
            Some(ServiceKey::Address {
                protocol,
                address: socket.ip(),
                port: socket.port(),
            })
        }
        (None, Some(mark)) => {
            places.put("key", &mark.span);
            let mark = u32::try_from(mark.value).ok()?;
            Some(ServiceKey::Mark {
                family: family.unwrap_or(Family::V4),
                mark,
            })
        }
        (Some(_), Some(mark)) => d.address_and_mark(&mark.span),
        (None, None) => d.missing_key(
            &name.key_span,
            "a service",
            "address",
            "address = \"192.0.2.10:80\"",
        ),
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

/// `true`, `"300s"`, or `{ timeout = "300s", prefix = 24 }`.
fn persistence(node: &Node, key: Option<ServiceKey>, d: &mut Diagnostics) -> Option<Persistence> {
    let longest = key.map_or(32, |key| if key.family() == Family::V4 { 32 } else { 128 });
    let (timeout, prefix) = match &node.value {
        Value::Boolean(false) => return None,
        Value::Boolean(true) => (None, None),
        Value::Table(table) => {
            let mut keys = Keys::new(table, "persistence");
            let timeout = keys.duration("timeout", d);
            let prefix = keys.number("prefix", 1, longest, d);
            keys.finish(d);
            (timeout.map(|at| (at.value, at.span)), prefix.map(|at| at.value))
        }
        _ => (
            keys::duration(node, d).map(|timeout| (timeout, node.span.clone())),
            None,
        ),
    };
    let timeout_s = match timeout {
        None => PERSISTENCE_S,
        Some((timeout, span)) => match u32::try_from(timeout.as_secs()) {
            Ok(seconds) if (1..=2_678_400).contains(&seconds) && timeout.subsec_nanos() == 0 => seconds,
            _ => return d.persistence_range(&span),
        },
    };
    let prefix = prefix.unwrap_or(longest);
    Some(Persistence {
        timeout_s,
        prefix: u8::try_from(prefix).ok()?,
    })
}

/// `"30s"`; `"0s"` is the same as none.
fn drain(node: &Node, d: &mut Diagnostics) -> Option<Duration> {
    let drain = keys::duration(node, d)?;
    if drain > LONGEST_DRAIN {
        return d.drain_range(&node.span);
    }
    Some(drain).filter(|drain| !drain.is_zero())
}

/// A number, or `{ needed = 2, hysteresis = 1, up = [...], down = [...] }`.
fn quorum(node: &Node, d: &mut Diagnostics) -> QuorumPlan {
    let weight = |number: Option<i64>, or| number.and_then(|n| u32::try_from(n).ok()).unwrap_or(or);
    let Value::Table(table) = &node.value else {
        let needed = weight(keys::number(node, "quorum", 1, i64::from(u32::MAX), d), 1);
        return QuorumPlan {
            needed,
            ..QuorumPlan::default()
        };
    };
    let mut keys = Keys::new(table, "a quorum");
    let needed = keys
        .number("needed", 1, i64::from(u32::MAX), d)
        .map(|at| at.value);
    let hysteresis = keys
        .number("hysteresis", 0, i64::from(u32::MAX), d)
        .map(|at| at.value);
    let up = keys.command("up", d).map(|at| at.value);
    let down = keys.command("down", d).map(|at| at.value);
    let user = keys.user("user", d).flatten();
    let omega = keys.flag("notify_on_stop", d).unwrap_or(false);
    keys.finish(d);
    let command = |argv| CommandPlan {
        argv,
        user: user.clone(),
        arguments: Arguments::AsWritten,
    };
    QuorumPlan {
        needed: weight(needed, 1),
        hysteresis: weight(hysteresis, 0),
        up: up.map(command),
        down: down.map(command),
        omega,
    }
}

/// `"10.0.0.99:80"`, or `{ address = "10.0.0.99:80", forward = "direct" }`.
fn sorry(node: &Node, key: Option<ServiceKey>, forward: Forward, d: &mut Diagnostics) -> Option<SorryPlan> {
    let (socket, forward) = match &node.value {
        Value::Table(table) => {
            let mut keys = Keys::new(table, "a sorry server");
            let address = keys.node("address");
            let forward = keys.choice("forward", &FORWARD, d).unwrap_or(forward);
            keys.finish(d);
            match address {
                Some(node) => (keys::socket(node, d)?, forward),
                None => {
                    let example = "address = \"10.0.0.99:80\"";
                    return d.missing_key(&node.span, "a sorry server", "address", example);
                }
            }
        }
        _ => (keys::socket(node, d)?, forward),
    };
    Some(SorryPlan {
        key: destination(socket, key.map_or(0, port_of)),
        forward,
    })
}

/// A server without a port has that of the service.
fn destination(socket: SocketAddr, port: u16) -> DestinationKey {
    let address: IpAddr = socket.ip();
    DestinationKey {
        address,
        port: if socket.port() == 0 { port } else { socket.port() },
    }
}

/// What servers inherit.
struct Base<'a> {
    forward: Forward,
    inhibit: bool,
    starts_down: bool,
    port: u16,
    checks: &'a [Checked],
}

/// `"10.0.0.11:80"`, or a table.
fn lower_server(
    node: &Node,
    base: &Base<'_>,
    uses: &mut Vec<PluginUse>,
    d: &mut Diagnostics,
) -> Option<ServerPlan> {
    let inherit = |uses: &mut Vec<PluginUse>| {
        uses.extend(base.checks.iter().map(|check| copy_use(&check.used)));
        base.checks.iter().map(|check| check.plan.clone()).collect()
    };
    let Value::Table(table) = &node.value else {
        let socket = keys::socket(node, d)?;
        let mut plan = server(destination(socket, base.port), base.forward);
        plan.inhibit_on_failure = base.inhibit;
        plan.starts_down = base.starts_down;
        plan.checks = inherit(uses);
        return Some(plan);
    };
    let mut keys = Keys::new(table, "a server");
    let address = match keys.node("address") {
        Some(node) => keys::socket(node, d),
        None => d.missing_key(&node.span, "a server", "address", "address = \"10.0.0.11:80\""),
    };
    let weight = keys.number("weight", 0, 65_535, d).map(|at| at.value);
    let upper = keys
        .number("upper_threshold", 0, i64::from(u32::MAX), d)
        .map(|at| at.value);
    let lower = keys
        .number("lower_threshold", 0, i64::from(u32::MAX), d)
        .map(|at| at.value);
    let forward = keys.choice("forward", &FORWARD, d).unwrap_or(base.forward);
    let inhibit = keys.flag("inhibit_on_failure", d).unwrap_or(base.inhibit);
    let starts_down = keys.flag("starts_down", d).unwrap_or(base.starts_down);
    let up = keys.command("up", d);
    let down = keys.command("down", d);
    let user = keys.user("user", d).flatten();
    let checks = match check::lower_all(&mut keys, d) {
        None => inherit(uses),
        Some(own) => own
            .into_iter()
            .map(|check| (uses.push(check.used), check.plan).1)
            .collect(),
    };
    keys.finish(d);
    let number = |number: Option<i64>, or| number.and_then(|n| u32::try_from(n).ok()).unwrap_or(or);
    let command = |at: keys::At<Vec<String>>| CommandPlan {
        argv: at.value,
        user: user.clone(),
        arguments: Arguments::AsWritten,
    };
    Some(ServerPlan {
        weight: number(weight, 1),
        upper_threshold: number(upper, 0),
        lower_threshold: number(lower, 0),
        inhibit_on_failure: inhibit,
        starts_down,
        checks,
        up: up.map(command),
        down: down.map(command),
        ..server(destination(address?, base.port), forward)
    })
}

fn copy_use(used: &PluginUse) -> PluginUse {
    let span: Span = used.span.clone();
    PluginUse {
        plugin: used.plugin.clone(),
        span,
        exec: used.exec.clone(),
        connect: used.connect,
        read: used.read.clone(),
    }
}
