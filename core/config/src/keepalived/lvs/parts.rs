//! Heads and options of a virtual_server.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use model::ipvs::{Forward, Persistence, ServiceKey, Tunnel, service_flag};
use model::net::{Family, Protocol};

use crate::check::SCHEDULERS;
use crate::diagnostics::Diagnostics;
use crate::keepalived::args;
use crate::keepalived::lex::Word;
use crate::keepalived::tree::Item;
use crate::source::Span;
use crate::unit;

/// What names a service, its protocol aside.
#[derive(Clone, Copy, Debug)]
pub(super) enum Head {
    Address(IpAddr, u16),
    Mark(Family, u32),
}

impl Head {
    pub(super) fn family(self) -> Family {
        match self {
            Self::Address(address, _) => Family::of(address),
            Self::Mark(family, _) => family,
        }
    }

    pub(super) fn key(self, protocol: Protocol) -> ServiceKey {
        match self {
            Self::Address(address, port) => ServiceKey::Address {
                protocol,
                address,
                port,
            },
            Self::Mark(family, mark) => ServiceKey::Mark { family, mark },
        }
    }
}

/// `IP [PORT]`, `fwmark N` or `group NAME`: the last may be several.
pub(super) fn heads(
    block: &Item,
    groups: &BTreeMap<String, &Item>,
    d: &mut Diagnostics,
) -> Option<Vec<(Head, Span)>> {
    let second = block.args().get(1);
    match (block.arg(), second) {
        ("fwmark", Some(word)) => {
            let family = match block.last("ip_family").map(Item::arg) {
                Some("inet6") => Family::V6,
                _ => Family::V4,
            };
            Some(vec![(mark(word, family, d)?, word.span.clone())])
        }
        ("group", Some(name)) => {
            let Some(group) = groups.get(&name.text) else {
                let message = format!("there is no virtual_server_group `{}`", name.text);
                d.refused_value(
                    &name.span,
                    &message,
                    "refers to nothing",
                    "define it, or correct the name",
                );
                return None;
            };
            let lines = group.children.iter();
            Some(
                lines
                    .filter_map(|line| entry(line.words(), d))
                    .flatten()
                    .collect(),
            )
        }
        ("fwmark" | "group", None) => {
            d.missing_argument(block.arg_span(), block.arg());
            None
        }
        _ => entry(block.args(), d),
    }
}

fn mark(word: &Word, family: Family, d: &mut Diagnostics) -> Option<Head> {
    match word.text.parse::<u32>() {
        Ok(mark) if mark > 0 => Some(Head::Mark(family, mark)),
        _ => {
            let message = format!("`{}` is not a firewall mark", word.text);
            d.refused_value(&word.span, &message, "1 to 4294967295", "write fwmark 1");
            None
        }
    }
}

/// One line of a group: `IP [PORT]`, a range of addresses and `[PORT]`, `fwmark N [inet|inet6]`.
fn entry(words: &[Word], d: &mut Diagnostics) -> Option<Vec<(Head, Span)>> {
    let first = words.first()?;
    if first.text == "fwmark" {
        let word = words.get(1)?;
        let family = if words.get(2).is_some_and(|word| word.text == "inet6") {
            Family::V6
        } else {
            Family::V4
        };
        return Some(vec![(mark(word, family, d)?, word.span.clone())]);
    }
    let Some(addresses) = unit::addresses(&first.text) else {
        d.bad_keepalived_address(&first.span, "virtual_server", &first.text);
        return None;
    };
    let port = match words.get(1) {
        None => 0,
        Some(word) => match word.text.parse::<u16>() {
            Ok(port) => port,
            Err(_) => {
                let message = format!("`{}` is not a port", word.text);
                d.refused_value(
                    &word.span,
                    &message,
                    "0 to 65535",
                    "write a number; names are not resolved",
                );
                return None;
            }
        },
    };
    if let Some(extra) = words.get(2) {
        d.extra_words(&extra.span, "virtual_server");
    }
    Some(
        addresses
            .into_iter()
            .map(|address| (Head::Address(address, port), first.span.clone()))
            .collect(),
    )
}

pub(super) fn scheduler(block: &Item, d: &mut Diagnostics) -> String {
    let item = block.last("lvs_sched").or_else(|| block.last("lb_algo"));
    match item {
        Some(item) if SCHEDULERS.contains(&item.arg()) => item.arg().to_owned(),
        Some(item) => {
            let message = format!("lb_algo `{}` is no scheduler of the kernel", item.arg());
            d.ignored_value(item.arg_span(), &message, "wlc is used");
            "wlc".to_owned()
        }
        None => "wlc".to_owned(),
    }
}

