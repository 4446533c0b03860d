//! Tells a segment where an address is now: whole Ethernet frames, given to the interface as they are.

use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd as _;

use model::effect::Announce;
use socket2::{Domain, Socket, Type};
use wire::announce::{gratuitous_arp, neighbour_advertisement};

use crate::sending::{Address, Refused, Run, is_of_the_way};
use crate::sys::{self, Way};

/// Bytes of frames that wait for the interface at most, as the kernel counts them: some 800 for each, and many
/// addresses are announced at once, several times each. The next announcement of a lost one is seconds away.
const BUFFER: libc::c_int = 8 << 20;

/// Frames given to the kernel by one call.
const BATCH: usize = 256;

/// Sends gratuitous ARP requests and unsolicited neighbour advertisements on any interface.
#[derive(Debug)]
pub struct Announcer {
    socket: Socket,
    run: Run,
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
        Ok(Self {
            socket,
            run: Run::default(),
        })
    }

    /// Sends the frames that are ordered, in their order and in few calls of the kernel, and goes on after one that is
    /// refused, except on an interface that is closed. Gives what was refused, if something was: the error names
    /// address and interface; the interface is down or gone, or its queue is full.
    pub fn announce_all(&mut self, orders: &[Announce]) -> Option<Refused> {
        let mut refused = None;
        let mut at = 0;
        while let Some(first) = orders.get(at) {
            let rest = orders.get(at..).unwrap_or_default();
            let run = rest.iter().take(BATCH);
            let run = run.take_while(|order| order.link == first.link).count();
            let run = rest.get(..run).unwrap_or_default();
            self.send_run(run, at, &mut refused);
            at += run.len();
        }
        refused
    }

    /// Sends `orders`, the first of which has this place, all of one interface.
    fn send_run(&mut self, orders: &[Announce], place: usize, refused: &mut Option<Refused>) {
        self.run.clear();
        for order in orders {
            self.run.push(|bytes| Some(frame(order, bytes)));
        }
        let mut at = 0;
        while let Some(order) = orders.get(at) {
            match self.run.send(self.socket.as_fd(), at) {
                Ok(sent) => at += sent.max(1),
                Err(error) => {
                    let lost = if is_of_the_way(&error) {
                        orders.len() - at
                    } else {
                        1
                    };
                    Refused::add(refused, place + at, lost, || explain(order, &error));
                    at += lost;
                }
            }
        }
    }
}

/// Appends a frame, and says for which interface.
fn frame(order: &Announce, into: &mut Vec<u8>) -> Address {
    match order.address {
        IpAddr::V4(address) => into.extend(gratuitous_arp(order.mac.0, address)),
        IpAddr::V6(address) => into.extend(neighbour_advertisement(order.mac.0, address)),
    }
    Address::Link(sys::link_address(order.link.0))
}

fn explain(order: &Announce, error: &io::Error) -> io::Error {
    let link = sys::link_label(order.link.0);
    let words = sys::words(error);
    let message = format!("cannot announce {} on {link}: {words}", order.address);
    io::Error::new(error.kind(), message)
}
