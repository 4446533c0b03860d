//! Somebody on the segment who says what the test makes up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4, SocketAddrV6};
use std::os::fd::OwnedFd;

use anyhow::Result;
use model::net::Family;
use rustix::net::{
    AddressFamily, Protocol, SendFlags, SocketFlags, SocketType, netdevice, sendto, socket_with, sockopt,
};
use wire::checksum::{Sum, VRRP_PROTOCOL};

use crate::net::Node;

/// A raw socket on a node.
#[derive(Debug)]
pub struct Stranger {
    socket: OwnedFd,
    link: u32,
    /// Where its packets come from.
    pub source: IpAddr,
    /// The group of its family.
    pub group: IpAddr,
}

/// A message of VRRP, right or wrong.
#[derive(Clone, Debug)]
pub struct Message {
    /// Version and type.
    pub version_and_type: u8,
    /// Virtual router.
    pub vrid: u8,
    /// Priority.
    pub priority: u8,
    /// How many addresses it says it has.
    pub count: u8,
    /// Bytes 4 and 5: the interval, with the kind of authentication in version 2.
    pub interval: [u8; 2],
    /// Addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether the checksum covers a pseudo-header.
    pub pseudo_header: bool,
    /// What is added to the right checksum.
    pub checksum_error: u16,
    /// What stands behind the addresses.
    pub tail: Vec<u8>,
}

impl Message {
    /// Version 2 for virtual router 51, each second.
    pub fn v2(priority: u8, addresses: &[&str]) -> Self {
        Self {
            version_and_type: 0x21,
            interval: [0, 1],
            pseudo_header: false,
            tail: vec![0; 8],
            ..Self::v3(priority, addresses)
        }
    }

    /// Version 3 for virtual router 51, each 100 ms, its checksum over a pseudo-header.
    ///
    /// # Panics
    /// When one of `addresses` is none.
    pub fn v3(priority: u8, addresses: &[&str]) -> Self {
        let addresses: Vec<IpAddr> = addresses
            .iter()
            .map(|text| text.parse().expect("an address that the test wrote"))
            .collect();
        Self {
            version_and_type: 0x31,
            vrid: 51,
            priority,
            count: u8::try_from(addresses.len()).expect("few"),
            interval: [0, 10],
            addresses,
            pseudo_header: true,
            checksum_error: 0,
            tail: Vec::new(),
        }
    }

    /// Its bytes, for a packet from `source` to `destination`.
    pub fn bytes(&self, source: IpAddr, destination: IpAddr) -> Vec<u8> {
        let mut bytes = vec![self.version_and_type, self.vrid, self.priority, self.count];
        bytes.extend(self.interval);
        bytes.extend([0, 0]);
        for address in &self.addresses {
            match address {
                IpAddr::V4(v4) => bytes.extend(v4.octets()),
                IpAddr::V6(v6) => bytes.extend(v6.octets()),
            }
        }
        bytes.extend(&self.tail);
        let length = u16::try_from(bytes.len()).expect("few addresses");
        let sum = if self.pseudo_header {
            Sum::new().with_pseudo_header(source, destination, VRRP_PROTOCOL, length)
        } else {
            Sum::new()
        };
        let checksum = sum.with(&bytes).finish().wrapping_add(self.checksum_error);
        bytes.splice(6..8, checksum.to_be_bytes());
        bytes
    }
}

impl Stranger {
    /// On `node`, from its own address; its packets have 255 hops left.
    ///
    /// # Panics
    /// When there is no raw socket to be had: not root.
    pub fn on(node: &Node, family: Family) -> Self {
        Self::open(node, family)
            .unwrap_or_else(|e| panic!("no raw socket on {}: {e:#}; run as root", node.name))
    }

    fn open(node: &Node, family: Family) -> Result<Self> {
        let (domain, source, group) = match family {
            Family::V4 => (AddressFamily::INET, node.ipv4(), "224.0.0.18"),
            Family::V6 => (AddressFamily::INET6, node.link_local(), "ff02::12"),
        };
        let socket = socket_on(node, domain)?;
        let stranger = Self {
            link: netdevice::name_to_index(&socket, "eth0")?,
            source: source.parse()?,
            group: group.parse()?,
            socket,
        };
        match stranger.source {
            IpAddr::V4(own) => {
                sockopt::set_ip_multicast_if(&stranger.socket, &own)?;
                sockopt::set_ip_multicast_loop(&stranger.socket, false)?;
            }
            IpAddr::V6(_) => {
                sockopt::set_ipv6_multicast_if(&stranger.socket, stranger.link)?;
                sockopt::set_ipv6_multicast_loop(&stranger.socket, false)?;
            }
        }
        stranger.leave_hops(255);
        Ok(stranger)
    }

    /// How many hops packets have left from now on.
    ///
    /// # Panics
    /// Never for 1 to 255.
    pub fn leave_hops(&self, hops: u8) {
        let socket = &self.socket;
        let set = match self.source {
            IpAddr::V4(_) => sockopt::set_ip_multicast_ttl(socket, hops.into())
                .and_then(|()| sockopt::set_ip_ttl(socket, hops.into())),
            IpAddr::V6(_) => sockopt::set_ipv6_multicast_hops(socket, hops.into())
                .and_then(|()| sockopt::set_ipv6_unicast_hops(socket, Some(hops))),
        };
        set.expect("from 1 to 255");
    }

    /// Says a message to the group.
    pub fn says(&self, message: &Message) {
        self.sends(&message.bytes(self.source, self.group), self.group);
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn sends(&self, bytes: &[u8], destination: IpAddr) {
        let sent = match destination {
            IpAddr::V4(v4) => self.send_v4(bytes, v4),
            IpAddr::V6(v6) => self.send_v6(bytes, v6),
        };
        sent.expect("a raw socket sends anything");
    }

    fn send_v4(&self, bytes: &[u8], destination: Ipv4Addr) -> rustix::io::Result<usize> {
        let to = SocketAddrV4::new(destination, 0);
        sendto(&self.socket, bytes, SendFlags::empty(), &to)
    }

    fn send_v6(&self, bytes: &[u8], destination: Ipv6Addr) -> rustix::io::Result<usize> {
        let to = SocketAddrV6::new(destination, 0, 0, self.link);
        sendto(&self.socket, bytes, SendFlags::empty(), &to)
    }
}

/// A socket belongs for ever to the namespace of the thread that made it.
fn socket_on(node: &Node, domain: AddressFamily) -> Result<OwnedFd> {
    let make = || {
        let protocol = Protocol::from_raw(VRRP_PROTOCOL_NUMBER);
        socket_with(domain, SocketType::RAW, SocketFlags::CLOEXEC, Some(protocol))
    };
    Ok(node.inside(make)??)
}

/// [`VRRP_PROTOCOL`] as the kernel's interface has it.
const VRRP_PROTOCOL_NUMBER: std::num::NonZeroU32 =
    std::num::NonZeroU32::new(VRRP_PROTOCOL as u32).expect("112 is not 0");
