//! Adverts: RFC 9568 §5 (version 3) and RFC 3768 §5 (version 2, with the authentication of RFC 2338 §5.3.6).

use std::net::IpAddr;

use crate::trailer::Trailer;

mod decode;
mod encode;
mod refused;

pub use decode::decode;
pub use encode::{Outgoing, Unsendable, encode};
pub use refused::Refused;

/// Length of what stands before the addresses, in both versions.
const HEADER: usize = 8;
/// Length of version 2's authentication data, always there (RFC 3768 §5.1).
const AUTH_DATA: usize = 8;
/// Largest interval that 12 bits can say, in hundredths of a second (RFC 9568 §5.2.7).
pub const INTERVAL_CS_MAX: u16 = 4095;

/// An advert that passed every check that needs no configuration. Borrows the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advert<'a> {
    /// Virtual router identifier, never 0.
    pub vrid: u8,
    /// Priority; 0 means that the sender leaves.
    pub priority: u8,
    /// The sender's interval in hundredths of a second, never 0. Version 2's whole seconds times 100.
    pub interval_cs: u16,
    /// What only one version has.
    pub kind: Kind,
    /// Virtual addresses as the sender ordered them.
    pub addresses: Addresses<'a>,
    /// What follows the message, where that is allowed; unproven.
    pub trailer: Option<Trailer>,
}

/// What only one of the versions has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Version 2.
    V2(Auth),
    /// Version 3.
    V3(Checksum),
}

impl Kind {
    /// The number on the wire.
    pub const fn version(self) -> u8 {
        match self {
            Self::V2(_) => 2,
            Self::V3(_) => 3,
        }
    }
}

/// Authentication of version 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Type 0; the data is ignored (RFC 3768 §5.3.6).
    None,
    /// Type 1: a password in clear, padded with zeros (RFC 2338 §5.3.6.2).
    Pass([u8; AUTH_DATA]),
    /// Type 2: an authentication header stands before the message ([`crate::ah`]); the data is ignored.
    Header,
}

impl Auth {
    /// The type on the wire.
    pub const fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Pass(_) => 1,
            Self::Header => 2,
        }
    }
}

/// Whether two passwords are equal, in a time that does not depend on where they differ.
pub fn same_password(one: &[u8; AUTH_DATA], other: &[u8; AUTH_DATA]) -> bool {
    let difference = one
        .iter()
        .zip(other)
        .fold(0, |seen, (a, b)| std::hint::black_box(seen | (a ^ b)));
    difference == 0
}

/// What the checksum of version 3 covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// The message alone: IPv4 by RFC 9568 §5.2.8.
    MessageOnly,
    /// Pseudo-header and message: always over IPv6; over IPv4 what keepalived and FRR do by default.
    PseudoHeader,
}

/// Where the letter of RFC 9568 may be left, because the operator's own configuration leaves it: a router whose own
/// list is like this must understand peers that are configured the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leave {
    /// A list without any address (against §5.2.5).
    pub empty_list: bool,
    /// An IPv6 list that does not begin with a link-local address (against §5.2.9).
    pub any_first_address: bool,
    /// Whether a trailer may follow the message (keepalived's `auth_hmac`).
    pub trailer: bool,
    /// Another destination that the pseudo-header of IPv4 may name: keepalived to 1.3.6 named the group in unicast
    /// adverts too.
    pub summed_to: Option<IpAddr>,
}

/// The addresses of an advert, read in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses<'a> {
    /// IPv4.
    V4(&'a [[u8; 4]]),
    /// IPv6.
    V6(&'a [[u8; 16]]),
}

impl<'a> Addresses<'a> {
    /// How many; at most 255.
    pub const fn len(&self) -> usize {
        match self {
            Self::V4(list) => list.len(),
            Self::V6(list) => list.len(),
        }
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One after the other, in the order of the wire.
    pub fn iter(self) -> impl Iterator<Item = IpAddr> + 'a {
        let (v4, v6): (&[[u8; 4]], &[[u8; 16]]) = match self {
            Self::V4(list) => (list, &[]),
            Self::V6(list) => (&[], list),
        };
        let v4 = v4.iter().map(|octets| IpAddr::from(*octets));
        v4.chain(v6.iter().map(|octets| IpAddr::from(*octets)))
    }
}

#[cfg(test)]
mod tests;
