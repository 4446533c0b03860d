//! Sockets of a run: the kernel's own choice, or what somebody with more rights has bound as the check asks.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;

use model::link::SocketKind;
use model::net::Family;
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use crate::error::{Code, Error};
use crate::host::Call;

impl Call {
    /// A connection to `address`.
    pub(crate) async fn connected(&self, address: SocketAddr) -> Result<TcpStream, Error> {
        let connected = match self.bound(SocketKind::Tcp, address).await? {
            Some(socket) => TcpSocket::from_std_stream(socket.into()).connect(address).await,
            None => TcpStream::connect(address).await,
        };
        connected.map_err(|error| Error::from_io(format_args!("connecting to {address}"), &error))
    }

    /// A socket for datagrams to `address`, of the kind that is asked for; none where it may be any.
    pub(crate) async fn datagram(
        &self,
        kind: SocketKind,
        address: SocketAddr,
    ) -> Result<Option<UdpSocket>, Error> {
        let Some(socket) = self.bound(kind, address).await? else {
            return Ok(None);
        };
        let socket = UdpSocket::from_std(socket.into());
        socket
            .map(Some)
            .map_err(|error| Error::from_io(format_args!("a socket to {address}"), &error))
    }

    /// A socket that leaves as the check asks; none where it asks for nothing.
    async fn bound(&self, kind: SocketKind, address: SocketAddr) -> Result<Option<OwnedFd>, Error> {
        if self.via.is_open() {
            return Ok(None);
        }
        let family = Family::of(address.ip());
        let opened = self.host.services.broker.open(kind, family, self.via.clone());
        // As with what is not granted, the plugin can say nothing about its target.
        let denied = |why: String| Error::new(Code::Denied, format_args!("a socket to {address}: {why}"));
        opened.await.map(Some).map_err(denied)
    }
}

#[cfg(test)]
mod tests;
