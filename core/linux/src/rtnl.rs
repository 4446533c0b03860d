//! Requests to rtnetlink, many by one call of the kernel, which works them off in their order.

use std::io;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkDeserializable, NetlinkHeader, NetlinkMessage,
};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::LinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;

use crate::netlink::{NLMSG_DONE, NLMSG_ERROR, Socket};

/// Requests in one datagram: the kernel's answers to them wait in the socket, and must all find room there.
const BATCH: usize = 128;

/// What is asked of rtnetlink, without waiting for it anywhere but in the kernel.
#[derive(Debug)]
pub(crate) struct Rtnl {
    socket: Socket,
    bytes: Vec<u8>,
}

impl Rtnl {
    /// Opens the socket, in the network namespace of the calling thread.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self {
            socket: Socket::open(NETLINK_ROUTE)?,
            bytes: Vec::new(),
        })
    }

    /// Makes requests, and gives the kernel's answer to each: 0, or a negative errno. Where it did not answer, that is
    /// what the socket had to tell.
    pub(crate) fn ask(&mut self, requests: Vec<NetlinkMessage<RouteNetlinkMessage>>) -> Vec<i32> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut requests = requests;
        for batch in requests.chunks_mut(BATCH) {
            self.ask_batch(batch, &mut answers);
        }
        answers
    }

    /// All interfaces.
    pub(crate) fn links(&mut self) -> io::Result<Vec<LinkMessage>> {
        let mut request = NetlinkMessage::from(RouteNetlinkMessage::GetLink(LinkMessage::default()));
        let sequence = self.socket.take_sequences(1);
        request.header.sequence_number = sequence;
        request.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        request.finalize();
        self.bytes.clear();
        self.bytes.resize(request.buffer_len(), 0);
        request.serialize(&mut self.bytes);
        self.socket.send(&self.bytes)?;
        let mut found = Vec::new();
        let mut errno = 0;
        self.socket.receive(sequence, sequence, |message| {
            if matches!(message.kind, NLMSG_ERROR | NLMSG_DONE) {
                errno = message.errno();
                return;
            }
            let mut header = NetlinkHeader::default();
            header.message_type = message.kind;
            if let Ok(RouteNetlinkMessage::NewLink(link)) =
                RouteNetlinkMessage::deserialize(&header, message.payload)
            {
                found.push(link);
            }
        })?;
        if errno == 0 {
            Ok(found)
        } else {
            Err(io::Error::from_raw_os_error(errno))
        }
    }

    fn ask_batch(&mut self, batch: &mut [NetlinkMessage<RouteNetlinkMessage>], answers: &mut Vec<i32>) {
        let first = self.socket.take_sequences(batch.len());
        self.bytes.clear();
        for (request, sequence) in batch.iter_mut().zip(0..) {
            request.header.sequence_number = first.wrapping_add(sequence);
            request.header.flags |= NLM_F_REQUEST | NLM_F_ACK;
            request.finalize();
            let at = self.bytes.len();
            // Each begins at a multiple of four (netlink(7)).
            self.bytes
                .resize(at + request.buffer_len().next_multiple_of(4), 0);
            if let Some(room) = self.bytes.get_mut(at..) {
                request.serialize(room);
            }
        }
        let answered = answers.len();
        let lost = answered + batch.len();
        answers.resize(lost, -libc::ETIMEDOUT);
        let Some(own) = answers.get_mut(answered..) else {
            return;
        };
        let last = first.wrapping_add(u32::try_from(batch.len()).unwrap_or(u32::MAX).wrapping_sub(1));
        let done = self.socket.send(&self.bytes).and_then(|()| {
            self.socket.receive(first, last, |message| {
                let place = usize::try_from(message.sequence.wrapping_sub(first)).ok();
                if let Some(answer) = place.and_then(|place| own.get_mut(place)) {
                    *answer = -message.errno();
                }
            })
        });
        if let Err(error) = done {
            let errno = error.raw_os_error().unwrap_or(libc::ETIMEDOUT);
            let open = own.iter_mut().filter(|answer| **answer == -libc::ETIMEDOUT);
            open.for_each(|answer| *answer = -errno);
        }
    }
}
