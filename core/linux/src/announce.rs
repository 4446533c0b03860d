//! Tells a segment where an address is now: whole Ethernet frames, given to the interface as they are.
#![allow(unsafe_code, reason = "link-layer addresses have no safe wrapper")]

use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd;

use model::effect::Announce;
use socket2::{Domain, Socket, Type};
use wire::announce::{gratuitous_arp, neighbour_advertisement};

use crate::sys::{self, Way};

/// Bytes of frames that wait for the interface at most, as the kernel counts them: some 800 for each, and many
/// addresses are announced at once, several times each. The next announcement of a lost one is seconds away.
const BUFFER: libc::c_int = 8 << 20;

/// Frames given to the kernel by one call.
const BATCH: usize = 256;

/// A neighbour advertisement has 86 bytes, a gratuitous ARP request fewer.
const FRAME_MAX: usize = 86;

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
        sys::make_room(&socket, Way::Out, BUFFER)?;
        Ok(Self { socket })
    }

    /// Sends the frames that are ordered, in their order and in few calls of the kernel, and goes on after one that
    /// fails. Gives the first that failed, by its place, and why: in words, with address and interface; the interface
    /// is down or gone, or its queue is full.
    pub fn announce_all(&mut self, orders: &[Announce]) -> Option<(usize, io::Error)> {
        let mut failed = None;
        let mut at = 0;
        while let Some(first) = orders.get(at) {
            let rest = orders.get(at..).unwrap_or_default();
            match self.send(rest.get(..BATCH).unwrap_or(rest)) {
                Ok(sent) => at += sent.max(1),
                Err(error) => {
                    failed.get_or_insert_with(|| (at, explain(first, &error)));
                    at += 1;
                }
            }
        }
        failed
    }

    /// Sends a beginning of `orders`, and says how many.
    fn send(&self, orders: &[Announce]) -> io::Result<usize> {
        let mut frames: Vec<Frame> = orders.iter().map(Frame::of).collect();
        let mut vectors: Vec<libc::iovec> = frames.iter_mut().map(Frame::vector).collect();
        let mut headers: Vec<libc::mmsghdr> = frames
            .iter_mut()
            .zip(&mut vectors)
            .map(|(frame, vector)| {
                // JUSTIFICATION: msghdr has private padding on some targets, so that it cannot be written as a literal.
                // SAFETY: all zeroes is a valid value: null pointers with lengths of 0.
                let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
                header.msg_hdr.msg_name = (&raw mut frame.to).cast();
                header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
                header.msg_hdr.msg_iov = &raw mut *vector;
                header.msg_hdr.msg_iovlen = 1;
                header
            })
            .collect();
        // JUSTIFICATION: neither rustix nor socket2 can make a link-layer address without unsafe.
        // SAFETY: each header points to one address and one vector, the vector to a frame of the length told; all
        // outlive the call and none is shared.
        let sent = unsafe {
            libc::sendmmsg(
                self.socket.as_raw_fd(),
                headers.as_mut_ptr(),
                headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
            )
        };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}

/// One frame on its way out.
struct Frame {
    to: libc::sockaddr_ll,
    bytes: [u8; FRAME_MAX],
    length: usize,
}

impl Frame {
    fn of(order: &Announce) -> Self {
        // JUSTIFICATION: sockaddr_ll has padding on some targets, so that it cannot be written as a literal.
        // SAFETY: it is plain numbers; all zeroes is a valid value.
        let mut to: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        to.sll_family = libc::AF_PACKET as u16;
        // There is no interface 0, where the kernel then says ENXIO.
        to.sll_ifindex = i32::try_from(order.link.0).unwrap_or(0);
        let mut bytes = [0; FRAME_MAX];
        let mut fill = |frame: &[u8]| {
            bytes.iter_mut().zip(frame).for_each(|(to, from)| *to = *from);
            frame.len()
        };
        let length = match order.address {
            IpAddr::V4(address) => fill(&gratuitous_arp(order.mac.0, address)),
            IpAddr::V6(address) => fill(&neighbour_advertisement(order.mac.0, address)),
        };
        Self { to, bytes, length }
    }

    fn vector(&mut self) -> libc::iovec {
        libc::iovec {
            iov_base: (&raw mut self.bytes).cast(),
            iov_len: self.length.min(FRAME_MAX),
        }
    }
}

fn explain(order: &Announce, error: &io::Error) -> io::Error {
    let link = sys::link_label(order.link.0);
    let words = sys::words(error);
    let message = format!("cannot announce {} on {link}: {words}", order.address);
    io::Error::new(error.kind(), message)
}
