//! How adverts of an instance travel: to a group, or to each peer by itself.

use std::net::IpAddr;

use model::net::Family;
use model::plan::{Hops, Peer, Transport};

use crate::diagnostics::Diagnostics;
use crate::keepalived::args;
use crate::keepalived::global::{self, Globals};
use crate::keepalived::lex::Word;
use crate::keepalived::tree::Item;
use crate::toml::default_group;

/// `ADDR [min_ttl N] [max_ttl N]`, one on each line.
pub(super) fn peers(block: &Item, d: &mut Diagnostics) -> Vec<Peer> {
    let mut peers: Vec<Peer> = Vec::new();
    for line in block.all("unicast_peer").flat_map(|list| &list.children) {
        let Some((first, options)) = line.words().split_first() else {
            continue;
        };
        let hops = hops(options, d);
        match first.text.parse() {
            Ok(address) if peers.iter().any(|known| known.address == address) => {
                d.duplicate_peer(&first.span, address);
            }
            Ok(address) => peers.push(Peer { address, hops }),
            Err(_) => d.bad_keepalived_address(&first.span, "peer", &first.text),
        }
    }
    peers
}

/// Without bounds anything: peers may be routed, and are known to be.
fn hops(options: &[Word], d: &mut Diagnostics) -> Hops {
    let (mut least, mut most) = (None, None);
    let mut words = options.iter();
    while let Some(word) = words.next() {
        let bound = match word.text.as_str() {
            "min_ttl" => &mut least,
            "max_ttl" => &mut most,
            _ => {
                d.extra_words(&word.span, "a peer");
                continue;
            }
        };
        match words.next() {
            None => d.missing_argument(&word.span, &word.text),
            Some(number) => match number.text.parse::<u8>() {
                Ok(ttl) => *bound = Some(ttl),
                Err(_) => {
                    let message = format!("`{} {}` is not a number from 0 to 255", word.text, number.text);
                    d.ignored_value(&number.span, &message, "ignored");
                }
            },
        }
    }
    match (least, most) {
        (None, None) => Hops::Any,
        (Some(least), Some(most)) if least > most => {
            if let Some(first) = options.first() {
                d.no_ttl_between(&first.span, least, most);
            }
            Hops::Any
        }
        (least, most) => Hops::Between(least.unwrap_or(0), most.unwrap_or(255)),
    }
}

pub(super) fn source(block: &Item, multicast: bool, d: &mut Diagnostics) -> Option<IpAddr> {
    let unicast = block.last("unicast_src_ip");
    let chosen = if multicast {
        block.last("mcast_src_ip").or(unicast)
    } else {
        unicast
    };
    chosen.and_then(|item| global::address(item, d))
}

pub(super) fn transport(
    block: &Item,
    family: Family,
    peers: Vec<Peer>,
    globals: &Globals,
    d: &mut Diagnostics,
) -> Transport {
    let asked = block
        .last("unicast_peer")
        .or_else(|| block.last("unicast_src_ip"));
    let fault = block.last("unicast_fault_no_peer").is_some();
    if let Some(item) = asked.filter(|_| peers.is_empty()) {
        d.empty_unicast_peers(item.span(), fault);
    }
    let group = if family == Family::V4 {
        globals.group4
    } else {
        globals.group6
    };
    let group = group.unwrap_or_else(|| default_group(family));
    if !peers.is_empty() || (asked.is_some() && fault) {
        let hop_limit = block
            .last("unicast_ttl")
            .and_then(|item| global::byte(item, 1, 255, d));
        return Transport::Unicast {
            hop_limit: hop_limit.unwrap_or(255),
            strangers: hears_strangers(block, &peers, globals, d),
            old_checksum: hears_old_checksum(block, d).then_some(group),
            peers,
        };
    }
    let own = block
        .last("mcast_dst_ip")
        .and_then(|item| global::address(item, d));
    Transport::Multicast(own.unwrap_or(group))
}

/// keepalived hears whoever speaks to it, until it is told to compare: in so many words, or by a bound for a peer.
fn hears_strangers(block: &Item, peers: &[Peer], globals: &Globals, d: &mut Diagnostics) -> bool {
    let check = block
        .last("check_unicast_src")
        .map_or(globals.check_source, |item| args::flag(item, d));
    !check && peers.iter().all(|peer| peer.hops == Hops::Any)
}

/// keepalived until 1.3.6 summed unicast as if it went to the group; later ones hear both, unless they are told not to.
fn hears_old_checksum(block: &Item, d: &mut Diagnostics) -> bool {
    match block.last("old_unicast_checksum") {
        None => true,
        Some(item) if item.arg() == "never" => false,
        Some(item) => {
            d.not_supported(
                item.span(),
                "old_unicast_checksum",
                "the old form is heard, and the new one is sent",
            );
            true
        }
    }
}
