//! A captured packet with an advert in it: taken apart, and made again from nothing but what was read.

use std::net::{IpAddr, Ipv6Addr};

use linux::packet::parse_v4;
use model::fact::Envelope;
use wire::advert::{Advert, Kind, Leave, Outgoing, Unsendable, decode, encode};
use wire::ah::{self, AH_PROTOCOL, Cover};
use wire::checksum::VRRP_PROTOCOL;
use wire::trailer::{self, Sealing, TRAILER};

/// The password of the captures' authentication headers.
pub const HEADER_KEY: &[u8; 8] = b"secret\0\0";
/// The key of their trailers.
pub const TRAILER_KEY: &[u8; 32] = b"0123456789abcdef0123456789abcdef";

/// The IP packet of an Ethernet frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Of the IP header.
    pub source: IpAddr,
    /// Of the IP header.
    pub destination: IpAddr,
    /// TTL or hop limit.
    pub hop_limit: u8,
    /// What stands around the message.
    pub envelope: Envelope,
    /// What follows the IP header.
    pub payload: &'a [u8],
}

/// Takes a frame apart; `None` when nothing in it is for a VRRP router.
pub fn open(frame: &[u8]) -> Option<Packet<'_>> {
    let (ethernet, packet) = frame.split_first_chunk::<14>()?;
    match ethernet[12..] {
        [0x08, 0x00] => open_v4(packet),
        [0x86, 0xdd] => open_v6(packet),
        _ => None,
    }
}

fn open_v4(packet: &[u8]) -> Option<Packet<'_>> {
    let packet = parse_v4(packet)?;
    let envelope = match packet.protocol {
        VRRP_PROTOCOL => Envelope::Bare,
        AH_PROTOCOL => Envelope::Authenticated {
            identification: packet.identification,
        },
        _ => return None,
    };
    Some(Packet {
        source: packet.source.into(),
        destination: packet.destination.into(),
        hop_limit: packet.hop_limit,
        envelope,
        payload: packet.payload,
    })
}

/// RFC 8200 §3. The kernel does this for our sockets.
fn open_v6(packet: &[u8]) -> Option<Packet<'_>> {
    let (header, rest) = packet.split_first_chunk::<40>()?;
    let address = |at: usize| {
        let octets: [u8; 16] = header.get(at..at + 16)?.try_into().ok()?;
        Some(IpAddr::V6(Ipv6Addr::from(octets)))
    };
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    if header[0] >> 4 != 6 || header[6] != VRRP_PROTOCOL {
        return None;
    }
    Some(Packet {
        source: address(8)?,
        destination: address(24)?,
        hop_limit: header[7],
        envelope: Envelope::Bare,
        payload: rest.get(..length)?,
    })
}

/// What follows the IP header, made again; `None` where it is not understood.
pub fn rebuilt(packet: &Packet<'_>) -> Option<Vec<u8>> {
    match (packet.envelope, packet.source, packet.destination) {
        (Envelope::Bare, source, destination) => again(packet.payload, source, destination),
        (Envelope::Authenticated { identification }, IpAddr::V4(source), IpAddr::V4(destination)) => {
            let cover = Cover {
                identification,
                hop_limit: packet.hop_limit,
                source,
                destination,
            };
            let opened = ah::open(packet.payload, HEADER_KEY, &cover).ok()?;
            let message = again(opened.message, packet.source, packet.destination)?;
            let mut sealed = Vec::new();
            ah::seal(&message, HEADER_KEY, opened.sequence, &cover, &mut sealed);
            Some(sealed)
        }
        (Envelope::Authenticated { .. }, _, _) => None,
    }
}

fn again(payload: &[u8], source: IpAddr, destination: IpAddr) -> Option<Vec<u8>> {
    let leave = Leave {
        trailer: true,
        ..Leave::default()
    };
    let advert = decode(payload, source, destination, leave).ok()?;
    let message = encoded(&advert, source, destination, leave).ok()?;
    let Some(found) = advert.trailer else {
        return Some(message);
    };
    if !found.proves(payload, TRAILER_KEY, source) {
        return None;
    }
    let sealing = Sealing {
        key_id: found.key_id,
        key: TRAILER_KEY,
        sequence: found.sequence,
        source,
        destination,
    };
    let mut sealed = Vec::new();
    trailer::seal(&message, sealing, &mut sealed);
    Some(sealed)
}

/// An advert that was read, written again.
///
/// # Errors
/// What must not be: everything that can be read can be written.
pub fn encoded(
    advert: &Advert<'_>,
    source: IpAddr,
    destination: IpAddr,
    leave: Leave,
) -> Result<Vec<u8>, Unsendable> {
    let addresses: Vec<IpAddr> = advert.addresses.iter().collect();
    let outgoing = Outgoing {
        vrid: advert.vrid,
        priority: advert.priority,
        interval_cs: advert.interval_cs,
        kind: advert.kind,
        addresses: &addresses,
        leave,
    };
    encode(&outgoing, source, destination)
}

/// The bytes of a message that mean something: version 3's reserved bits, version 2's data without a password and the
/// checksum over them may be anything, and a trailer is not part of the message.
pub fn meaningful(payload: &[u8], advert: &Advert<'_>) -> Vec<u8> {
    let end = payload.len() - advert.trailer.map_or(0, |_| TRAILER);
    let mut bytes = payload.get(..end).unwrap_or_default().to_vec();
    let blank = |bytes: &mut [u8], from: usize, to: usize| {
        if let Some(part) = bytes.get_mut(from..to) {
            part.fill(0);
        }
    };
    blank(&mut bytes, 6, 8);
    match advert.kind {
        Kind::V3(_) => {
            if let Some(byte) = bytes.get_mut(4) {
                *byte &= 0x0f;
            }
        }
        Kind::V2(wire::advert::Auth::Pass(_)) => {}
        Kind::V2(wire::advert::Auth::None | wire::advert::Auth::Header) => {
            let end = bytes.len();
            blank(&mut bytes, end.saturating_sub(8), end);
        }
    }
    bytes
}
