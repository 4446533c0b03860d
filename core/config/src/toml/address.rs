//! `"192.0.2.10/24"` or `{ address = "192.0.2.10/24", interface = "eth1", ... }`.

use std::net::IpAddr;

use ipnet::IpNet;
use model::plan::{AddressOptions, VirtualAddress};

use super::instance::device;
use super::keys::{self, Keys};
use super::tree::{Node, Value};
use crate::diagnostics::Diagnostics;
use crate::iproute::RouteNames;
use crate::source::Span;
use crate::vmac::{Addresses, Wish};

/// A list of addresses, each with its place.
pub(super) fn addresses(
    outer: &mut Keys<'_>,
    key: &'static str,
    names: &RouteNames,
    d: &mut Diagnostics,
) -> Addresses {
    let nodes = outer.list(key, d);
    let mut addresses = Addresses::default();
    addresses.extend(nodes.iter().filter_map(|node| address(node, names, d)));
    addresses
}

fn address(
    node: &Node,
    names: &RouteNames,
    d: &mut Diagnostics,
) -> Option<(VirtualAddress, Span, Option<Wish>)> {
    let Value::Table(table) = &node.value else {
        let address = VirtualAddress {
            net: keys::network(node, d)?,
            interface: None,
            device: None,
            options: AddressOptions::default(),
        };
        return Some((address, node.span.clone(), None));
    };
    let mut keys = Keys::new(table, "an address");
    let net = match keys.node("address") {
        Some(node) => keys::network(node, d),
        None => d.missing_key(&node.span, "an address", "address", "address = \"192.0.2.10/24\""),
    };
    let interface = keys.interface("interface", d).map(|at| at.value.into());
    let wish = keys.node("vmac").and_then(|node| device::of_address(node, d));
    let peer = keys.node("peer").and_then(|node| keys::network(node, d));
    let options = AddressOptions {
        peer: peer.map(|peer| peer.addr()),
        ..options(&mut keys, names, d)
    };
    let refused = keys.refused;
    keys.finish(d);
    let net = peer.map_or(net, |peer| {
        // The prefix is that of the other end.
        net.and_then(|net| IpNet::new(net.addr(), peer.prefix_len()).ok())
    });
    let address = VirtualAddress {
        net: net.filter(|_| !refused)?,
        interface,
        device: None,
        options,
    };
    Some((address, node.span.clone(), wish))
}

fn options(keys: &mut Keys<'_>, names: &RouteNames, d: &mut Diagnostics) -> AddressOptions {
    let label = keys.text("label", d).and_then(|at| {
        // IFA_LABEL is as long as an interface's name.
        let fits = !at.value.is_empty() && at.value.len() <= 15;
        if fits {
            Some(at.value.to_owned())
        } else {
            d.bad_label(&at.span, at.value)
        }
    });
    let broadcast = keys.address("broadcast", d).and_then(|at| match at.value {
        IpAddr::V4(address) => Some(address),
        IpAddr::V6(address) => d.bad_address(&at.span, &address.to_string(), "192.0.2.255"),
    });
    let scope = keys.text("scope", d).and_then(|at| {
        let scopes = ["global", "site", "link", "host"];
        names
            .scope(at.value)
            .or_else(|| d.not_a_choice(&at.span, "scope", at.value, &scopes))
    });
    let metric = keys.number("metric", 1, i64::from(u32::MAX), d);
    let preferred = keys.duration("preferred", d);
    let mut flag = |key| keys.flag(key, d);
    AddressOptions {
        label,
        peer: None,
        broadcast,
        scope,
        preferred_s: preferred.and_then(|at| u32::try_from(at.value.as_secs()).ok()),
        detects_duplicates: flag("detect_duplicates").unwrap_or(false),
        home: flag("home").unwrap_or(false),
        makes_temporary: flag("mngtmpaddr").unwrap_or(false),
        no_prefix_route: !flag("prefix_route").unwrap_or(true),
        metric: metric.and_then(|at| u32::try_from(at.value).ok()),
        autojoin: flag("autojoin").unwrap_or(false),
        untracked: !flag("track").unwrap_or(true),
    }
}
