//! The requests as rtnetlink messages.

use model::effect::DeviceMake;
use model::ids::LinkName;
use model::plan::DeviceKind;
use netlink_packet_core::{NLM_F_CREATE, NLM_F_EXCL, NetlinkMessage};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{
    InfoData, InfoIpVlan, InfoKind, InfoMacVlan, IpVlanMode, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
    MacVlanMode,
};

use super::mark::Mark;

type Request = NetlinkMessage<RouteNetlinkMessage>;

pub(super) fn create(name: &LinkName, make: DeviceMake) -> Request {
    let mut message = named(name);
    message.attributes.push(LinkAttribute::Link(make.over.0));
    let info = match make.kind {
        DeviceKind::Macvlan(mac) => {
            message.attributes.push(LinkAttribute::Address(mac.0.to_vec()));
            let data = vec![InfoMacVlan::Mode(MacVlanMode::Bridge)];
            vec![
                LinkInfo::Kind(InfoKind::MacVlan),
                LinkInfo::Data(InfoData::MacVlan(data)),
            ]
        }
        DeviceKind::Ipvlan => {
            let data = vec![InfoIpVlan::Mode(IpVlanMode::L2)];
            vec![
                LinkInfo::Kind(InfoKind::IpVlan),
                LinkInfo::Data(InfoData::IpVlan(data)),
            ]
        }
    };
    message.attributes.push(LinkAttribute::LinkInfo(info));
    let mut request = NetlinkMessage::from(RouteNetlinkMessage::NewLink(message));
    request.header.flags = NLM_F_CREATE | NLM_F_EXCL;
    request
}

pub(super) fn set_mark(name: &LinkName, mark: &Mark) -> Request {
    let mut message = named(name);
    message.attributes.push(LinkAttribute::IfAlias(mark.to_string()));
    RouteNetlinkMessage::SetLink(message).into()
}

pub(super) fn set_up(name: &LinkName, up: bool) -> Request {
    let mut message = named(name);
    message.header.change_mask = LinkFlags::Up;
    if up {
        message.header.flags = LinkFlags::Up;
    }
    RouteNetlinkMessage::SetLink(message).into()
}

pub(super) fn rename(index: u32, name: &LinkName) -> Request {
    let mut message = named(name);
    message.header.index = index;
    RouteNetlinkMessage::SetLink(message).into()
}

pub(super) fn remove(name: &LinkName) -> Request {
    RouteNetlinkMessage::DelLink(named(name)).into()
}

fn named(name: &LinkName) -> LinkMessage {
    let mut message = LinkMessage::default();
    message
        .attributes
        .push(LinkAttribute::IfName(name.as_str().to_owned()));
    message
}
