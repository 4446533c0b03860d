//! Tells a segment where an address is now: whole Ethernet frames, given to the interface as they are.
#![allow(unsafe_code, reason = "link-layer addresses have no safe wrapper")]

use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;

use model::effect::Announce;
use model::ids::LinkIndex;
use socket2::{Domain, Socket, Type};
use wire::announce::{gratuitous_arp, neighbour_advertisement};

use crate::sys;

/// Sends gratuitous ARP requests and unsolicited neighbour advertisements on any interface.
#[derive(Debug)]
pub struct Announcer {
    socket: Socket,
}

impl Announcer {
    /// Opens a packet socket that hears nothing.
    ///
    /// # Errors
    /// Without CAP_NET_RAW.
    pub fn open() -> io::Result<Self> {
        // Protocol 0: receives no packets (packet(7)).
        let socket = Socket::new(Domain::PACKET, Type::RAW.nonblocking(), None).map_err(|error| {
            let words = sys::words(&error);
            io::Error::new(
                error.kind(),
                format!("cannot open a packet socket: {words}; needs CAP_NET_RAW"),
            )
        })?;
        Ok(Self { socket })
    }

    /// Sends the frame that is ordered.
    ///
    /// # Errors
    /// In words, with address and interface: the interface is down or gone, or its queue is full.
    pub fn announce(&mut self, order: &Announce) -> io::Result<()> {
        let sent = match order.address {
            IpAddr::V4(address) => self.send(order.link, &gratuitous_arp(order.mac.0, address)),
            IpAddr::V6(address) => self.send(order.link, &neighbour_advertisement(order.mac.0, address)),
        };
        sent.map_err(|error| {
            let link = sys::link_label(order.link.0);
            let words = sys::words(&error);
            io::Error::new(
                error.kind(),
                format!("cannot announce {} on {link}: {words}", order.address),
            )
        })
    }

    fn send(&self, link: LinkIndex, frame: &[u8]) -> io::Result<()> {
        // JUSTIFICATION: sockaddr_ll has padding on some targets, so that it cannot be written as a literal.
        // SAFETY: it is plain numbers; all zeroes is a valid value.
        let mut to: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        to.sll_family = libc::AF_PACKET as u16;
        to.sll_ifindex = i32::try_from(link.0).map_err(|_| io::Error::from_raw_os_error(libc::ENODEV))?;
        let size = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
        // JUSTIFICATION: neither rustix nor socket2 can make a link-layer address without unsafe.
        // SAFETY: frame and address are live for the call, and of the lengths told.
        let sent = unsafe {
            libc::sendto(
                self.socket.as_raw_fd(),
                frame.as_ptr().cast(),
                frame.len(),
                libc::MSG_DONTWAIT,
                (&raw const to).cast(),
                size,
            )
        };
        if sent < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    }
}
