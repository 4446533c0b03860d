//! Netlink bytes to values. Every length is checked; what cannot be one of our rows is `None`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::ipvs::{
    DestinationKey, DestinationRow, Forward, Persistence, ServiceKey, ServiceRow, Tunnel, service_flag,
};
use model::net::{Family, Protocol};

use super::uapi::{self, dest, forward, service, tunnel};
use crate::netlink::Message;

impl<'a> Message<'a> {
    /// Attributes after the generic header.
    pub(super) fn attributes(&self) -> Attributes<'a> {
        Attributes(self.payload.get(uapi::GENERIC_HEADER..).unwrap_or_default())
    }
}

/// A run of attributes; ends at the first malformed one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attributes<'a>(pub(super) &'a [u8]);

impl<'a> Attributes<'a> {
    /// The last attribute of this kind.
    pub(super) fn get(self, kind: u16) -> Option<&'a [u8]> {
        self.filter(|(found, _)| *found == kind)
            .last()
            .map(|(_, value)| value)
    }

    pub(super) fn u8(self, kind: u16) -> Option<u8> {
        self.get(kind)?.first().copied()
    }

    pub(super) fn u16(self, kind: u16) -> Option<u16> {
        u16_at(self.get(kind)?, 0)
    }

    fn port(self, kind: u16) -> Option<u16> {
        self.get(kind)?
            .first_chunk()
            .map(|bytes| u16::from_be_bytes(*bytes))
    }

    pub(super) fn u32(self, kind: u16) -> Option<u32> {
        u32_of(self.get(kind)?)
    }

    /// A number of 8 or 4 bytes.
    pub(super) fn wide(self, kind: u16) -> Option<u64> {
        let bytes = self.get(kind)?;
        let wide = bytes.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes));
        wide.or_else(|| u32_of(bytes).map(u64::from))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = usize::from(u16_at(self.0, 0)?);
        let kind = u16_at(self.0, 2)? & uapi::NLA_TYPE_MASK;
        let value = self.0.get(4..length)?;
        self.0 = self.0.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// The family's number from the controller's answer.
pub(super) fn family_id(message: &Message<'_>) -> Option<u16> {
    message.attributes().u16(uapi::CTRL_ATTR_FAMILY_ID)
}

/// A service's row from the attributes of a message.
pub(super) fn service_row(top: Attributes<'_>) -> Option<ServiceRow> {
    let attributes = Attributes(top.get(uapi::SERVICE)?);
    let family = family(attributes.u16(service::AF)?)?;
    let key = match attributes.u32(service::FWMARK) {
        Some(mark) => ServiceKey::Mark { family, mark },
        None => ServiceKey::Address {
            protocol: Protocol::from_number(u8::try_from(attributes.u16(service::PROTOCOL)?).ok()?)?,
            address: ip(family, attributes.get(service::ADDR)?)?,
            port: attributes.port(service::PORT)?,
        },
    };
    let flags = attributes.u32(service::FLAGS)?;
    let mask = attributes.get(service::NETMASK)?;
    let persistence = (flags & service_flag::PERSISTENT != 0).then_some(Persistence {
        timeout_s: attributes.u32(service::TIMEOUT)?,
        prefix: prefix(family, mask)?,
        sip: attributes.get(service::PE_NAME) == Some(uapi::SIP),
    });
    let name = attributes.get(service::SCHED_NAME)?;
    let name = name.split(|byte| *byte == 0).next()?;
    Some(ServiceRow {
        key,
        scheduler: std::str::from_utf8(name).ok()?.to_owned(),
        flags: flags & !(service_flag::HASHED | service_flag::PERSISTENT),
        persistence,
    })
}

/// A real server's row from the attributes of a message; `service` is the family of its service.
pub(super) fn destination_row(top: Attributes<'_>, of_service: Family) -> Option<DestinationRow> {
    let attributes = Attributes(top.get(uapi::DEST)?);
    let family = attributes
        .u16(dest::ADDR_FAMILY)
        .map_or(Some(of_service), family)?;
    let forward = match attributes.u32(dest::FWD_METHOD)? & forward::MASK {
        forward::MASQ => Forward::Nat,
        forward::LOCAL => Forward::Local,
        forward::DIRECT => Forward::Direct,
        forward::BYPASS => Forward::Bypass,
        forward::TUNNEL => Forward::Tunnel(tunnel(attributes)?),
        _ => return None,
    };
    Some(DestinationRow {
        key: DestinationKey {
            address: ip(family, attributes.get(dest::ADDR)?)?,
            port: attributes.port(dest::PORT)?,
        },
        forward,
        weight: attributes.u32(dest::WEIGHT)?,
        upper_threshold: attributes.u32(dest::U_THRESH)?,
        lower_threshold: attributes.u32(dest::L_THRESH)?,
    })
}

/// A kernel that does not know the attribute has IP in IP only.
fn tunnel(attributes: Attributes<'_>) -> Option<Tunnel> {
    let flags = attributes.u16(dest::TUN_FLAGS).unwrap_or(0);
    match attributes.u8(dest::TUN_TYPE) {
        None | Some(tunnel::IPIP) => Some(Tunnel::Ipip),
        Some(tunnel::GUE) => Some(Tunnel::Gue {
            port: attributes.port(dest::TUN_PORT)?,
            flags,
        }),
        Some(tunnel::GRE) => Some(Tunnel::Gre { flags }),
        Some(_) => None,
    }
}

/// Addresses come in 16 bytes whatever the family.
fn ip(family: Family, bytes: &[u8]) -> Option<IpAddr> {
    match family {
        Family::V4 => bytes
            .first_chunk()
            .map(|octets: &[u8; 4]| Ipv4Addr::from(*octets).into()),
        Family::V6 => bytes
            .first_chunk()
            .map(|octets: &[u8; 16]| Ipv6Addr::from(*octets).into()),
    }
}

fn prefix(family: Family, mask: &[u8]) -> Option<u8> {
    let length = match family {
        Family::V4 => u32::from_be_bytes(*mask.first_chunk()?).leading_ones(),
        Family::V6 => u32_of(mask)?,
    };
    u8::try_from(length).ok()
}

fn family(number: u16) -> Option<Family> {
    match number {
        uapi::AF_INET => Some(Family::V4),
        uapi::AF_INET6 => Some(Family::V6),
        _ => None,
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|bytes| u16::from_ne_bytes(*bytes))
}

fn u32_of(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}
