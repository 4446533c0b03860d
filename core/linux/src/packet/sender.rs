//! Sends adverts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::os::fd::AsFd as _;

use libc::c_int;
use model::effect::SendAdvert;
use model::ids::LinkIndex;
use model::net::Family;
use socket2::{Domain, Protocol, Socket, Type};

use super::run::Run;
use crate::sys::{self, Way};

/// linux/pkt_sched.h: TC_PRIO_CONTROL. Needs CAP_NET_ADMIN; the value below does not.
const PRIORITY_CONTROL: c_int = 7;
const PRIORITY_INTERACTIVE: c_int = 6;

/// Bytes of packets that wait for the interface at most, as the kernel counts them: some 800 for an advert, and 255 may
/// leave at once.
const BUFFER: c_int = 1 << 20;

/// Adverts given to the kernel by one call.
const BATCH: usize = 256;

/// Sends the adverts of a whole node. Keeps one socket for each interface and form, which sends and never receives.
#[derive(Debug, Default)]
pub struct Sender {
    sockets: BTreeMap<(LinkIndex, Form), Socket>,
    run: Run,
}

/// As what an advert reaches the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Form {
    /// As a packet, which the kernel gives the interface's own link-layer source.
    Packet(Family),
    /// As a whole frame, with the virtual router's. So the first advert of a Master need not wait until its device is
    /// up, and the guardian can say farewell without one.
    Frame,
}

impl Sender {
    /// A sender that has no sockets yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends one advert, exactly as ordered: source, destination and hop limit are the caller's.
    ///
    /// # Errors
    /// In words, with interface and addresses. The socket is opened anew by the next one.
    pub fn send(&mut self, advert: &SendAdvert) -> io::Result<()> {
        self.send_all(std::slice::from_ref(advert))
            .map_or(Ok(()), |(_, error)| Err(error))
    }

    /// Sends adverts in their order, in few calls of the kernel, and goes on after one that fails. Gives the first
    /// that failed, by its place, and why.
    pub fn send_all(&mut self, adverts: &[SendAdvert]) -> Option<(usize, io::Error)> {
        let mut failed = None;
        let mut at = 0;
        while let Some(first) = adverts.get(at) {
            let key = key(first);
            let rest = adverts.get(at..).unwrap_or_default();
            let run = rest
                .iter()
                .take(BATCH)
                .take_while(|advert| self::key(advert) == key)
                .count();
            let sent = self.send_run(key, rest.get(..run).unwrap_or_default());
            match sent {
                Ok(sent) => at += sent.max(1),
                Err(error) => {
                    self.sockets.remove(&key);
                    failed.get_or_insert_with(|| (at, explain(first, &error)));
                    at += 1;
                }
            }
        }
        failed
    }

    /// Closes the sockets of an interface that is gone.
    pub fn forget(&mut self, link: LinkIndex) {
        self.sockets.retain(|(of, _), _| *of != link);
    }

    /// Sends a beginning of `adverts`, all of one interface and form, and says how many.
    fn send_run(&mut self, key: (LinkIndex, Form), adverts: &[SendAdvert]) -> io::Result<usize> {
        self.run.clear();
        for advert in adverts {
            if !self.run.push(advert) {
                break;
            }
        }
        if self.run.is_empty() {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        let socket = match self.sockets.entry(key) {
            Entry::Occupied(open) => open.into_mut(),
            Entry::Vacant(vacant) => vacant.insert(open(key)?),
        };
        self.run.send(socket.as_fd())
    }
}

fn key(advert: &SendAdvert) -> (LinkIndex, Form) {
    let form = match advert.mac {
        Some(_) => Form::Frame,
        None => Form::Packet(Family::of(advert.destination)),
    };
    (advert.link, form)
}

fn open((link, form): (LinkIndex, Form)) -> io::Result<Socket> {
    let socket = match form {
        Form::Packet(family) => open_for_packets(link, family),
        Form::Frame => open_for_frames(link),
    }?;
    sys::make_room(&socket, Way::Out, BUFFER)?;
    sys::set_option(&socket, libc::SOL_SOCKET, libc::SO_PRIORITY, PRIORITY_CONTROL)
        .or_else(|_| sys::set_option(&socket, libc::SOL_SOCKET, libc::SO_PRIORITY, PRIORITY_INTERACTIVE))?;
    Ok(socket)
}

/// A socket that brings its own IP header (raw(7): IPPROTO_RAW) and hears nothing.
fn open_for_packets(link: LinkIndex, family: Family) -> io::Result<Socket> {
    let domain = match family {
        Family::V4 => Domain::IPV4,
        Family::V6 => Domain::IPV6,
    };
    let socket = Socket::new(
        domain,
        Type::RAW.nonblocking(),
        Some(Protocol::from(libc::IPPROTO_RAW)),
    )?;
    sys::bind_to_index(&socket, link.0)?;
    match family {
        Family::V4 => socket.set_multicast_loop_v4(false)?,
        Family::V6 => socket.set_multicast_loop_v6(false)?,
    }
    Ok(socket)
}

/// A socket that brings its own Ethernet header, on this interface, and hears nothing (packet(7): protocol 0).
fn open_for_frames(link: LinkIndex) -> io::Result<Socket> {
    let socket = Socket::new(Domain::PACKET, Type::RAW.nonblocking(), None)?;
    sys::bind_to_link(&socket, link.0)?;
    Ok(socket)
}

fn explain(advert: &SendAdvert, error: &io::Error) -> io::Error {
    let SendAdvert {
        source, destination, ..
    } = advert;
    let link = sys::link_label(advert.link.0);
    let cure = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "; needs CAP_NET_RAW, and no firewall rule against protocol 112 or 51"
        }
        _ => "",
    };
    let words = sys::words(error);
    let message = format!("cannot send an advert from {source} to {destination} on {link}: {words}{cure}");
    io::Error::new(error.kind(), message)
}
