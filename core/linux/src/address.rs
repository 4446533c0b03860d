//! Addresses of interfaces in the words of rtnetlink.

use std::io;
use std::net::IpAddr;

use ipnet::IpNet;
use model::ids::LinkIndex;
use model::plan::AddressOptions;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NetlinkMessage};
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressMessage, AddressScope, CacheInfo,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use crate::sys;
use crate::tables::Verb;

/// A lifetime without end (linux/if_addr.h: INFINITY_LIFE_TIME).
const FOREVER: u32 = u32::MAX;

pub(crate) fn add(
    link: LinkIndex,
    net: IpNet,
    options: &AddressOptions,
) -> NetlinkMessage<RouteNetlinkMessage> {
    let mut message = address(link, net);
    if let Some(scope) = options.scope {
        message.header.scope = AddressScope::from(scope);
    }
    let attributes = &mut message.attributes;
    attributes.extend(options.metric.map(AddressAttribute::RoutePriority));
    attributes.push(AddressAttribute::Address(options.peer.unwrap_or(net.addr())));
    let wanted = [
        (options.no_prefix_route, AddressFlags::Noprefixroute),
        (options.autojoin, AddressFlags::Mcautojoin),
    ];
    let wanted6 = [
        (!options.detects_duplicates, AddressFlags::Nodad),
        (options.home, AddressFlags::Homeaddress),
        (options.makes_temporary, AddressFlags::Managetempaddr),
    ];
    let mut flags = AddressFlags::empty();
    let mut set = |wanted: &[(bool, AddressFlags)]| {
        let chosen = wanted.iter().filter(|(wanted, _)| *wanted);
        chosen.for_each(|(_, flag)| flags |= *flag);
    };
    set(&wanted);
    match net {
        IpNet::V4(_) => {
            attributes.extend(options.label.clone().map(AddressAttribute::Label));
            attributes.extend(options.broadcast.map(AddressAttribute::Broadcast));
        }
        IpNet::V6(_) => set(&wanted6),
    }
    if !flags.is_empty() {
        attributes.push(AddressAttribute::Flags(flags));
    }
    let alone6 = matches!(net, IpNet::V6(net) if net.prefix_len() == 128);
    let preferred = options.preferred_s.or(alone6.then_some(0));
    if let Some(preferred) = preferred.filter(|preferred| *preferred != FOREVER) {
        let mut cache = CacheInfo::default();
        cache.ifa_valid = FOREVER;
        cache.ifa_preferred = preferred;
        attributes.push(AddressAttribute::CacheInfo(cache));
    }
    let mut request = NetlinkMessage::from(RouteNetlinkMessage::NewAddress(message));
    request.header.flags = NLM_F_CREATE | NLM_F_EXCL;
    request
}

pub(crate) fn remove(link: LinkIndex, net: IpNet) -> NetlinkMessage<RouteNetlinkMessage> {
    NetlinkMessage::from(RouteNetlinkMessage::DelAddress(address(link, net)))
}

fn address(link: LinkIndex, net: IpNet) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.index = link.0;
    message.header.prefix_len = net.prefix_len();
    message.header.scope = scope(net.addr());
    message.header.family = match net {
        IpNet::V4(_) => AddressFamily::Inet,
        IpNet::V6(_) => AddressFamily::Inet6,
    };
    // Without IFA_ADDRESS a removal finds the address whatever its peer is.
    message.attributes = vec![AddressAttribute::Local(net.addr())];
    message
}

/// The kernel finds the scope of an IPv6 address itself; of an IPv4 address it believes us.
fn scope(address: IpAddr) -> AddressScope {
    match address {
        IpAddr::V4(address) if address.is_loopback() => AddressScope::Host,
        IpAddr::V4(address) if address.is_link_local() => AddressScope::Link,
        IpAddr::V4(_) | IpAddr::V6(_) => AddressScope::Universe,
    }
}

/// What a refusal means, with the cure where there is one.
pub(crate) fn explain(verb: Verb, link: LinkIndex, net: IpNet, error: &io::Error) -> String {
    let name = sys::link_label(link.0);
    let (verb, word) = match verb {
        Verb::Add => ("add", "to"),
        Verb::Remove => ("remove", "from"),
    };
    // EPERM says "operation not permitted", EACCES "permission denied"; to the operator they are one.
    let cure = match error.raw_os_error() {
        Some(libc::EPERM) => {
            return format!("cannot {verb} {net} {word} {name}: permission denied; needs CAP_NET_ADMIN");
        }
        Some(libc::EACCES) => format!("; ipv6 is disabled there (net.ipv6.conf.{name}.disable_ipv6)"),
        Some(libc::ENODEV) => String::from("; the interface is gone"),
        _ => String::new(),
    };
    format!("cannot {verb} {net} {word} {name}: {}{cure}", sys::words(error))
}
