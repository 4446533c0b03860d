//! The requests as rtnetlink messages.

use std::net::IpAddr;

use ipnet::IpNet;
use model::ids::LinkIndex;
use netlink_packet_core::{NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkMessage};
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressMessage, AddressScope, CacheInfo,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

/// A lifetime without end (linux/if_addr.h: INFINITY_LIFE_TIME).
const FOREVER: u32 = u32::MAX;

pub(super) fn add(link: LinkIndex, net: IpNet, label: Option<&str>) -> NetlinkMessage<RouteNetlinkMessage> {
    let mut message = address(link, net);
    match net {
        IpNet::V4(_) => {
            message
                .attributes
                .extend(label.map(|label| AddressAttribute::Label(label.to_owned())));
        }
        IpNet::V6(net) => {
            message
                .attributes
                .push(AddressAttribute::Flags(AddressFlags::Nodad));
            if net.prefix_len() == 128 {
                let mut cache = CacheInfo::default();
                cache.ifa_valid = FOREVER;
                message.attributes.push(AddressAttribute::CacheInfo(cache));
            }
        }
    }
    let mut request = NetlinkMessage::from(RouteNetlinkMessage::NewAddress(message));
    request.header.flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
    request
}

pub(super) fn remove(link: LinkIndex, net: IpNet) -> NetlinkMessage<RouteNetlinkMessage> {
    let mut request = NetlinkMessage::from(RouteNetlinkMessage::DelAddress(address(link, net)));
    request.header.flags = NLM_F_REQUEST | NLM_F_ACK;
    request
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
    message.attributes = vec![
        AddressAttribute::Local(net.addr()),
        AddressAttribute::Address(net.addr()),
    ];
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
