//! The Internet checksum (RFC 1071) and the pseudo-headers it may begin with.

use std::net::IpAddr;

/// IP protocol number of VRRP (RFC 9568 §5.1.1.4).
pub const VRRP_PROTOCOL: u8 = 112;

/// A one's complement sum under construction. Everything added must have an even length, but for the last part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u32);

impl Sum {
    /// An empty sum.
    pub const fn new() -> Self {
        Self(0)
    }

    /// With `bytes` added; a single last byte counts as if a zero followed it.
    #[must_use]
    pub fn with(mut self, bytes: &[u8]) -> Self {
        let (pairs, rest) = bytes.as_chunks::<2>();
        for pair in pairs {
            self = self.with_word(u16::from_be_bytes(*pair));
        }
        if let [last] = rest {
            self = self.with_word(u16::from_be_bytes([*last, 0]));
        }
        self
    }

    /// With the pseudo-header of an upper-layer packet of `length` bytes added: RFC 793's for IPv4, RFC 8200 §8.1's
    /// for IPv6. Source and destination of different families have no pseudo-header; they are added as they are.
    #[must_use]
    pub fn with_pseudo_header(self, source: IpAddr, destination: IpAddr, protocol: u8, length: u16) -> Self {
        // Both forms hold the same 16-bit words besides zeros: addresses, protocol, length.
        self.with_address(source)
            .with_address(destination)
            .with_word(u16::from(protocol))
            .with_word(length)
    }

    /// The checksum: complement of the folded sum.
    pub const fn finish(self) -> u16 {
        !self.folded()
    }

    /// Whether what was added, its checksum field included, carries the right checksum.
    pub const fn is_right(self) -> bool {
        self.folded() == 0xffff
    }

    fn with_address(self, address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => self.with(&v4.octets()),
            IpAddr::V6(v6) => self.with(&v6.octets()),
        }
    }

    const fn with_word(self, word: u16) -> Self {
        // The carry is brought back at once, so that no length of input can overflow.
        let sum = self.0 + word as u32;
        Self((sum & 0xffff) + (sum >> 16))
    }

    const fn folded(self) -> u16 {
        ((self.0 & 0xffff) + (self.0 >> 16)) as u16
    }
}

#[cfg(test)]
mod tests;