pub(super) fn flags(block: &Item) -> u32 {
    let bit = |item: &Item| match item.keyword() {
        "ops" => service_flag::ONE_PACKET,
        "flag-1" | "sh-fallback" | "mh-fallback" => service_flag::SCHED_1,
        "flag-2" | "sh-port" | "mh-port" => service_flag::SCHED_2,
        "flag-3" => service_flag::SCHED_3,
        _ => 0,
    };
    block.children.iter().map(bit).fold(0, |all, bit| all | bit)
}

pub(super) fn persistence(block: &Item, family: Family, d: &mut Diagnostics) -> Option<Persistence> {
    let item = block.last("persistence_timeout");
    let timeout = match item {
        None => None,
        Some(item) if item.args().is_empty() => Some(360),
        Some(item) => args::number(item, 1, 2_678_400, d),
    };
    let granularity = block.last("persistence_granularity");
    let longest = if family == Family::V4 { 32 } else { 128 };
    let prefix = granularity.and_then(|item| {
        let found = match family {
            Family::V4 => item
                .arg()
                .parse::<Ipv4Addr>()
                .ok()
                .and_then(|mask| ipnet::ip_mask_to_prefix(mask.into()).ok()),
            Family::V6 => item.arg().parse::<u8>().ok(),
        };
        let found = found.filter(|prefix| (1..=longest).contains(prefix));
        if found.is_none() {
            let message = format!("persistence_granularity `{}` is not a mask", item.arg());
            d.ignored_value(item.arg_span(), &message, "each client by itself");
        }
        found
    });
    // A granularity asks for persistence by itself.
    let timeout = timeout.or(granularity.filter(|_| item.is_none()).map(|_| 360))?;
    Some(Persistence {
        timeout_s: u32::try_from(timeout).ok()?,
        prefix: prefix.unwrap_or(longest),
        sip: sip(block, d),
    })
}

/// The same persistence for a service of a group that may be of the other family.
pub(super) fn fitting(persistence: Persistence, written_for: Family, key: ServiceKey) -> Persistence {
    if key.family() == written_for {
        return persistence;
    }
    let prefix = if key.family() == Family::V4 { 32 } else { 128 };
    Persistence {
        prefix,
        ..persistence
    }
}

/// `persistence_engine sip`: there is no other.
fn sip(block: &Item, d: &mut Diagnostics) -> bool {
    let Some(item) = block.last("persistence_engine") else {
        return false;
    };
    if item.arg() != "sip" {
        let message = format!("persistence_engine `{}` is none of the kernel's", item.arg());
        d.ignored_value(item.arg_span(), &message, "clients are told apart by address");
    }
    item.arg() == "sip"
}

/// `NAT`, `DR`, `TUN [type ipip|gue port N|gre] [nocsum|csum|remcsum]`, upper case only.
pub(super) fn forward(block: &Item, keywords: &[&str], d: &mut Diagnostics) -> Option<Forward> {
    let item = block
        .children
        .iter()
        .rev()
        .find(|item| keywords.contains(&item.keyword()))?;
    match item.arg() {
        "NAT" => Some(Forward::Nat),
        "DR" => Some(Forward::Direct),
        "TUN" => Some(Forward::Tunnel(tunnel(item, d))),
        other => {
            let message = format!("{} `{other}` is not NAT, DR or TUN", item.keyword());
            d.ignored_value(item.arg_span(), &message, "NAT is used");
            None
        }
    }
}

fn tunnel(item: &Item, d: &mut Diagnostics) -> Tunnel {
    let words: Vec<&str> = item.args().iter().map(|word| word.text.as_str()).collect();
    let after = |name: &str| {
        words
            .iter()
            .position(|word| *word == name)
            .and_then(|at| words.get(at + 1))
    };
    let flags = words.iter().fold(0, |flags, word| match *word {
        "csum" => flags | 1,
        "remcsum" => flags | 2,
        _ => flags,
    });
    match after("type").copied() {
        None | Some("ipip") => Tunnel::Ipip,
        Some("gre") => Tunnel::Gre { flags: flags & 1 },
        Some("gue") => match after("port")
            .and_then(|port| port.parse::<u16>().ok())
            .filter(|port| *port != 0)
        {
            Some(port) => Tunnel::Gue { port, flags },
            None => {
                let help = "write TUN type gue port 6080";
                d.refused_value(
                    item.arg_span(),
                    "a gue tunnel without its port",
                    "which port?",
                    help,
                );
                Tunnel::Ipip
            }
        },
        Some(other) => {
            let message = format!("tunnel type `{other}` is not ipip, gue or gre");
            d.ignored_value(item.arg_span(), &message, "ipip is used");
            Tunnel::Ipip
        }
    }
}
