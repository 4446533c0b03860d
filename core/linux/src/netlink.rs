//! A netlink socket that sends one datagram, of one or of many requests, and reads until it is answered, or for too
//! long.

mod message;
mod write;

use std::io;
use std::time::{Duration, Instant};

use netlink_sys::{Socket as Netlink, SocketAddr};
use socket2::SockRef;

pub(crate) use message::{Message, NLMSG_DONE, NLMSG_ERROR, messages};
pub(crate) use write::{attribute, message, nest};

/// Longest time for an answer, and from the first answer of an exchange to its last. A few requests are never acknowledged at all, so every one has a deadline.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);
/// The kernel fills dumps up to 32 KiB when the reader has room for it.
const BUFFER: usize = 64 << 10;

/// An open socket, with room for answers.
#[derive(Debug)]
pub(crate) struct Socket {
    netlink: Netlink,
    next_sequence: u32,
    buffer: Vec<u8>,
    /// How long the kernel lets a read wait, once that was said.
    patience: Option<Duration>,
}

impl Socket {
    /// Opens it, to speak to the kernel alone, in the network namespace of the calling thread.
    pub(crate) fn open(protocol: isize) -> io::Result<Self> {
        let mut netlink = Netlink::new(protocol)?;
        netlink.bind_auto()?;
        netlink.connect(&SocketAddr::new(0, 0))?;
        // Answers to errors would repeat the request; its number is enough.
        netlink.set_cap_ack(true)?;
        Ok(Self {
            netlink,
            next_sequence: 1,
            buffer: Vec::with_capacity(BUFFER),
            patience: None,
        })
    }

    /// Reserves `count` sequence numbers in a row and returns the first.
    pub(crate) fn take_sequences(&mut self, count: usize) -> u32 {
        let first = self.next_sequence;
        self.next_sequence = first.wrapping_add(u32::try_from(count).unwrap_or(u32::MAX));
        first
    }

    /// Hands a datagram to the kernel, which for rtnetlink does what it asks before this returns.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let sent = self.netlink.send(bytes, 0)?;
        if sent == bytes.len() {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::WriteZero,
            "the kernel took a part of a datagram",
        ))
    }

    /// Hands over every message with a sequence number of `first..=last`, up to the one that ends the exchange: an
    /// NLMSG_ERROR (an acknowledgement is one) or NLMSG_DONE with the number `last`. Left-overs of an exchange that
    /// was given up have other numbers and are passed by.
    pub(crate) fn receive(&mut self, first: u32, last: u32, take: impl FnMut(Message<'_>)) -> io::Result<()> {
        self.receive_within(DEADLINE, first, last, take)
    }

    /// The same, with another deadline.
    pub(crate) fn receive_within(
        &mut self,
        deadline: Duration,
        first: u32,
        last: u32,
        mut take: impl FnMut(Message<'_>),
    ) -> io::Result<()> {
        let span = last.wrapping_sub(first);
        let mut patience = Patience::new(deadline);
        loop {
            let size = self.receive_datagram(deadline)?;
            let datagram = self.buffer.get(..size).unwrap_or_default();
            let ours = messages(datagram).filter(|message| message.sequence.wrapping_sub(first) <= span);
            for message in ours {
                let ends = matches!(message.kind, NLMSG_ERROR | NLMSG_DONE);
                take(message);
                if ends && message.sequence == last {
                    return Ok(());
                }
            }
            patience.check()?;
        }
    }

    /// The errno of the first refusal among the answers to one batch, which ends with it; 0 once `last` is done.
    pub(crate) fn receive_verdict(&mut self, last: u32) -> io::Result<i32> {
        let mut patience = Patience::new(DEADLINE);
        loop {
            let size = self.receive_datagram(DEADLINE)?;
            let datagram = self.buffer.get(..size).unwrap_or_default();
            let mut answers = messages(datagram).filter(|message| message.kind == NLMSG_ERROR);
            if let Some(answer) = answers.find(|message| message.errno() != 0 || message.sequence == last) {
                return Ok(answer.errno());
            }
            patience.check()?;
        }
    }

    fn receive_datagram(&mut self, longest: Duration) -> io::Result<usize> {
        if self.patience != Some(longest) {
            SockRef::from(&self.netlink).set_read_timeout(Some(longest))?;
            self.patience = Some(longest);
        }
        loop {
            self.buffer.clear();
            match self.netlink.recv_from(&mut self.buffer, 0) {
                // Only the kernel has port 0.
                Ok((_, sender)) if sender.port_number() != 0 => return Ok(0),
                Ok((size, _)) => return Ok(size),
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                Err(cause) => return Err(cause),
            }
        }
    }
}

/// How long an exchange of many datagrams may take. Most have one answer, and no need of a clock.
struct Patience {
    longest: Duration,
    /// Counted from the first datagram that was not the last.
    end: Option<Instant>,
}

impl Patience {
    const fn new(longest: Duration) -> Self {
        Self { longest, end: None }
    }

    /// One more datagram came, and more are waited for.
    fn check(&mut self) -> io::Result<()> {
        let now = Instant::now();
        if now < *self.end.get_or_insert(now + self.longest) {
            return Ok(());
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}
