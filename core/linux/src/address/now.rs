//! The same without a runtime, for a process that has none and little time.

use std::io;

use ipnet::IpNet;
use model::ids::LinkIndex;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{Socket, SocketAddr};

use super::{Verb, explain, request, settle};

/// Bytes of the largest answer: an error with a copy of the request.
const ANSWER_MAX: usize = 4096;

/// Puts an address on, at once. See [`Addresses::add`](super::Addresses::add).
///
/// # Errors
/// The kernel's refusal in words.
pub fn add_now(link: LinkIndex, net: IpNet, label: Option<&str>) -> Result<(), String> {
    run(Verb::Add, link, net, request::add(link, net, label))
}

/// Takes an address off, at once. See [`Addresses::remove`](super::Addresses::remove).
///
/// # Errors
/// The kernel's refusal in words.
pub fn remove_now(link: LinkIndex, net: IpNet) -> Result<(), String> {
    run(Verb::Remove, link, net, request::remove(link, net))
}

fn run(
    verb: Verb,
    link: LinkIndex,
    net: IpNet,
    message: NetlinkMessage<RouteNetlinkMessage>,
) -> Result<(), String> {
    match ask(message) {
        Ok(code) => settle(verb, link, net, code),
        Err(error) => Err(explain(verb, link, net, &error)),
    }
}

/// Sends one request and gives the kernel's answer: 0, or a negative errno.
fn ask(mut message: NetlinkMessage<RouteNetlinkMessage>) -> io::Result<i32> {
    let socket = Socket::new(NETLINK_ROUTE)?;
    socket.connect(&SocketAddr::new(0, 0))?;
    message.finalize();
    let mut bytes = vec![0; message.buffer_len()];
    message.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    let mut answer = Vec::with_capacity(ANSWER_MAX);
    socket.recv(&mut answer, 0)?;
    let answer = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&answer)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    match answer.payload {
        NetlinkPayload::Error(error) => Ok(error.code.map_or(0, |code| code.get())),
        _ => Err(io::Error::from(io::ErrorKind::InvalidData)),
    }
}
