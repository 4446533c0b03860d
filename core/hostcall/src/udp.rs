//! Datagrams: one out, one back.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use model::link::SocketKind;
use tokio::net::UdpSocket;

use crate::error::{Code, Error};
use crate::grant;
use crate::host::Call;
use crate::tcp::{endpoint, resolve};
use crate::trace;

/// Most bytes of a datagram, either way.
pub const DATAGRAM_MAX: usize = 16 << 10;

impl Call {
    /// Sends one datagram and waits for one from the same address. A port that nobody listens on is
    /// [`Code::Refused`], if the other side says so; silence is [`Code::Timeout`] or [`Code::Deadline`].
    pub async fn udp_exchange(
        &self,
        host: &str,
        port: u16,
        data: &[u8],
        timeout: Option<Duration>,
    ) -> Result<Vec<u8>, Error> {
        let shown = || format!("udp.exchange {}, {} bytes", endpoint(host, port), data.len());
        let work = self.datagrams(host, port, data, timeout);
        self.traced(shown, trace::bytes, work).await
    }

    /// As `udp_exchange`, but nobody is told: for a protocol of the host.
    pub(crate) async fn datagrams(
        &self,
        host: &str,
        port: u16,
        data: &[u8],
        timeout: Option<Duration>,
    ) -> Result<Vec<u8>, Error> {
        if data.len() > DATAGRAM_MAX {
            return Err(Error::new(
                Code::TooLarge,
                format_args!("a datagram has at most {DATAGRAM_MAX} bytes, not {}", data.len()),
            ));
        }
        let _permit = self.socket()?;
        let what = || format!("asking {} by UDP", endpoint(host, port));
        let work = async {
            let address = self.first_granted(host, port).await?;
            let failed =
                |error: std::io::Error| Error::from_io(format_args!("asking {address} by UDP"), &error);
            let socket = match self.datagram(SocketKind::Udp, address).await? {
                Some(socket) => socket,
                None => UdpSocket::bind(any(address)).await.map_err(failed)?,
            };
            // Connected, so that only its answers come through, and errors that its network reports.
            socket.connect(address).await.map_err(failed)?;
            socket.send(data).await.map_err(failed)?;
            let mut answer = vec![0; DATAGRAM_MAX];
            let count = socket.recv(&mut answer).await.map_err(failed)?;
            answer.truncate(count);
            Ok(answer)
        };
        self.within(timeout, what, work).await
    }

    async fn first_granted(&self, host: &str, port: u16) -> Result<SocketAddr, Error> {
        let mut last = Error::new(Code::NameNotFound, format_args!("{host} has no address"));
        for address in resolve(host, port).await? {
            match grant::connect(&self.host.grants, self.target, address) {
                Ok(()) => return Ok(address),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// Any address of the same family, and any port.
fn any(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        IpAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

#[cfg(test)]
mod tests;
