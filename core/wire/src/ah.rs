//! IP authentication headers in front of version 2 (RFC 2338 §5.3.6.3): RFC 2402 with HMAC-MD5-96 (RFC 2403), as
//! keepalived has them.
//!
//! keepalived leaves the letter of RFC 2402 in two points, and so do we: the SPI is the sender's address, and the TTL
//! of a multicast counts as immutable, since it is 255 wherever it is heard.

use std::fmt;
use std::net::Ipv4Addr;

use hmac::{Hmac, Mac};
use md5::Md5;

use crate::checksum::VRRP_PROTOCOL;

/// IP protocol number of the authentication header (RFC 2402 §2).
pub const AH_PROTOCOL: u8 = 51;
/// Length of the header with a check value of 96 bits.
pub const HEADER: usize = 24;

/// Length of the check value.
const CHECK: usize = 12;
/// Where it stands.
const CHECK_AT: usize = HEADER - CHECK;
/// Length in 32-bit words without the first two (RFC 2402 §2.2).
const WORDS: u8 = 4;

/// What the check value covers of the IP header, which has no options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Identification; never 0 when sent, or the kernel would choose another.
    pub identification: u16,
    /// TTL. Unicast peers may be routed, so it does not count there.
    pub hop_limit: u8,
    /// Source.
    pub source: Ipv4Addr,
    /// Destination.
    pub destination: Ipv4Addr,
}

/// A packet whose check value is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened<'a> {
    /// Grows with each packet of a sender.
    pub sequence: u32,
    /// The VRRP message.
    pub message: &'a [u8],
}

/// Why a packet proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unproven {
    /// No authentication header of this kind, or no VRRP behind it.
    Malformed,
    /// The SPI is not the sender's address.
    Spi,
    /// Another key, or a changed packet.
    CheckValue,
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "its authentication header is not one of HMAC-MD5-96 before VRRP",
            Self::Spi => "its SPI is not the address of its sender",
            Self::CheckValue => "its check value is wrong: another key, or a changed packet",
        })
    }
}

impl std::error::Error for Unproven {}

/// The VRRP message behind the header, unproven.
pub fn message(packet: &[u8]) -> Option<&[u8]> {
    packet.get(HEADER..)
}

/// Appends `message` behind a header that proves it.
pub fn seal(message: &[u8], key: &[u8], sequence: u32, cover: &Cover, into: &mut Vec<u8>) {
    let start = into.len();
    into.extend([VRRP_PROTOCOL, WORDS, 0, 0]);
    into.extend(cover.source.octets());
    into.extend(sequence.to_be_bytes());
    into.extend([0; CHECK]);
    into.extend(message);
    let packet = into.get_mut(start..).unwrap_or_default();
    let value = digest(packet, key, cover).finalize().into_bytes();
    if let Some(place) = packet.get_mut(CHECK_AT..HEADER) {
        place.copy_from_slice(&value[..CHECK]);
    }
}

/// Checks a packet.
///
/// # Errors
///
/// The first thing that is wrong.
pub fn open<'a>(packet: &'a [u8], key: &[u8], cover: &Cover) -> Result<Opened<'a>, Unproven> {
    let Some((header, message)) = packet.split_first_chunk::<HEADER>() else {
        return Err(Unproven::Malformed);
    };
    let [VRRP_PROTOCOL, WORDS, 0, 0, a, b, c, d, e, f, g, h, ..] = *header else {
        return Err(Unproven::Malformed);
    };
    if Ipv4Addr::new(a, b, c, d) != cover.source {
        return Err(Unproven::Spi);
    }
    // Compares in a time that does not depend on where they differ.
    match digest(packet, key, cover).verify_truncated_left(&header[CHECK_AT..]) {
        Ok(()) => Ok(Opened {
            sequence: u32::from_be_bytes([e, f, g, h]),
            message,
        }),
        Err(_) => Err(Unproven::CheckValue),
    }
}

/// Over the IP header with what may change on its way read as 0, and the packet with its check value read as 0.
fn digest(packet: &[u8], key: &[u8], cover: &Cover) -> Hmac<Md5> {
    // What is longer does not fit into an IPv4 packet and is sent by nobody.
    let total = u16::try_from(packet.len() + 20).unwrap_or(u16::MAX);
    let mut ip = [0; 20];
    ip[0] = 0x45;
    ip[2..4].copy_from_slice(&total.to_be_bytes());
    ip[4..6].copy_from_slice(&cover.identification.to_be_bytes());
    if cover.destination.is_multicast() {
        ip[8] = cover.hop_limit;
    }
    ip[9] = AH_PROTOCOL;
    ip[12..16].copy_from_slice(&cover.source.octets());
    ip[16..20].copy_from_slice(&cover.destination.octets());
    let mut mac = Hmac::<Md5>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(&ip);
    mac.update(packet.get(..CHECK_AT).unwrap_or_default());
    mac.update(&[0; CHECK]);
    mac.update(packet.get(HEADER..).unwrap_or_default());
    mac
}

#[cfg(test)]
mod tests;
