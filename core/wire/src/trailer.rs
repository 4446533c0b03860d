//! The trailer of keepalived 2.4's `auth_hmac`: 28 bytes behind a message of either version and family.
//!
//! ```text
//! type 1 | key id | 0 0 | seconds (4) | 1/65536 s (2) | counter (2) | HMAC-SHA-256, first 128 bits (16)
//! ```
//!
//! The HMAC covers family, version, VRID and source, then message and trailer with checksum and HMAC read as 0. The
//! destination does not count, so one sealed advert serves all peers. Over IPv4 the checksum ends where the trailer
//! begins; over IPv6 it covers the whole packet.

use std::net::IpAddr;

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::checksum::{Sum, VRRP_PROTOCOL};

/// Length of a trailer.
pub const TRAILER: usize = 28;

/// HMAC-SHA-256 cut to 128 bits, the only type there is.
const TYPE: u8 = 1;
/// Length of the HMAC.
const PROOF: usize = 16;
/// What stands before it.
const HEAD: usize = TRAILER - PROOF;

/// A trailer as it was found; unproven until [`proves`](Self::proves) says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trailer {
    /// Which of the keys.
    pub key_id: u8,
    /// Seconds of the sender's wall clock (upper half), 1/65536 of them and a counter. Grows with each advert.
    pub sequence: u64,
    proof: [u8; PROOF],
}

impl Trailer {
    /// Reads a trailer; `None` when it is of no kind that we know.
    pub fn read(bytes: &[u8; TRAILER]) -> Option<Self> {
        let (head, proof) = bytes.split_first_chunk::<HEAD>()?;
        let [TYPE, key_id, 0, 0, sequence @ ..] = *head else {
            return None;
        };
        Some(Self {
            key_id,
            sequence: u64::from_be_bytes(sequence),
            proof: proof.try_into().ok()?,
        })
    }

    /// Whether who sent `packet`, message and this trailer, knows `key`. Compares in a time that does not depend on
    /// where they differ.
    pub fn proves(&self, packet: &[u8], key: &[u8], source: IpAddr) -> bool {
        digest(packet, key, source).is_some_and(|mac| mac.verify_truncated_left(&self.proof).is_ok())
    }
}

/// How an advert is sealed.
#[derive(Clone, Copy, Debug)]
pub struct Sealing<'a> {
    /// Which of the keys.
    pub key_id: u8,
    /// That key.
    pub key: &'a [u8],
    /// Greater than those before.
    pub sequence: u64,
    /// Source of the packet.
    pub source: IpAddr,
    /// Its destination.
    pub destination: IpAddr,
}

/// Appends `message`, which has its checksum, and a trailer that proves it. The checksum is amended where it covers
/// both.
pub fn seal(message: &[u8], sealing: Sealing<'_>, into: &mut Vec<u8>) {
    let start = into.len();
    into.extend(message);
    into.extend([TYPE, sealing.key_id, 0, 0]);
    into.extend(sealing.sequence.to_be_bytes());
    into.extend([0; PROOF]);
    let packet = into.get_mut(start..).unwrap_or_default();
    if let Some(mac) = digest(packet, sealing.key, sealing.source)
        && let Some(place) = packet.last_chunk_mut::<PROOF>()
    {
        place.copy_from_slice(&mac.finalize().into_bytes()[..PROOF]);
    }
    if sealing.source.is_ipv6() {
        sum(packet, sealing.source, sealing.destination);
    }
}

/// RFC 8200 §8.1, over everything.
fn sum(packet: &mut [u8], source: IpAddr, destination: IpAddr) {
    let length = u16::try_from(packet.len()).unwrap_or(u16::MAX);
    if let Some(place) = packet.get_mut(6..8) {
        place.fill(0);
    }
    let checksum = Sum::new()
        .with(packet)
        .with_pseudo_header(source, destination, VRRP_PROTOCOL, length)
        .finish();
    if let Some(place) = packet.get_mut(6..8) {
        place.copy_from_slice(&checksum.to_be_bytes());
    }
}

/// `None` for what is too short to be message and trailer.
fn digest(packet: &[u8], key: &[u8], source: IpAddr) -> Option<Hmac<Sha256>> {
    let (covered, _) = packet.split_last_chunk::<PROOF>()?;
    let (front, rest) = covered.split_first_chunk::<8>()?;
    let [version_type, vrid, ..] = *front;
    let mut pseudo = [0; 20];
    pseudo[1] = version_type >> 4;
    pseudo[2] = vrid;
    match source {
        IpAddr::V4(v4) => {
            pseudo[0] = 4;
            pseudo[4..8].copy_from_slice(&v4.octets());
        }
        IpAddr::V6(v6) => {
            pseudo[0] = 6;
            pseudo[4..].copy_from_slice(&v6.octets());
        }
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(&pseudo);
    mac.update(&front[..6]);
    mac.update(&[0; 2]);
    mac.update(rest);
    mac.update(&[0; PROOF]);
    Some(mac)
}

#[cfg(test)]
mod tests;
