//! `ADDR[/LEN] [brd ADDR] [dev IF] [scope S] [label L] [peer ADDR] ...`, one on each line.

use std::iter::Peekable;
use std::net::Ipv4Addr;

use ipnet::IpNet;
use model::plan::{AddressOptions, VirtualAddress};

use super::lex::Word;
use super::tree::Item;
use crate::diagnostics::Diagnostics;
use crate::iproute::RouteNames;
use crate::source::Span;
use crate::unit;
use crate::vmac::{Addresses, Wish};

/// Words that can stand behind `use_vmac` without being its.
const WORDS: [&str; 14] = [
    "home",
    "-nodad",
    "mngtmpaddr",
    "noprefixroute",
    "autojoin",
    "no_track",
    "dev",
    "label",
    "brd",
    "broadcast",
    "scope",
    "peer",
    "preferred_lft",
    "track_group",
];

/// The lines of all blocks of that name.
pub(super) fn addresses<'a>(
    blocks: impl Iterator<Item = &'a Item>,
    names: &RouteNames,
    d: &mut Diagnostics,
) -> Addresses {
    let lines = blocks.flat_map(|list| &list.children);
    let mut addresses = Addresses::default();
    addresses.extend(lines.filter_map(|line| address(line, names, d)));
    addresses
}

fn address(
    line: &Item,
    names: &RouteNames,
    d: &mut Diagnostics,
) -> Option<(VirtualAddress, Span, Option<Wish>)> {
    let mut words = line.words().iter().peekable();
    let mut wish = None;
    let first = words.next()?;
    let Some(net) = unit::network(&first.text) else {
        d.bad_vip(&first.span, &first.text);
        return None;
    };
    let mut address = VirtualAddress {
        net,
        interface: None,
        device: None,
        options: AddressOptions::default(),
    };
    while let Some(word) = words.next() {
        match word.text.as_str() {
            "home" => address.options.home = true,
            "-nodad" => address.options.detects_duplicates = true,
            "mngtmpaddr" => address.options.makes_temporary = true,
            "noprefixroute" => address.options.no_prefix_route = true,
            "autojoin" => address.options.autojoin = true,
            "no_track" => address.options.untracked = true,
            "use_vmac" => wish = Some(own_device(&mut words, d)),
            keyword @ ("dev" | "label" | "brd" | "broadcast" | "scope" | "peer" | "preferred_lft"
            | "track_group") => match words.next() {
                Some(value) => parameter(&mut address, keyword, value, names, d),
                None => d.missing_argument(&word.span, keyword),
            },
            _ => d.extra_words(&word.span, "an address"),
        }
    }
    Some((address, first.span.clone(), wish))
}

/// `[[name] IFNAME] [MAC] [netlink_notify_msg] [group N]` behind `use_vmac`.
fn own_device<'a>(words: &mut Peekable<impl Iterator<Item = &'a Word>>, d: &mut Diagnostics) -> Wish {
    let mut wish = Wish::default();
    while let Some(word) = words.next_if(|word| !WORDS.contains(&word.text.as_str())) {
        let text = word.text.as_str();
        match text {
            // Who makes a device hears of it in any case.
            "name" | "netlink_notify_msg" => {}
            "group" => {
                words.next();
                d.not_supported(&word.span, "group", "the device is in none");
            }
            _ if text.contains(':') => wish.mac = unit::mac(text).or_else(|| d.bad_mac(&word.span, text)),
            _ if wish.name.is_none() && unit::interface(text) => wish.name = Some(text.into()),
            _ => d.extra_words(&word.span, "use_vmac"),
        }
    }
    wish
}

fn parameter(
    address: &mut VirtualAddress,
    keyword: &str,
    value: &Word,
    names: &RouteNames,
    d: &mut Diagnostics,
) {
    let options = &mut address.options;
    let (text, span) = (value.text.as_str(), &value.span);
    let understood = match keyword {
        "dev" => {
            if unit::interface(text) {
                address.interface = Some(text.into());
            } else {
                d.bad_interface::<()>(span, text);
            }
            true
        }
        "label" => {
            options.label = Some(text.to_owned()).filter(|label| label.len() <= 15);
            options.label.is_some()
        }
        "brd" | "broadcast" => {
            options.broadcast = broadcast(address.net, text);
            options.broadcast.is_some()
        }
        "scope" => {
            options.scope = names.scope(text);
            options.scope.is_some()
        }
        "peer" => match unit::network(text).filter(|peer| same_family(address.net, *peer)) {
            Some(peer) => {
                options.peer = Some(peer.addr());
                // The prefix is that of the other end.
                address.net = IpNet::new(address.net.addr(), peer.prefix_len()).unwrap_or(address.net);
                true
            }
            None => false,
        },
        "preferred_lft" => {
            options.preferred_s = lifetime(text);
            options.preferred_s.is_some()
        }
        _ => {
            let instead = "an entry that the kernel refuses is tried again and puts no instance in Fault";
            d.not_supported(span, keyword, instead);
            true
        }
    };
    if !understood {
        let message = format!("`{text}` is not a {keyword} of {}", address.net);
        d.ignored_value(span, &message, "ignored");
    }
}

fn same_family(one: IpNet, other: IpNet) -> bool {
    one.max_prefix_len() == other.max_prefix_len()
}

/// An address, or `+` for the last and `-` for the first of the net.
fn broadcast(net: IpNet, text: &str) -> Option<Ipv4Addr> {
    let IpNet::V4(net) = net else { return None };
    match text {
        "+" => Some(net.broadcast()),
        "-" => Some(net.network()),
        address => address.parse().ok(),
    }
}

/// Seconds, or `forever`.
fn lifetime(text: &str) -> Option<u32> {
    match text {
        "forever" => Some(u32::MAX),
        seconds => seconds.parse().ok(),
    }
}
