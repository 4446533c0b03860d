//! Hears adverts.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::os::fd::{AsFd, BorrowedFd};

use libc::c_int;
use model::effect::Listener;
use model::fact::{Envelope, Frame};
use model::ids::LinkName;
use model::net::Family;
use model::time::Instant;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};
use wire::ah::AH_PROTOCOL;
use wire::checksum::VRRP_PROTOCOL;

use super::batch::{BATCH, Batch, Received};
use super::control::{self, Told};
use super::header;
use crate::clock;
use crate::sys::{self, Way};

/// Bytes of packets that wait for us at most, per socket, as the kernel counts them: some 800 for an advert. Room for
/// 255 routers at 10 ms while we are kept from running for a tenth of a second. What comes after is dropped by the
/// kernel, and then the newest adverts are those that we never heard.
const BUFFER: c_int = 2 << 20;

/// Not in libc: linux/in6.h.
const IPV6_RECVPKTINFO: c_int = 49;
const IPV6_RECVHOPLIMIT: c_int = 51;

/// A raw socket of one protocol on one interface: of one group, or, without one, of the node's own addresses.
#[derive(Debug)]
pub struct Receiver {
    socket: Socket,
    listener: Listener,
    /// What came until then has been given; what comes out of the socket later is not older.
    heard: Instant,
}

impl Receiver {
    /// Begins to hear. `link_name` serves messages, and kernels older than 5.0.
    ///
    /// # Errors
    /// Without CAP_NET_RAW, without the interface, or when it has no IPv6 (`disable_ipv6`).
    pub fn open(listener: &Listener, link_name: &LinkName) -> io::Result<Self> {
        Self::try_open(listener, link_name).map_err(|error| {
            let Listener { family, .. } = listener;
            let whom = listener
                .group
                .map_or(String::from("unicast"), |group| format!("group {group}"));
            let cure = match error.kind() {
                io::ErrorKind::PermissionDenied => "; needs CAP_NET_RAW",
                _ => "",
            };
            let words = sys::words(&error);
            let message = format!("cannot hear {family} adverts on {link_name} ({whom}): {words}{cure}");
            io::Error::new(error.kind(), message)
        })
    }

    fn try_open(listener: &Listener, link_name: &LinkName) -> io::Result<Self> {
        let heard = clock::now();
        let domain = match listener.family {
            Family::V4 => Domain::IPV4,
            Family::V6 => Domain::IPV6,
        };
        let protocol = Protocol::from(c_int::from(protocol(listener)));
        let socket = Socket::new(domain, Type::RAW.nonblocking(), Some(protocol))?;
        sys::set_option(&socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
        match listener.family {
            Family::V4 => {
                sys::set_option(&socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?;
                // Else the socket hears the groups that any other program joined on any interface.
                socket.set_multicast_all_v4(false)?;
            }
            Family::V6 => {
                sys::set_option(&socket, libc::IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)?;
                sys::set_option(&socket, libc::IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1)?;
                socket.set_multicast_all_v6(false)?;
            }
        }
        sys::make_room(&socket, Way::In, BUFFER)?;
        match sys::bind_to_index(&socket, listener.link.0) {
            Err(error) if error.raw_os_error() == Some(libc::ENOPROTOOPT) => {
                socket.bind_device(Some(link_name.as_str().as_bytes()))?;
            }
            bound => bound?,
        }
        match listener.group {
            Some(IpAddr::V4(group)) => {
                socket.join_multicast_v4_n(&group, &InterfaceIndexOrAddress::Index(listener.link.0))?;
            }
            Some(IpAddr::V6(group)) => socket.join_multicast_v6(&group, listener.link.0)?,
            None => {}
        }
        Ok(Self {
            socket,
            listener: *listener,
            heard,
        })
    }

    /// Until when everything that came has been given.
    pub const fn heard(&self) -> Instant {
        self.heard
    }

    /// Gives packets that wait to `each`, as many as one call of the kernel brings, and says whether there may be more.
    /// Never waits.
    ///
    /// # Errors
    /// What the kernel had to tell about the socket (ENETDOWN and such). It is told once: the socket stays usable.
    pub fn receive(&mut self, each: impl FnMut(Frame<'_>)) -> io::Result<bool> {
        let mut batch = Batch::take();
        let result = self.receive_with(&mut batch, each);
        batch.put();
        result
    }

    fn receive_with(&mut self, batch: &mut Batch, each: impl FnMut(Frame<'_>)) -> io::Result<bool> {
        let (now, wall) = (clock::now(), clock::wall_nanos());
        let count = match batch.fill(self.socket.as_fd()) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            Err(error) => {
                self.heard = now;
                return Err(error);
            }
        };
        let frames = batch
            .iter()
            .filter_map(|received| self.frame(&received, now, wall));
        frames.filter(|frame| self.is_ours(frame)).for_each(each);
        // A batch that is full may not be all.
        self.heard = match batch.last_control() {
            Some(control) if count == BATCH => self.received_at(control::parse(control), now, wall),
            _ => now,
        };
        Ok(count == BATCH)
    }

    /// When the kernel had a packet.
    fn received_at(&self, told: Told, now: Instant, wall: u64) -> Instant {
        let age = told.wall_nanos.map_or(0, |stamp| wall.saturating_sub(stamp));
        // A step of the wall clock must not make a packet older than the last time when none was there.
        Instant::from_nanos(now.as_nanos().saturating_sub(age)).clamp(self.heard.min(now), now)
    }

    fn frame<'a>(&self, received: &Received<'a>, now: Instant, wall: u64) -> Option<Frame<'a>> {
        let told = control::parse(received.control);
        let received_at = self.received_at(told, now, wall);
        match self.listener.family {
            Family::V4 => {
                let packet = header::parse_v4(received.packet)?;
                let envelope = match packet.protocol {
                    VRRP_PROTOCOL => Envelope::Bare,
                    // What options an authentication would cover is a table that no router of VRRP needs.
                    AH_PROTOCOL if !packet.has_options => Envelope::Authenticated {
                        identification: packet.identification,
                    },
                    _ => return None,
                };
                Some(Frame {
                    envelope,
                    link: self.listener.link,
                    source: packet.source.into(),
                    destination: packet.destination.into(),
                    hop_limit: Some(packet.hop_limit),
                    payload: packet.payload,
                    received: received_at,
                })
            }
            Family::V6 => Some(Frame {
                envelope: Envelope::Bare,
                link: self.listener.link,
                source: sender_v6(received.name)?.into(),
                destination: told.destination?,
                hop_limit: told.hop_limit,
                payload: received.packet,
                received: received_at,
            }),
        }
    }

    /// A raw socket also gets what other sockets of the same interface are for: with a group and a unicast listener
    /// beside each other, the engine would hear each advert twice.
    fn is_ours(&self, frame: &Frame<'_>) -> bool {
        match self.listener.group {
            Some(group) => frame.destination == group,
            None => !frame.destination.is_multicast(),
        }
    }
}

impl AsFd for Receiver {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The IP protocol that a listener is for.
const fn protocol(listener: &Listener) -> u8 {
    if listener.authenticated {
        AH_PROTOCOL
    } else {
        VRRP_PROTOCOL
    }
}

/// The address in a `sockaddr_in6`.
fn sender_v6(name: &[u8]) -> Option<Ipv6Addr> {
    let octets: [u8; 16] = name.get(8..24)?.try_into().ok()?;
    Some(octets.into())
}
