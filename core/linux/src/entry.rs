//! Routes and policy rules in the words of rtnetlink.

mod route;
mod rule;

use std::io;

use model::ids::LinkIndex;
use model::route::Entry;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NetlinkMessage};
use netlink_packet_route::RouteNetlinkMessage;

use crate::sys;
use crate::tables::Verb;

pub(crate) fn add(entry: &Entry<LinkIndex>) -> NetlinkMessage<RouteNetlinkMessage> {
    let (message, flags) = match entry {
        // Without NLM_F_EXCL the kernel says EEXIST to exactly this route alone, and puts it before any other to the
        // same destination (net/ipv4/fib_trie.c).
        Entry::Route(route) => (RouteNetlinkMessage::NewRoute(route::message(route)), 0),
        // With it the kernel says EEXIST to exactly this rule (net/core/fib_rules.c); without, there would be two.
        Entry::Rule(rule) => (RouteNetlinkMessage::NewRule(rule::message(rule)), NLM_F_EXCL),
    };
    let mut request = NetlinkMessage::from(message);
    request.header.flags = NLM_F_CREATE | flags;
    request
}

pub(crate) fn remove(entry: &Entry<LinkIndex>) -> NetlinkMessage<RouteNetlinkMessage> {
    NetlinkMessage::from(match entry {
        Entry::Route(route) => RouteNetlinkMessage::DelRoute(route::message(route)),
        Entry::Rule(rule) => RouteNetlinkMessage::DelRule(rule::message(rule)),
    })
}

/// What a refusal means, with the cure where there is one.
pub(crate) fn explain(verb: Verb, entry: &Entry<LinkIndex>, error: &io::Error) -> String {
    let verb = match verb {
        Verb::Add => "add",
        Verb::Remove => "remove",
    };
    let named = entry.resolve(|link| Some(sys::link_label(link.0)));
    let entry = named.map_or_else(|| entry.to_string(), |named| named.to_string());
    let cure = match error.raw_os_error() {
        Some(libc::EPERM) => return format!("cannot {verb} {entry}: permission denied; needs CAP_NET_ADMIN"),
        Some(libc::ENETUNREACH) => {
            "; no interface has a net with the next hop in it (onlink says that one has)"
        }
        Some(libc::ENETDOWN) => "; the interface is down",
        Some(libc::ENODEV) => "; the interface is gone",
        Some(libc::EINVAL) => {
            "; an address of this host is needed as its source, and no host bits in a prefix"
        }
        Some(libc::EAFNOSUPPORT | libc::EOPNOTSUPP) => "; this kernel is built without it",
        _ => "",
    };
    format!("cannot {verb} {entry}: {}{cure}", sys::words(error))
}
