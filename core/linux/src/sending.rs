//! Packets that go to the kernel by one call, and what becomes of the others where it refuses one.
#![allow(
    unsafe_code,
    reason = "sendmmsg from buffers that are kept has no safe wrapper"
)]

use std::fmt;
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};

/// What the kernel did not take of several packets.
#[derive(Debug)]
pub struct Refused {
    /// Their places, ascending.
    pub places: Vec<usize>,
    /// Why the first was, in words.
    pub error: io::Error,
}

impl Refused {
    /// Adds what was refused from a place on.
    pub(crate) fn add(so_far: &mut Option<Self>, at: usize, count: usize, error: impl FnOnce() -> io::Error) {
        let refused = so_far.get_or_insert_with(|| Self {
            places: Vec::new(),
            error: error(),
        });
        refused.places.extend(at..at + count);
    }
}

/// Whether what follows by the same way would be refused as well. A firewall's refusal (EPERM), a missing route and a
/// full queue (ENOBUFS, which a filter says, too) are about one packet: others may go to somewhere else.
pub(crate) fn is_of_the_way(error: &io::Error) -> bool {
    let of_the_way = [libc::ENETDOWN, libc::ENODEV, libc::ENXIO];
    is_full(error)
        || error
            .raw_os_error()
            .is_some_and(|errno| of_the_way.contains(&errno))
}

/// Whether the socket holds as much as it may.
pub(crate) fn is_full(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Packets of one socket, each with whom it is for. What is collected keeps its memory.
#[derive(Default)]
pub(crate) struct Run {
    /// One packet after the other.
    bytes: Vec<u8>,
    packets: Vec<(Range<usize>, Address)>,
    vectors: Vec<libc::iovec>,
    /// For all packets, or none: they point into the lists above.
    headers: Vec<libc::mmsghdr>,
}

/// Whom a packet is for; none where the frame says it all.
#[derive(Clone, Copy)]
pub(crate) enum Address {
    V4(libc::sockaddr_in),
    V6(libc::sockaddr_in6),
    Link(libc::sockaddr_ll),
    Framed,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("packets", &self.packets.len())
            .finish_non_exhaustive()
    }
}

impl Run {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.packets.clear();
        self.headers.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.packets.len()
    }

    /// Takes the packet that `make` appends; false when it makes none.
    pub(crate) fn push(&mut self, make: impl FnOnce(&mut Vec<u8>) -> Option<Address>) -> bool {
        // They point to what may move now.
        self.headers.clear();
        let start = self.bytes.len();
        let made = make(&mut self.bytes);
        match made {
            Some(address) => self.packets.push((start..self.bytes.len(), address)),
            None => self.bytes.truncate(start),
        }
        made.is_some()
    }

    /// Gives the packets from this place on to the kernel, which takes a beginning of them; says how many. To go on
    /// behind one that is refused makes nothing anew.
    pub(crate) fn send(&mut self, socket: BorrowedFd<'_>, from: usize) -> io::Result<usize> {
        if self.headers.is_empty() {
            self.make_headers();
        }
        let headers = self.headers.get_mut(from..).unwrap_or_default();
        // JUSTIFICATION: the safe wrappers borrow what they send, so their lists cannot be kept from call to call.
        // SAFETY: each header points to one address or none, and one vector, the vector to a part of `bytes` of the
        // length told. All of them are this run's, none is shared, and what lets them grow clears the headers.
        let sent = unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
            )
        };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }

    fn make_headers(&mut self) {
        self.vectors.clear();
        for (range, _) in &self.packets {
            let packet = self.bytes.get_mut(range.clone()).unwrap_or_default();
            self.vectors.push(libc::iovec {
                iov_base: packet.as_mut_ptr().cast(),
                iov_len: packet.len(),
            });
        }
        for ((_, to), vector) in self.packets.iter_mut().zip(&mut self.vectors) {
            // JUSTIFICATION: msghdr has private padding on some targets, so that it cannot be written as a literal.
            // SAFETY: all zeroes is a valid value: null pointers with lengths of 0.
            let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
            let (name, length) = match to {
                Address::V4(v4) => ((&raw mut *v4).cast(), size_of_val(v4)),
                Address::V6(v6) => ((&raw mut *v6).cast(), size_of_val(v6)),
                Address::Link(link) => ((&raw mut *link).cast(), size_of_val(link)),
                Address::Framed => (std::ptr::null_mut(), 0),
            };
            header.msg_hdr.msg_name = name;
            header.msg_hdr.msg_namelen = length as libc::socklen_t;
            header.msg_hdr.msg_iov = &raw mut *vector;
            header.msg_hdr.msg_iovlen = 1;
            self.headers.push(header);
        }
    }
}
