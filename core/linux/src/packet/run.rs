//! Packets that go to the kernel by one call.
#![allow(
    unsafe_code,
    reason = "sendmmsg from buffers that are kept has no safe wrapper"
)]

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd};

use model::effect::SendAdvert;

use super::seal;

/// Packets of one socket, each with whom it is for. What is collected keeps its memory.
#[derive(Default)]
pub(super) struct Run {
    /// One packet after the other.
    bytes: Vec<u8>,
    packets: Vec<(Range<usize>, Address)>,
    vectors: Vec<libc::iovec>,
    headers: Vec<libc::mmsghdr>,
}

/// A socket address of either family; none where the frame says it all.
#[derive(Clone, Copy)]
enum Address {
    V4(libc::sockaddr_in),
    V6(libc::sockaddr_in6),
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
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.packets.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    /// Takes an advert; false when no packet can be made of it.
    pub(super) fn push(&mut self, advert: &SendAdvert) -> bool {
        let start = self.bytes.len();
        let made = seal::packet(advert, &mut self.bytes).is_some();
        if made {
            self.packets.push((start..self.bytes.len(), address(advert)));
        } else {
            self.bytes.truncate(start);
        }
        made
    }

    /// Gives the packets to the kernel, which takes a beginning of them; says how many.
    pub(super) fn send(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.vectors.clear();
        self.headers.clear();
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
                Address::Framed => (std::ptr::null_mut(), 0),
            };
            header.msg_hdr.msg_name = name;
            header.msg_hdr.msg_namelen = length as libc::socklen_t;
            header.msg_hdr.msg_iov = &raw mut *vector;
            header.msg_hdr.msg_iovlen = 1;
            self.headers.push(header);
        }
        // JUSTIFICATION: the safe wrappers borrow what they send, so their lists cannot be kept from call to call.
        // SAFETY: each header points to one address or none, and one vector, the vector to a part of `bytes` of the length told;
        // none of these lists grows between here and the end of the call, and none is shared.
        let sent = unsafe {
            libc::sendmmsg(
                socket.as_raw_fd(),
                self.headers.as_mut_ptr(),
                self.headers.len() as libc::c_uint,
                libc::MSG_DONTWAIT,
            )
        };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}

fn address(advert: &SendAdvert) -> Address {
    if advert.mac.is_some() {
        return Address::Framed;
    }
    match advert.destination {
        IpAddr::V4(to) => Address::V4(libc::sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: 0,
            sin_addr: libc::in_addr {
                s_addr: u32::from_ne_bytes(to.octets()),
            },
            sin_zero: [0; 8],
        }),
        IpAddr::V6(to) => Address::V6(libc::sockaddr_in6 {
            sin6_family: libc::AF_INET6 as libc::sa_family_t,
            sin6_port: 0,
            sin6_flowinfo: 0,
            sin6_addr: libc::in6_addr { s6_addr: to.octets() },
            sin6_scope_id: advert.link.0,
        }),
    }
}
