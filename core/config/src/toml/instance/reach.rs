//! How adverts travel: to a group, or to each peer by itself.

use std::net::IpAddr;

use model::net::Family;
use model::plan::{Hops, Peer, Transport, VirtualAddress};

use super::default_group;
use crate::diagnostics::Diagnostics;
use crate::toml::keys::{self, At, Keys};
use crate::toml::tree::{Entry, Node, Table, Value};

/// How adverts travel.
pub(super) struct Reach {
    pub(super) family: Family,
    pub(super) transport: Transport,
    pub(super) source: Option<IpAddr>,
}

/// `[instance.NAME.unicast]`.
struct Unicast {
    peers: Vec<Peer>,
    hop_limit: u8,
    source: Option<At<IpAddr>>,
    strangers: bool,
    old_checksum: bool,
}

pub(super) fn reach(
    outer: &mut Keys<'_>,
    name: &Entry,
    first: Option<&VirtualAddress>,
    d: &mut Diagnostics,
) -> Reach {
    let family = outer.choice("family", &[("ipv4", Family::V4), ("ipv6", Family::V6)], d);
    let unicast = outer.table("unicast", d).map(|table| unicast(table, name, d));
    let multicast = outer.address("multicast", d);
    if let (Some(_), Some(multicast)) = (&unicast, &multicast) {
        d.unicast_and_multicast(&multicast.span);
    }
    let multicast = multicast.map(|at| at.value);
    let source = outer.address("source", d);
    let unicast_source = unicast.as_ref().and_then(|unicast| unicast.source.clone());
    let source = unicast_source.or(source).map(|at| at.value);
    let peer = unicast.as_ref().and_then(|unicast| unicast.peers.first());
    let family = family
        .or_else(|| first.map(|address| Family::of(address.net.addr())))
        .or_else(|| peer.map(|peer| Family::of(peer.address)))
        .or_else(|| source.map(Family::of))
        .unwrap_or(Family::V4);
    let transport = match unicast {
        Some(unicast) if !unicast.peers.is_empty() => Transport::Unicast {
            peers: unicast.peers,
            hop_limit: unicast.hop_limit,
            strangers: unicast.strangers,
            old_checksum: unicast.old_checksum.then(|| default_group(family)),
        },
        // A list without peers is refused; the error keeps the plan from being used.
        Some(_) | None => Transport::Multicast(multicast.unwrap_or_else(|| default_group(family))),
    };
    Reach {
        family,
        transport,
        source,
    }
}

fn unicast(table: &Table, name: &Entry, d: &mut Diagnostics) -> Unicast {
    let mut keys = Keys::new(table, "unicast");
    let source = keys.address("source", d);
    let hop_limit = hops(&mut keys, "ttl", d).unwrap_or(255);
    // Who sends with less than 255 has peers that do the same.
    let by_default = if hop_limit == 255 { Hops::Near } else { Hops::Any };
    let written = keys.list("peers", d);
    let mut peers: Vec<Peer> = Vec::new();
    for node in written {
        match peer(node, by_default, d) {
            Some(peer) if peers.iter().any(|known| known.address == peer.address) => {
                d.duplicate_peer(&node.span, peer.address);
            }
            read => peers.extend(read),
        }
    }
    let check_source = keys.flag("check_source", d).unwrap_or(true);
    let old_checksum = keys.flag("old_checksum", d).unwrap_or(false);
    if written.is_empty() && !keys.refused {
        let span = table
            .get("peers")
            .map_or(&name.key_span, |entry| &entry.node.span);
        d.missing_key::<()>(span, "unicast", "peers", "peers = [\"192.0.2.3\"]");
    }
    keys.finish(d);
    Unicast {
        peers,
        hop_limit,
        source,
        strangers: !check_source,
        old_checksum,
    }
}

/// `"192.0.2.3"` or `{ address = "198.51.100.3", min_ttl = 60, max_ttl = 64 }`.
fn peer(node: &Node, by_default: Hops, d: &mut Diagnostics) -> Option<Peer> {
    let Value::Table(table) = &node.value else {
        return keys::address(node, d).map(|address| Peer {
            address,
            hops: by_default,
        });
    };
    let mut keys = Keys::new(table, "a peer");
    let address = match keys.node("address") {
        Some(node) => keys::address(node, d),
        None => d.missing_key(&node.span, "a peer", "address", "address = \"192.0.2.3\""),
    };
    let (least, most) = (hops(&mut keys, "min_ttl", d), hops(&mut keys, "max_ttl", d));
    keys.finish(d);
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        d.no_ttl_between(&node.span, least, most);
    }
    Some(Peer {
        address: address?,
        hops: match (least, most) {
            (None, None) => by_default,
            (least, most) => Hops::Between(least.unwrap_or(0), most.unwrap_or(255)),
        },
    })
}

fn hops(keys: &mut Keys<'_>, key: &'static str, d: &mut Diagnostics) -> Option<u8> {
    let at = keys.number(key, 1, 255, d)?;
    u8::try_from(at.value).ok()
}
