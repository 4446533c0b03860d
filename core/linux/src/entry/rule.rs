//! A policy rule in the kernel's words.

use ipnet::IpNet;
use model::net::Family;
use model::route::{Rule, RuleAction};
use netlink_packet_route::route::RouteProtocol;
use netlink_packet_route::rule::{self, RuleAttribute, RuleFlags, RuleMessage, RulePortRange, RuleUidRange};
use netlink_packet_route::{AddressFamily, IpProtocol};

/// The same message adds and removes.
pub(super) fn message(rule: &Rule) -> RuleMessage {
    let mut message = RuleMessage::default();
    let header = &mut message.header;
    header.family = match rule.family {
        Family::V4 => AddressFamily::Inet,
        Family::V6 => AddressFamily::Inet6,
    };
    header.src_len = rule.from.map_or(0, |net| net.prefix_len());
    header.dst_len = rule.to.map_or(0, |net| net.prefix_len());
    header.tos = rule.tos;
    if rule.inverted {
        header.flags |= RuleFlags::Invert;
    }
    header.action = match rule.action {
        RuleAction::Lookup(_) => rule::RuleAction::ToTable,
        RuleAction::Goto(_) => rule::RuleAction::Goto,
        RuleAction::Nop => rule::RuleAction::Nop,
        RuleAction::Blackhole => rule::RuleAction::Blackhole,
        RuleAction::Unreachable => rule::RuleAction::Unreachable,
        RuleAction::Prohibit => rule::RuleAction::Prohibit,
    };
    let mut attributes = vec![
        RuleAttribute::Priority(rule.priority),
        RuleAttribute::Protocol(RouteProtocol::from(rule.protocol)),
    ];
    match rule.action {
        RuleAction::Lookup(table) => {
            // RT_TABLE_UNSPEC where the number does not fit in the header; the attribute counts.
            message.header.table = u8::try_from(table).unwrap_or_default();
            attributes.push(RuleAttribute::Table(table));
        }
        RuleAction::Goto(priority) => attributes.push(RuleAttribute::Goto(priority)),
        RuleAction::Nop | RuleAction::Blackhole | RuleAction::Unreachable | RuleAction::Prohibit => {}
    }
    let not_all = |net: &IpNet| net.prefix_len() > 0;
    attributes.extend(
        rule.from
            .filter(not_all)
            .map(|net| RuleAttribute::Source(net.addr())),
    );
    attributes.extend(
        rule.to
            .filter(not_all)
            .map(|net| RuleAttribute::Destination(net.addr())),
    );
    let name = |link: &model::ids::LinkName| link.as_str().to_owned();
    attributes.extend(rule.iif.as_ref().map(name).map(RuleAttribute::Iifname));
    attributes.extend(rule.oif.as_ref().map(name).map(RuleAttribute::Oifname));
    if let Some((mark, mask)) = rule.mark {
        attributes.extend([RuleAttribute::FwMark(mark), RuleAttribute::FwMask(mask)]);
    }
    let protocol = |number| RuleAttribute::IpProtocol(IpProtocol::from(number));
    attributes.extend(rule.ip_protocol.map(protocol));
    let range = |(start, end)| RulePortRange { start, end };
    let ports = rule.source_ports.map(range);
    attributes.extend(ports.map(RuleAttribute::SourcePortRange));
    let ports = rule.destination_ports.map(range);
    attributes.extend(ports.map(RuleAttribute::DestinationPortRange));
    let users = rule.users.map(|(start, end)| RuleUidRange { start, end });
    attributes.extend(users.map(RuleAttribute::UidRange));
    attributes.extend(rule.suppress_prefix_length.map(RuleAttribute::SuppressPrefixLen));
    message.attributes = attributes;
    message
}
