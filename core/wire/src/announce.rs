//! The frames by which a new Master tells its segment where an address is now.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::checksum::Sum;

/// Length of a gratuitous ARP frame: Ethernet header and ARP packet, without padding.
pub const ARP_FRAME: usize = 42;
/// Length of an unsolicited neighbour advertisement: Ethernet, IPv6, ICMPv6 and one option.
pub const NA_FRAME: usize = 86;

/// All nodes of a link (RFC 4291 §2.7.1).
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
/// Its Ethernet address (RFC 2464 §7).
const ALL_NODES_MAC: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];
const BROADCAST_MAC: [u8; 6] = [0xff; 6];
/// IP protocol number of ICMPv6.
const ICMPV6: u8 = 58;
/// Length of the ICMPv6 part: header, flags, target and the option.
const NA_MESSAGE: u16 = 32;

/// A gratuitous ARP request for `address`, broadcast from `mac`.
///
/// RFC 9568 §6.4.1 with erratum 7947: sender and target protocol address are the virtual address, sender and target
/// hardware address are `mac`.
pub fn gratuitous_arp(mac: [u8; 6], address: Ipv4Addr) -> [u8; ARP_FRAME] {
    // Ethernet, IPv4, their address lengths, request (RFC 826).
    const ARP_REQUEST: [u8; 8] = [0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01];
    let mut frame = Frame::<ARP_FRAME>::new();
    frame.put(&BROADCAST_MAC).put(&mac).put(&[0x08, 0x06]);
    frame.put(&ARP_REQUEST);
    frame.put(&mac).put(&address.octets());
    frame.put(&mac).put(&address.octets());
    frame.bytes
}

/// An unsolicited neighbour advertisement for `address` from `mac` to all nodes.
///
/// RFC 9568 §6.4.1: router 1, solicited 0, override 1, target the virtual address, target link-layer address `mac`.
/// The IP source is the virtual address itself (RFC 4861 §7.2.6 asks for an address of the sending interface).
pub fn neighbour_advertisement(mac: [u8; 6], address: Ipv6Addr) -> [u8; NA_FRAME] {
    // Type 136, code 0, checksum to come, flags R and O (RFC 4861 §4.4).
    let head = |checksum: u16| {
        let [high, low] = checksum.to_be_bytes();
        [136, 0, high, low, 0xa0, 0, 0, 0]
    };
    // Option 2, one unit of eight bytes (RFC 4861 §4.6.1).
    const TARGET_LINK_LAYER: [u8; 2] = [2, 1];
    let checksum = Sum::new()
        .with_pseudo_header(IpAddr::V6(address), IpAddr::V6(ALL_NODES), ICMPV6, NA_MESSAGE)
        .with(&head(0))
        .with(&address.octets())
        .with(&TARGET_LINK_LAYER)
        .with(&mac)
        .finish();
    let mut frame = Frame::<NA_FRAME>::new();
    frame.put(&ALL_NODES_MAC).put(&mac).put(&[0x86, 0xdd]);
    frame
        .put(&[0x60, 0, 0, 0])
        .put(&NA_MESSAGE.to_be_bytes())
        .put(&[ICMPV6, 255]);
    frame.put(&address.octets()).put(&ALL_NODES.octets());
    frame.put(&head(checksum)).put(&address.octets());
    frame.put(&TARGET_LINK_LAYER).put(&mac);
    frame.bytes
}

/// A frame of known length, filled from the front.
struct Frame<const N: usize> {
    bytes: [u8; N],
    filled: usize,
}

impl<const N: usize> Frame<N> {
    const fn new() -> Self {
        Self {
            bytes: [0; N],
            filled: 0,
        }
    }

    fn put(&mut self, part: &[u8]) -> &mut Self {
        let end = self.filled + part.len();
        if let Some(place) = self.bytes.get_mut(self.filled..end) {
            place.copy_from_slice(part);
        }
        debug_assert!(end <= N, "the parts of a frame fit its length");
        self.filled = end;
        self
    }
}

#[cfg(test)]
mod tests;
