//! The interfaces as the kernel's messages describe them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;

use ipnet::IpNet;
use model::fact::{DeviceFact, LinkFact, LinkNews};
use model::ids::{LinkIndex, LinkName};
use model::net::Mac;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

/// What is known, and what of it was told.
#[derive(Debug, Default)]
pub(super) struct Table {
    links: BTreeMap<LinkIndex, Entry>,
    told: BTreeMap<LinkIndex, LinkFact>,
    touched: BTreeSet<LinkIndex>,
}

#[derive(Debug, Default)]
struct Entry {
    /// All but the addresses; missing while only addresses were heard of.
    link: Option<Link>,
    addresses: Vec<IpNet>,
}

/// What the kernel says of an interface itself.
#[derive(Clone, Debug)]
struct Link {
    name: LinkName,
    up: bool,
    enabled: bool,
    mac: Mac,
    device: Option<DeviceFact>,
}

impl Table {
    /// Takes a datagram with one or more messages, up to the first that is not understood.
    pub(super) fn apply_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let message =
                NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes).map_err(io::Error::other)?;
            let length = usize::try_from(message.header.length).unwrap_or(bytes.len());
            bytes = bytes.get(length.next_multiple_of(4).max(4)..).unwrap_or_default();
            if let NetlinkPayload::InnerMessage(message) = message.payload {
                self.apply(&message);
            }
        }
        Ok(())
    }

    /// Takes one message of the kernel.
    pub(super) fn apply(&mut self, message: &RouteNetlinkMessage) {
        match message {
            // A bridge speaks of its ports in the same words: RTM_DELLINK of AF_BRIDGE means that a port left the
            // bridge, not that the interface is gone.
            RouteNetlinkMessage::NewLink(link) | RouteNetlinkMessage::DelLink(link)
                if link.header.interface_family != AddressFamily::Unspec => {}
            RouteNetlinkMessage::NewLink(link) => self.link_is(link),
            RouteNetlinkMessage::DelLink(link) => {
                let index = LinkIndex(link.header.index);
                self.links.remove(&index);
                self.touched.insert(index);
            }
            RouteNetlinkMessage::NewAddress(address) => self.address_is(address),
            RouteNetlinkMessage::DelAddress(address) => {
                if let Some(net) = net_of(address) {
                    self.without(LinkIndex(address.header.index), net);
                }
            }
            _ => {}
        }
    }

    /// Takes a table read anew. What was told stays told, so that only differences are news.
    pub(super) fn replace(&mut self, fresh: Self) {
        self.touched.extend(self.links.keys().chain(fresh.links.keys()));
        self.links = fresh.links;
    }

    /// What changed since the last call.
    pub(super) fn news(&mut self) -> Vec<LinkNews> {
        let touched = std::mem::take(&mut self.touched);
        touched
            .into_iter()
            .filter_map(|index| self.news_of(index))
            .collect()
    }

    pub(super) fn facts(&self) -> Vec<LinkFact> {
        self.links.keys().filter_map(|index| self.fact(*index)).collect()
    }

    fn news_of(&mut self, index: LinkIndex) -> Option<LinkNews> {
        match self.fact(index) {
            Some(fact) if self.told.get(&index) == Some(&fact) => None,
            Some(fact) => {
                self.told.insert(index, fact.clone());
                Some(LinkNews::Is(fact))
            }
            None => self.told.remove(&index).map(|_| LinkNews::Gone(index)),
        }
    }

    fn fact(&self, index: LinkIndex) -> Option<LinkFact> {
        let entry = self.links.get(&index)?;
        let link = entry.link.clone()?;
        Some(LinkFact {
            index,
            name: link.name,
            up: link.up,
            enabled: link.enabled,
            mac: link.mac,
            addresses: entry.addresses.clone(),
            device: link.device,
        })
    }

    fn link_is(&mut self, link: &LinkMessage) {
        let index = LinkIndex(link.header.index);
        let (mut name, mut mac) = (None, Mac::default());
        for attribute in &link.attributes {
            match attribute {
                LinkAttribute::IfName(text) => name = Some(LinkName::from(text.as_str())),
                // Other lengths (tunnels, InfiniBand) are no Ethernet address.
                LinkAttribute::Address(bytes) => {
                    mac = bytes.as_slice().try_into().map_or(Mac::default(), Mac);
                }
                _ => {}
            }
        }
        let Some(name) = name else { return };
        // IFF_RUNNING is the kernel's own word for carrier and operational state, where "unknown" (lo, dummy, some
        // drivers) counts as up (RFC 2863).
        let up = link.header.flags.contains(LinkFlags::Up | LinkFlags::Running);
        self.links.entry(index).or_default().link = Some(Link {
            name,
            up,
            enabled: link.header.flags.contains(LinkFlags::Up),
            mac,
            device: crate::device::fact(link),
        });
        self.touched.insert(index);
    }

    fn address_is(&mut self, address: &AddressMessage) {
        let Some(net) = net_of(address) else { return };
        let index = LinkIndex(address.header.index);
        if !is_usable(address) {
            self.without(index, net);
            return;
        }
        let entry = self.links.entry(index).or_default();
        if !entry.addresses.contains(&net) {
            entry.addresses.push(net);
        }
        self.touched.insert(index);
    }

    fn without(&mut self, index: LinkIndex, net: IpNet) {
        if let Some(entry) = self.links.get_mut(&index) {
            entry.addresses.retain(|have| *have != net);
            self.touched.insert(index);
        }
    }
}

/// Our own address in the message: IFA_ADDRESS is the peer's where IFA_LOCAL is there too.
fn net_of(message: &AddressMessage) -> Option<IpNet> {
    let find = |pick: fn(&AddressAttribute) -> Option<IpAddr>| message.attributes.iter().find_map(pick);
    let local = find(|attribute| match attribute {
        AddressAttribute::Local(address) => Some(*address),
        _ => None,
    });
    let address = find(|attribute| match attribute {
        AddressAttribute::Address(address) => Some(*address),
        _ => None,
    });
    IpNet::new(local.or(address)?, message.header.prefix_len).ok()
}

/// Neither waiting for duplicate address detection nor failed in it.
fn is_usable(message: &AddressMessage) -> bool {
    let flags = message.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Flags(flags) => Some(*flags),
        _ => None,
    });
    let flags = flags.unwrap_or(AddressFlags::from_bits_retain(message.header.flags.bits().into()));
    !flags.intersects(AddressFlags::Tentative | AddressFlags::Dadfailed)
}
