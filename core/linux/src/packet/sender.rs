//! Sends adverts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsFd as _;

use libc::c_int;
use model::effect::SendAdvert;
use model::ids::LinkIndex;
use model::net::Family;
use socket2::{Domain, Protocol, Socket, Type};

use super::seal;
use crate::sending::{Address, Refused, Run, is_full, is_of_the_way};
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
    /// In words, with interface and addresses.
    pub fn send(&mut self, advert: &SendAdvert) -> io::Result<()> {
        self.send_all(std::slice::from_ref(advert))
            .map_or(Ok(()), |refused| Err(refused.error))
    }

    /// Sends adverts in their order, in few calls of the kernel, and goes on after one that is refused, except by a way
    /// that is closed. Gives what was refused, if something was.
    pub fn send_all(&mut self, adverts: &[SendAdvert]) -> Option<Refused> {
        let mut refused = None;
        let mut at = 0;
        while let Some(first) = adverts.get(at) {
            let key = key(first);
            let rest = adverts.get(at..).unwrap_or_default();
            let run = rest.iter().take(BATCH);
            let run = run.take_while(|advert| self::key(advert) == key).count();
            let run = rest.get(..run).unwrap_or_default();
            self.run.clear();
            for advert in run {
                let push = |bytes: &mut Vec<u8>| seal::packet(advert, bytes).map(|()| address(advert));
                if !self.run.push(push) {
                    break;
                }
            }
            if self.run.len() == 0 {
                let why = || explain(first, &io::Error::from(io::ErrorKind::InvalidInput));
                Refused::add(&mut refused, at, 1, why);
                at += 1;
            } else {
                self.send_run(key, run, at, &mut refused);
                at += self.run.len();
            }
        }
        refused
    }

    /// Closes the sockets of an interface that is gone.
    pub fn forget(&mut self, link: LinkIndex) {
        self.sockets.retain(|(of, _), _| *of != link);
    }

    /// Sends what is collected of `adverts`, the first of which has this place, all of one interface and form.
    fn send_run(
        &mut self,
        key: (LinkIndex, Form),
        adverts: &[SendAdvert],
        place: usize,
        refused: &mut Option<Refused>,
    ) {
        let mut is_new = !self.sockets.contains_key(&key);
        let mut at = 0;
        while let Some(advert) = adverts.get(at).filter(|_| at < self.run.len()) {
            let socket = match self.sockets.entry(key) {
                Entry::Occupied(open) => Ok(open.into_mut()),
                Entry::Vacant(vacant) => open(key).map(|socket| vacant.insert(socket)),
            };
            let error = match socket.and_then(|socket| self.run.send(socket.as_fd(), at)) {
                Ok(sent) => {
                    at += sent.max(1);
                    continue;
                }
                Err(error) => error,
            };
            // A socket stays with an interface that went, even when another has its index by now.
            if !is_new && !is_full(&error) {
                is_new = self.sockets.remove(&key).is_some();
                continue;
            }
            let lost = if is_of_the_way(&error) {
                self.run.len() - at
            } else {
                1
            };
            Refused::add(refused, place + at, lost, || explain(advert, &error));
            at += lost;
        }
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
    let cure = match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => {
            "; needs CAP_NET_RAW, and no firewall rule against protocol 112 or 51"
        }
        Some(libc::ENOBUFS) => "; a queue of the interface drops it, see `tc -s qdisc` and `tc -s filter`",
        _ => "",
    };
    let words = sys::words(error);
    let message = format!("cannot send an advert from {source} to {destination} on {link}: {words}{cure}");
    io::Error::new(error.kind(), message)
}

#[cfg(test)]
mod tests;
