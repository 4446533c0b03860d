//! Many packets by one call of the kernel.
#![allow(unsafe_code, reason = "recvmmsg with control messages has no safe wrapper")]

use std::cell::Cell;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Packets taken by one call. What is left is taken by the next one.
pub(super) const BATCH: usize = 64;

/// A VRRPv3 message with 255 IPv6 addresses has 4,088 bytes, an IPv4 header with options 60. What is longer is no
/// VRRP, and is dropped.
const PACKET_MAX: usize = 4_608;

/// Room for the control messages asked for: address, hop limit and timestamp.
const CONTROL_MAX: usize = 256;

/// Room for a `sockaddr_in6`.
const NAME_MAX: usize = 32;

thread_local! {
    /// One for all sockets of a thread: a thousand listeners must not hold a thousand of them.
    static BUFFERS: Cell<Option<Box<Batch>>> = const { Cell::new(None) };
}

#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Slot {
    control: [u8; CONTROL_MAX],
    name: [u8; NAME_MAX],
    packet: [u8; PACKET_MAX],
}

/// Buffers for one call, and what came.
pub(super) struct Batch {
    slots: [Slot; BATCH],
    lengths: [Lengths; BATCH],
    count: usize,
}

#[derive(Clone, Copy, Default)]
struct Lengths {
    packet: usize,
    control: usize,
    name: usize,
    truncated: bool,
}

/// One packet as the kernel gave it.
pub(super) struct Received<'a> {
    /// Sender as a `sockaddr`.
    pub(super) name: &'a [u8],
    /// Control messages.
    pub(super) control: &'a [u8],
    /// The packet; with its IP header on an IPv4 socket.
    pub(super) packet: &'a [u8],
}

impl Batch {
    /// The buffers of this thread; new ones when they are in use.
    pub(super) fn take() -> Box<Self> {
        BUFFERS.take().unwrap_or_else(|| {
            let slot = Slot {
                control: [0; CONTROL_MAX],
                name: [0; NAME_MAX],
                packet: [0; PACKET_MAX],
            };
            Box::new(Self {
                slots: [slot; BATCH],
                lengths: [Lengths::default(); BATCH],
                count: 0,
            })
        })
    }

    /// Gives them back.
    pub(super) fn put(self: Box<Self>) {
        BUFFERS.set(Some(self));
    }

    /// Packets that came with the last [`fill`](Self::fill), those too long left out.
    pub(super) fn iter(&self) -> impl Iterator<Item = Received<'_>> {
        let filled = self.slots.iter().zip(&self.lengths).take(self.count);
        filled
            .filter(|(_, lengths)| !lengths.truncated)
            .filter_map(|(slot, lengths)| {
                Some(Received {
                    name: slot.name.get(..lengths.name)?,
                    control: slot.control.get(..lengths.control)?,
                    packet: slot.packet.get(..lengths.packet)?,
                })
            })
    }

    /// What the kernel told beside the last packet, also where that one is too long.
    pub(super) fn last_control(&self) -> Option<&[u8]> {
        let last = self.count.checked_sub(1)?;
        let (slot, lengths) = (self.slots.get(last)?, self.lengths.get(last)?);
        slot.control.get(..lengths.control)
    }

    /// Reads what is there, up to [`BATCH`] packets, and never waits. Says how many; 0 when nothing is there.
    pub(super) fn fill(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        self.count = 0;
        let mut vectors: [libc::iovec; BATCH] = std::array::from_fn(|i| libc::iovec {
            iov_base: (&raw mut self.slots[i].packet).cast(),
            iov_len: PACKET_MAX,
        });
        let mut headers: [libc::mmsghdr; BATCH] = std::array::from_fn(|i| {
            // JUSTIFICATION: msghdr has private padding on some targets, so that it cannot be written as a literal.
            // SAFETY: all zeroes is a valid value: null pointers with lengths of 0.
            let mut header: libc::mmsghdr = unsafe { std::mem::zeroed() };
            header.msg_hdr.msg_name = (&raw mut self.slots[i].name).cast();
            header.msg_hdr.msg_namelen = NAME_MAX as libc::socklen_t;
            header.msg_hdr.msg_iov = &raw mut vectors[i];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = (&raw mut self.slots[i].control).cast();
            header.msg_hdr.msg_controllen = CONTROL_MAX as _;
            header
        });
        // JUSTIFICATION: recvmmsg has no safe wrapper that keeps unknown control messages.
        // SAFETY: each header points to one vector, name and control buffer of the length told; all outlive the
        // call and none is shared. The timeout may be null.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                BATCH as libc::c_uint,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        let Ok(count) = usize::try_from(count) else {
            return Err(io::Error::last_os_error());
        };
        for (lengths, header) in self.lengths.iter_mut().zip(&headers).take(count) {
            *lengths = Lengths {
                packet: header.msg_len as usize,
                control: header.msg_hdr.msg_controllen,
                name: header.msg_hdr.msg_namelen as usize,
                truncated: header.msg_hdr.msg_flags & (libc::MSG_TRUNC | libc::MSG_CTRUNC) != 0,
            };
        }
        self.count = count.min(BATCH);
        Ok(self.count)
    }
}
