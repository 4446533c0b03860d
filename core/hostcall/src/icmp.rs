//! Echo requests, over the sockets that Linux has for them: no privilege, no raw packets.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use model::link::SocketKind;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;

use crate::error::{Code, Error};
use crate::grant;
use crate::host::Call;
use crate::tcp::resolve;

/// Most bytes that an echo request carries.
pub const PAYLOAD_MAX: u32 = 8 << 10;
/// What it carries when nobody says: as `ping` does.
pub const PAYLOAD: u32 = 56;

/// ICMP and ICMPv6 number their echoes differently; the header is the same: type, code, checksum, identifier,
/// sequence. The kernel fills in checksum and identifier.
const HEADER: usize = 8;
const REQUEST_V4: u8 = 8;
const REQUEST_V6: u8 = 128;
const REPLY_V4: u8 = 0;
const REPLY_V6: u8 = 129;

impl Call {
    /// Sends one echo request with `size` bytes and waits for its reply; the time between.
    pub async fn ping(
        &self,
        host: &str,
        size: Option<u32>,
        timeout: Option<Duration>,
    ) -> Result<Duration, Error> {
        let shown = |took: &Duration| format!("answered in {} us", took.as_micros());
        let work = self.within(timeout, || format!("pinging {host}"), self.echo(host, size));
        self.traced(|| format!("icmp.ping {host}"), shown, work).await
    }

    async fn echo(&self, host: &str, size: Option<u32>) -> Result<Duration, Error> {
        let size = size.unwrap_or(PAYLOAD);
        if size > PAYLOAD_MAX {
            return Err(Error::invalid(format_args!(
                "an echo request carries at most {PAYLOAD_MAX} bytes, not {size}"
            )));
        }
        let _permit = self.socket()?;
        let found = resolve(host, 0).await?;
        let address = found.first().map(SocketAddr::ip);
        let address =
            address.ok_or_else(|| Error::new(Code::NameNotFound, format_args!("{host} has no address")))?;
        grant::ping(&self.host.grants, self.target, address)?;
        let failed = |error: io::Error| Error::from_io(format_args!("pinging {address}"), &error);
        let to = SocketAddr::new(address, 0);
        let socket = match self.datagram(SocketKind::Ping, to).await? {
            Some(socket) => socket,
            None => open(address)?,
        };
        let began = Instant::now();
        socket
            .send_to(&request(address, size), to)
            .await
            .map_err(failed)?;
        let mut answer = vec![0; HEADER + size as usize];
        loop {
            let (count, from) = socket.recv_from(&mut answer).await.map_err(failed)?;
            let kind = answer.first().copied();
            let is_reply = kind == Some(if address.is_ipv4() { REPLY_V4 } else { REPLY_V6 });
            if count >= HEADER && is_reply && from.ip().to_canonical() == address.to_canonical() {
                return Ok(began.elapsed());
            }
        }
    }
}

/// An echo request. One socket sends one, so its sequence number may as well be 1.
fn request(to: IpAddr, size: u32) -> Vec<u8> {
    let kind = if to.is_ipv4() { REQUEST_V4 } else { REQUEST_V6 };
    let mut packet = vec![kind, 0, 0, 0, 0, 0, 0, 1];
    packet.resize(HEADER + size as usize, b'b');
    packet
}

fn open(to: IpAddr) -> Result<UdpSocket, Error> {
    let (domain, protocol) = match to {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let opened = Socket::new(domain, Type::DGRAM.nonblocking().cloexec(), Some(protocol));
    let socket = opened.map_err(|error| refused(&error))?;
    // A datagram socket like any other to the runtime, which only reads and writes it.
    UdpSocket::from_std(socket.into()).map_err(|error| Error::from_io("ping socket", &error))
}

fn refused(error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return Error::new(
            Code::Denied,
            "the kernel refuses ping sockets to the worker's group: set net.ipv4.ping_group_range = \"0 2147483647\" \
             (sysctl -w, and a file in /etc/sysctl.d to keep it)",
        );
    }
    Error::from_io("ping socket", error)
}

#[cfg(test)]
mod tests;
