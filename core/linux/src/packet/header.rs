//! The headers around an advert: IP both ways, and Ethernet where the link-layer source is not the interface's own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::net::Mac;

/// Bytes of the largest header that [`build`] makes.
pub(super) const HEADER_MAX: usize = ETHERNET + 40;
/// Bytes of an Ethernet header.
pub(super) const ETHERNET: usize = 14;

/// DSCP CS6, network control, as RFC 4594 §3.1 asks for routing protocols.
const TRAFFIC_CLASS: u8 = 0xc0;

/// An IP header ready for a socket that brings its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    bytes: [u8; HEADER_MAX],
    len: usize,
}

impl Header {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// The same behind an Ethernet header, complete; `None` for a destination that is no group.
    pub(super) fn framed(&self, mac: Mac, destination: IpAddr) -> Option<Self> {
        let (group, kind) = multicast_mac(destination)?;
        let mut bytes = [0; HEADER_MAX];
        bytes.get_mut(..6)?.copy_from_slice(&group);
        bytes.get_mut(6..12)?.copy_from_slice(&mac.0);
        bytes.get_mut(12..ETHERNET)?.copy_from_slice(&kind);
        let len = ETHERNET + self.len;
        let packet = bytes.get_mut(ETHERNET..len)?;
        packet.copy_from_slice(self.as_bytes());
        if destination.is_ipv4() {
            // "Don't fragment" lets an identification stay 0 (RFC 6864 §4.1), which nobody fills in here.
            if packet.get(4..6)? == [0, 0] {
                packet.get_mut(6)?.clone_from(&0x40);
            }
            let sum = wire::checksum::Sum::new().with(packet).finish();
            packet.get_mut(10..12)?.copy_from_slice(&sum.to_be_bytes());
        }
        Some(Self { bytes, len })
    }
}

/// What an IP header says beside its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fields {
    /// Protocol or next header.
    pub(super) protocol: u8,
    /// TTL or hop limit.
    pub(super) hop_limit: u8,
    /// Identification (IPv4); when 0 the kernel chooses one.
    pub(super) identification: u16,
    /// Bytes that follow.
    pub(super) payload: usize,
}

/// The header; `None` when the families differ or the payload is too long.
pub(super) fn build(source: IpAddr, destination: IpAddr, fields: Fields) -> Option<Header> {
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => build_v4(source, destination, fields),
        (IpAddr::V6(source), IpAddr::V6(destination)) => build_v6(source, destination, fields),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => None,
    }
}

/// RFC 1112 §6.4, RFC 2464 §7: the group's link-layer address, and the EtherType.
fn multicast_mac(group: IpAddr) -> Option<([u8; 6], [u8; 2])> {
    if !group.is_multicast() {
        return None;
    }
    Some(match group {
        IpAddr::V4(group) => {
            let [_, b, c, d] = group.octets();
            ([0x01, 0x00, 0x5e, b & 0x7f, c, d], [0x08, 0x00])
        }
        IpAddr::V6(group) => {
            let [.., a, b, c, d] = group.octets();
            ([0x33, 0x33, a, b, c, d], [0x86, 0xdd])
        }
    })
}

fn build_v4(source: Ipv4Addr, destination: Ipv4Addr, fields: Fields) -> Option<Header> {
    let total = u16::try_from(fields.payload.checked_add(20)?).ok()?;
    let mut bytes = [0; HEADER_MAX];
    // The checksum stays 0: the kernel fills it in (raw(7), IP_HDRINCL).
    bytes[0] = 0x45;
    bytes[1] = TRAFFIC_CLASS;
    bytes[2..4].copy_from_slice(&total.to_be_bytes());
    bytes[4..6].copy_from_slice(&fields.identification.to_be_bytes());
    bytes[8] = fields.hop_limit;
    bytes[9] = fields.protocol;
    bytes[12..16].copy_from_slice(&source.octets());
    bytes[16..20].copy_from_slice(&destination.octets());
    Some(Header { bytes, len: 20 })
}

fn build_v6(source: Ipv6Addr, destination: Ipv6Addr, fields: Fields) -> Option<Header> {
    let length = u16::try_from(fields.payload).ok()?;
    let mut bytes = [0; HEADER_MAX];
    let first = (6 << 28) | (u32::from(TRAFFIC_CLASS) << 20);
    bytes[0..4].copy_from_slice(&first.to_be_bytes());
    bytes[4..6].copy_from_slice(&length.to_be_bytes());
    bytes[6] = fields.protocol;
    bytes[7] = fields.hop_limit;
    bytes[8..24].copy_from_slice(&source.octets());
    bytes[24..40].copy_from_slice(&destination.octets());
    Some(Header { bytes, len: 40 })
}

/// What a received IPv4 packet says.
#[derive(Debug, PartialEq, Eq)]
pub struct PacketV4<'a> {
    /// Source.
    pub source: Ipv4Addr,
    /// Destination.
    pub destination: Ipv4Addr,
    /// Protocol of the payload.
    pub protocol: u8,
    /// TTL.
    pub hop_limit: u8,
    /// Identification, which an authentication header covers.
    pub identification: u16,
    /// Whether options stand between header and payload.
    pub has_options: bool,
    /// What follows, by the packet's own lengths.
    pub payload: &'a [u8],
}

/// Takes an IPv4 packet apart by its own header length and total length; `None` when they do not fit its bytes.
pub fn parse_v4(packet: &[u8]) -> Option<PacketV4<'_>> {
    let (&version_ihl, &hop_limit, &protocol) = (packet.first()?, packet.get(8)?, packet.get(9)?);
    let header = usize::from(version_ihl & 0x0f) * 4;
    if version_ihl >> 4 != 4 || header < 20 {
        return None;
    }
    let total = usize::from(u16::from_be_bytes(packet.get(2..4)?.try_into().ok()?));
    let identification = u16::from_be_bytes(packet.get(4..6)?.try_into().ok()?);
    let source: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
    let destination: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
    Some(PacketV4 {
        source: source.into(),
        destination: destination.into(),
        protocol,
        hop_limit,
        identification,
        has_options: header > 20,
        payload: packet.get(header..total)?,
    })
}

#[cfg(test)]
mod tests;
