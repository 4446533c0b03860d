//! Options of a service and of its servers.

use std::net::SocketAddr;
use std::time::Duration;

use model::ipvs::{DestinationKey, Forward, Persistence, ServiceKey, Tunnel};
use model::net::Family;
use model::plan::{Arguments, CommandPlan, QuorumPlan, SorryPlan};

use crate::check::{LONGEST_DRAIN, LONGEST_SLOW_START};
use crate::diagnostics::Diagnostics;
use crate::source::Span;
use crate::toml::keys::{self, Keys};
use crate::toml::tree::{Node, Value};

/// Seconds that `persistence = true` stands for (ipvsadm's and keepalived's default).
const PERSISTENCE_S: u32 = 360;

const FORWARD: [(&str, Forward); 3] = [
    ("nat", Forward::Nat),
    ("direct", Forward::Direct),
    ("tunnel", Forward::Tunnel(Tunnel::Ipip)),
];

/// Persistence as written: its prefix may be left to the family of each service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sticky {
    timeout_s: u32,
    prefix: Option<u8>,
    sip: bool,
}

impl Sticky {
    /// For a service of this family.
    pub(super) fn of(self, family: Family) -> Persistence {
        let longest = if family == Family::V4 { 32 } else { 128 };
        Persistence {
            timeout_s: self.timeout_s,
            prefix: self.prefix.unwrap_or(longest),
            sip: self.sip,
        }
    }
}

/// `true`, `"300s"`, or `{ timeout = "300s", prefix = 24, engine = "sip" }`.
pub(super) fn persistence(node: &Node, keys: &[(ServiceKey, Span)], d: &mut Diagnostics) -> Option<Sticky> {
    let is_v4 = |(key, _): &(ServiceKey, Span)| key.family() == Family::V4;
    let longest = if keys.is_empty() || keys.iter().any(is_v4) {
        32
    } else {
        128
    };
    let (timeout, prefix, sip) = match &node.value {
        Value::Boolean(false) => return None,
        Value::Boolean(true) => (None, None, false),
        Value::Table(table) => {
            let mut keys = Keys::new(table, "persistence");
            let timeout = keys.duration("timeout", d);
            let prefix = keys.number("prefix", 1, longest, d);
            let sip = keys.choice("engine", &[("sip", true)], d).unwrap_or(false);
            keys.finish(d);
            (
                timeout.map(|at| (at.value, at.span)),
                prefix.map(|at| at.value),
                sip,
            )
        }
        _ => (
            keys::duration(node, d).map(|timeout| (timeout, node.span.clone())),
            None,
            false,
        ),
    };
    let timeout_s = match timeout {
        None => PERSISTENCE_S,
        Some((timeout, span)) => match u32::try_from(timeout.as_secs()) {
            Ok(seconds) if (1..=2_678_400).contains(&seconds) && timeout.subsec_nanos() == 0 => seconds,
            _ => return d.persistence_range(&span),
        },
    };
    Some(Sticky {
        timeout_s,
        prefix: prefix.and_then(|prefix| u8::try_from(prefix).ok()),
        sip,
    })
}

/// `"nat"`, `"direct"`, `"tunnel"` (IP in IP), or `{ tunnel = "gue", port = 6080, checksum = true }`.
pub(super) fn forward(keys: &mut Keys<'_>, d: &mut Diagnostics) -> Option<Forward> {
    let node = keys.node("forward")?;
    let Value::Table(table) = &node.value else {
        return keys.choice("forward", &FORWARD, d);
    };
    let mut inner = Keys::new(table, "a tunnel");
    let kind = inner.choice("tunnel", &[("ipip", 0), ("gue", 1), ("gre", 2)], d);
    let port = inner.number("port", 1, 65_535, d);
    let checksum = inner.flag("checksum", d).unwrap_or(false);
    let remote = inner.flag("remote_checksum", d).unwrap_or(false);
    if inner.refused {
        return None;
    }
    inner.finish(d);
    let flags = u16::from(checksum) | (u16::from(remote) << 1);
    let port = port.and_then(|at| u16::try_from(at.value).ok());
    match (kind, port, flags) {
        (None, ..) => d.missing_key(&node.span, "a tunnel", "tunnel", "tunnel = \"gue\""),
        (Some(0), None, 0) => Some(Forward::Tunnel(Tunnel::Ipip)),
        (Some(1), Some(port), 0..=2) => Some(Forward::Tunnel(Tunnel::Gue { port, flags })),
        (Some(1), None, _) => d.missing_key(&node.span, "a gue tunnel", "port", "port = 6080"),
        (Some(2), None, 0..=1) => Some(Forward::Tunnel(Tunnel::Gre { flags })),
        (Some(_), ..) => d.tunnel_options(&node.span),
    }
}

/// `"30s"`; `"0s"` is the same as none.
pub(super) fn drain(node: &Node, d: &mut Diagnostics) -> Option<Duration> {
    let drain = keys::duration(node, d)?;
    if drain > LONGEST_DRAIN {
        return d.drain_range(&node.span);
    }
    Some(drain).filter(|drain| !drain.is_zero())
}

/// A number, or `{ needed = 2, hysteresis = 1, up = [...], down = [...] }`.
pub(super) fn quorum(node: &Node, d: &mut Diagnostics) -> QuorumPlan {
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

/// `"30s"`; `"0s"` is the same as none.
pub(super) fn slow_start(keys: &mut Keys<'_>, d: &mut Diagnostics) -> Option<Option<Duration>> {
    let slow = keys.duration("slow_start", d)?;
    if slow.value > LONGEST_SLOW_START {
        return d.slow_start_range(&slow.span);
    }
    Some(Some(slow.value).filter(|slow| !slow.is_zero()))
}

/// `"all"`, `"any"`, or how many checks have to pass.
pub(super) fn checks_needed(keys: &mut Keys<'_>, d: &mut Diagnostics) -> Option<Option<u32>> {
    match &keys.node("checks_needed")?.value {
        Value::Text(_) => keys.choice("checks_needed", &[("all", None), ("any", Some(1))], d),
        _ => {
            let number = keys.number("checks_needed", 1, i64::from(u16::MAX), d)?;
            Some(u32::try_from(number.value).ok())
        }
    }
}

/// `"10.0.0.99:80"`, or `{ address = "10.0.0.99:80", forward = "direct", inhibit = true }`.
pub(super) fn sorry(node: &Node, forward: Forward, d: &mut Diagnostics) -> Option<SorryPlan> {
    let (socket, forward, inhibit) = match &node.value {
        Value::Table(table) => {
            let mut keys = Keys::new(table, "a sorry server");
            let address = keys.node("address");
            let forward = self::forward(&mut keys, d).unwrap_or(forward);
            let inhibit = keys.flag("inhibit", d).unwrap_or(false);
            keys.finish(d);
            match address {
                Some(node) => (keys::socket(node, d)?, forward, inhibit),
                None => {
                    let example = "address = \"10.0.0.99:80\"";
                    return d.missing_key(&node.span, "a sorry server", "address", example);
                }
            }
        }
        _ => (keys::socket(node, d)?, forward, false),
    };
    Some(SorryPlan {
        key: destination(socket),
        forward,
        inhibit,
    })
}

/// A server without a port gets that of its service later.
pub(super) fn destination(socket: SocketAddr) -> DestinationKey {
    DestinationKey {
        address: socket.ip(),
        port: socket.port(),
    }
}
