//! A route in the kernel's words.

use std::net::IpAddr;

use ipnet::IpNet;
use model::ids::LinkIndex;
use model::net::Family;
use model::route::{Hop, Metric, Route, RouteKind};
use netlink_packet_route::AddressFamily;
use netlink_packet_route::route::{
    RouteAttribute, RouteFlags, RouteMessage, RouteMetric, RouteNextHop, RouteNextHopFlags, RouteProtocol,
    RouteScope, RouteType, RouteVia,
};

/// The same message adds and removes.
pub(super) fn message(route: &Route<LinkIndex>) -> RouteMessage {
    let mut message = RouteMessage::default();
    let header = &mut message.header;
    header.address_family = match route.destination {
        IpNet::V4(_) => AddressFamily::Inet,
        IpNet::V6(_) => AddressFamily::Inet6,
    };
    header.destination_prefix_length = route.destination.prefix_len();
    header.tos = route.tos;
    // RT_TABLE_UNSPEC where the number does not fit in the header; the attribute counts.
    header.table = u8::try_from(route.table).unwrap_or_default();
    header.protocol = RouteProtocol::from(route.protocol);
    header.scope = scope(route);
    header.kind = match route.kind {
        RouteKind::Unicast => RouteType::Unicast,
        RouteKind::Blackhole => RouteType::BlackHole,
        RouteKind::Unreachable => RouteType::Unreachable,
        RouteKind::Prohibit => RouteType::Prohibit,
        RouteKind::Throw => RouteType::Throw,
    };
    let mut attributes = vec![
        RouteAttribute::Destination(route.destination.addr().into()),
        RouteAttribute::Table(route.table),
    ];
    attributes.extend(route.metric.map(RouteAttribute::Priority));
    attributes.extend(
        route
            .source
            .map(|source| RouteAttribute::PrefSource(source.into())),
    );
    let family = Family::of(route.destination.addr());
    match route.hops.as_slice() {
        [] => {}
        [hop] => {
            if hop.onlink {
                message.header.flags |= RouteFlags::Onlink;
            }
            attributes.extend(via(hop, family));
            attributes.extend(hop.link.map(|link| RouteAttribute::Oif(link.0)));
        }
        several => {
            let hops = several.iter().map(|hop| next_hop(hop, family)).collect();
            attributes.push(RouteAttribute::MultiPath(hops));
        }
    }
    let metrics = metrics(route);
    if !metrics.is_empty() {
        attributes.push(RouteAttribute::Metrics(metrics));
    }
    message.attributes = attributes;
    message
}

/// As iproute2 chooses it: a route to a neighbour has the link's scope.
fn scope(route: &Route<LinkIndex>) -> RouteScope {
    let to_neighbour = route.kind == RouteKind::Unicast && route.hops.iter().all(|hop| hop.via.is_none());
    match (route.scope, route.destination) {
        (Some(scope), IpNet::V4(_)) => RouteScope::from(scope),
        (None, IpNet::V4(_)) if to_neighbour => RouteScope::Link,
        (None, IpNet::V4(_)) | (_, IpNet::V6(_)) => RouteScope::Universe,
    }
}

/// An IPv4 route may go by an IPv6 router (RFC 9229), which has an attribute of its own.
fn via(hop: &Hop<LinkIndex>, family: Family) -> Option<RouteAttribute> {
    match (hop.via?, family) {
        (IpAddr::V6(via), Family::V4) => Some(RouteAttribute::Via(RouteVia::Inet6(via))),
        (via, Family::V4 | Family::V6) => Some(RouteAttribute::Gateway(via.into())),
    }
}

fn next_hop(hop: &Hop<LinkIndex>, family: Family) -> RouteNextHop {
    let mut next = RouteNextHop::default();
    next.hops = u8::try_from(hop.weight.saturating_sub(1)).unwrap_or(u8::MAX);
    next.interface_index = hop.link.map_or(0, |link| link.0);
    if hop.onlink {
        next.flags |= RouteNextHopFlags::Onlink;
    }
    next.attributes.extend(via(hop, family));
    next
}

fn metrics(route: &Route<LinkIndex>) -> Vec<RouteMetric> {
    let mut locks = 0;
    let mut metrics = Vec::new();
    for (metric, value) in &route.metrics {
        let (number, made) = made(*metric, value.value);
        if value.locked {
            locks |= 1 << number;
        }
        metrics.push(made);
    }
    if locks != 0 {
        metrics.insert(0, RouteMetric::Lock(locks));
    }
    metrics
}

/// With the metric's number (RTAX_*, linux/rtnetlink.h), which is also its bit among the locks.
fn made(metric: Metric, value: u32) -> (u32, RouteMetric) {
    match metric {
        Metric::Mtu => (2, RouteMetric::Mtu(value)),
        Metric::Window => (3, RouteMetric::Window(value)),
        Metric::Ssthresh => (6, RouteMetric::SsThresh(value)),
        Metric::Cwnd => (7, RouteMetric::Cwnd(value)),
        Metric::Advmss => (8, RouteMetric::Advmss(value)),
        Metric::Reordering => (9, RouteMetric::Reordering(value)),
        Metric::Hoplimit => (10, RouteMetric::Hoplimit(value)),
        Metric::Initcwnd => (11, RouteMetric::InitCwnd(value)),
        Metric::RtoMin => (13, RouteMetric::RtoMin(value)),
        Metric::Initrwnd => (14, RouteMetric::InitRwnd(value)),
        Metric::Quickack => (15, RouteMetric::QuickAck(value)),
    }
}
