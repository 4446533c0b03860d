//! Connections, with or without TLS.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::OwnedSemaphorePermit;
use tokio_rustls::client::TlsStream;

use crate::certificate::Certificate;
use crate::error::{Code, Error};
use crate::grant;
use crate::host::Call;
use crate::tls::TlsOptions;
use crate::trace;

/// Most bytes of one read, and the longest line or block that a plugin can wait for.
pub const READ_MAX: usize = 64 << 10;

/// Bytes that there is room for when more is read.
const CHUNK: usize = 4096;

const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// A connection of a plugin.
pub struct Connection {
    stream: Option<Stream>,
    /// Read but not asked for yet.
    ahead: Vec<u8>,
    /// As the plugin named it.
    host: String,
    remote: Side,
    permit: Option<OwnedSemaphorePermit>,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Address and port.
    Net(SocketAddr),
    /// A unix socket; our own end has no name.
    Unix(PathBuf),
}

impl Side {
    /// As the contract says it: host and port, or path and 0.
    pub fn endpoint(&self) -> (String, u16) {
        match self {
            Self::Net(address) => (address.ip().to_string(), address.port()),
            Self::Unix(path) => (path.display().to_string(), 0),
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Net(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}

/// What bytes go through.
pub(crate) enum Stream {
    Plain(TcpStream),
    Unix(UnixStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Call {
    /// Connects to an address, or to the first granted address of a name that answers.
    pub async fn connect(
        &self,
        host: &str,
        port: u16,
        timeout: Option<Duration>,
    ) -> Result<Connection, Error> {
        let shown = || format!("tcp.connect {}", endpoint(host, port));
        let side = |connection: &Connection| format!("connected from {}", connection.local());
        self.traced(shown, side, self.open(host, port, timeout)).await
    }

    /// Connects to a unix socket.
    pub async fn connect_unix(&self, path: &str, timeout: Option<Duration>) -> Result<Connection, Error> {
        let shown = || format!("tcp.connect_unix {path}");
        let work = self.open_unix(Path::new(path), timeout);
        self.traced(shown, |_| "connected".to_owned(), work).await
    }

    /// As `connect_unix`, but nobody is told: for a protocol of the host.
    pub(crate) async fn open_unix(
        &self,
        path: &Path,
        timeout: Option<Duration>,
    ) -> Result<Connection, Error> {
        grant::unix(&self.host.grants, path)?;
        let permit = self.socket()?;
        let what = || format!("connecting to {}", path.display());
        let work = async {
            let connected = UnixStream::connect(path).await;
            connected.map_err(|error| Error::from_io(what(), &error))
        };
        let stream = self.within(timeout, what, work).await?;
        Ok(Connection {
            ahead: Vec::new(),
            host: path.display().to_string(),
            remote: Side::Unix(path.to_owned()),
            stream: Some(Stream::Unix(stream)),
            permit: Some(permit),
        })
    }

    /// As `connect`, but nobody is told: for a protocol of the host.
    pub(crate) async fn open(
        &self,
        host: &str,
        port: u16,
        timeout: Option<Duration>,
    ) -> Result<Connection, Error> {
        let permit = self.socket()?;
        let what = || format!("connecting to {}", endpoint(host, port));
        let work = async {
            let addresses = resolve(host, port).await?;
            let mut last = Error::new(Code::NameNotFound, format_args!("{host} has no address"));
            for address in addresses {
                match self.connect_one(address).await {
                    Ok(stream) => return Ok((stream, address)),
                    Err(error) => last = error,
                }
            }
            Err(last)
        };
        let (stream, remote) = self.within(timeout, what, work).await?;
        Ok(Connection {
            ahead: Vec::new(),
            host: host.to_owned(),
            remote: Side::Net(remote),
            stream: Some(Stream::Plain(stream)),
            permit: Some(permit),
        })
    }

    async fn connect_one(&self, address: SocketAddr) -> Result<TcpStream, Error> {
        grant::connect(&self.host.grants, self.target, address)?;
        self.connected(address).await
    }
}

impl Connection {
    /// Up to `max` bytes; none at the end of the stream.
    pub async fn read(
        &mut self,
        call: &Call,
        max: usize,
        timeout: Option<Duration>,
    ) -> Result<Vec<u8>, Error> {
        let max = max.clamp(1, READ_MAX);
        let work = async {
            if self.ahead.is_empty() {
                self.fill(call, timeout).await?;
            }
            Ok(self.take(max))
        };
        call.traced(|| "tcp.read".to_owned(), trace::bytes, work).await
    }

    /// Exactly `count` bytes.
    pub async fn read_exact(
        &mut self,
        call: &Call,
        count: usize,
        timeout: Option<Duration>,
    ) -> Result<Vec<u8>, Error> {
        if count > READ_MAX {
            return Err(too_large(count));
        }
        let from = self.remote.clone();
        let work = async {
            while self.ahead.len() < count {
                if self.fill(call, None).await? == 0 {
                    let have = self.ahead.len();
                    let message = format!("{from} closed the connection after {have} of {count} bytes");
                    return Err(Error::new(Code::Closed, message));
                }
            }
            Ok(self.take(count))
        };
        let work = call.within(timeout, || format!("reading from {from}"), work);
        call.traced(|| format!("tcp.read_exact {count}"), trace::bytes, work)
            .await
    }

    /// Everything through `delimiter`, which is included; it must come within `max` bytes.
    pub async fn read_until(
        &mut self,
        call: &Call,
        delimiter: &[u8],
        max: usize,
        timeout: Option<Duration>,
    ) -> Result<Vec<u8>, Error> {
        if delimiter.is_empty() {
            return Err(Error::invalid("the delimiter is empty"));
        }
        let max = max.min(READ_MAX);
        let from = self.remote.clone();
        let work = async {
            let mut searched = 0;
            loop {
                let window = self.ahead.get(searched..).unwrap_or_default();
                if let Some(at) = window
                    .windows(delimiter.len())
                    .position(|bytes| bytes == delimiter)
                {
                    let end = searched + at + delimiter.len();
                    return if end > max {
                        Err(too_large(end))
                    } else {
                        Ok(self.take(end))
                    };
                }
                if self.ahead.len() >= max {
                    return Err(Error::new(
                        Code::TooLarge,
                        format_args!("{from} sent {max} bytes without the delimiter"),
                    ));
                }
                searched = self.ahead.len().saturating_sub(delimiter.len() - 1);
                if self.fill(call, None).await? == 0 {
                    return Err(Error::new(
                        Code::Closed,
                        format_args!("{from} closed the connection before the delimiter"),
                    ));
                }
            }
        };
        let work = call.within(timeout, || format!("reading from {from}"), work);
        let shown = || format!("tcp.read_until {:?}", String::from_utf8_lossy(delimiter));
        call.traced(shown, trace::bytes, work).await
    }

    /// Writes all of `data`.
    pub async fn write(&mut self, call: &Call, data: &[u8], timeout: Option<Duration>) -> Result<(), Error> {
        let to = self.remote.clone();
        let stream = self.stream()?;
        let work = async {
            let written = async {
                stream.write_all(data).await?;
                stream.flush().await
            };
            written
                .await
                .map_err(|error| Error::from_io(format_args!("writing to {to}"), &error))
        };
        let work = call.within(timeout, || format!("writing to {to}"), work);
        let shown = || format!("tcp.write {} bytes", data.len());
        call.traced(shown, trace::done, work).await
    }

    /// Speaks TLS from here on.
    pub async fn start_tls(&mut self, call: &Call, options: &TlsOptions) -> Result<(), Error> {
        let shown = || "tcp.start_tls".to_owned();
        call.traced(shown, trace::done, self.handshake(call, options))
            .await
    }

    /// As `start_tls`, but nobody is told.
    pub(crate) async fn handshake(&mut self, call: &Call, options: &TlsOptions) -> Result<(), Error> {
        if !self.ahead.is_empty() {
            return Err(Error::new(
                Code::Protocol,
                "there are bytes before TLS that were not read",
            ));
        }
        let plain = match self.stream.take() {
            Some(Stream::Plain(plain)) => plain,
            Some(tls @ Stream::Tls(_)) => {
                self.stream = Some(tls);
                return Err(Error::invalid("the connection speaks TLS already"));
            }
            Some(unix @ Stream::Unix(_)) => {
                self.stream = Some(unix);
                return Err(Error::invalid("TLS is not spoken over a unix socket"));
            }
            None => return Err(closed()),
        };
        let remote = self.remote.clone();
        let own = call.host.own_tls(options)?;
        let work = call
            .host
            .services
            .roots
            .handshake(plain, &self.host, options, own);
        let tls = call.within(None, || format!("TLS with {remote}"), work).await?;
        self.stream = Some(Stream::Tls(Box::new(tls)));
        Ok(())
    }

    /// Ends it. A second time does nothing.
    pub fn close(&mut self) {
        self.stream = None;
        self.permit = None;
        self.ahead = Vec::new();
    }

    /// Our side; nowhere, once it is closed.
    pub fn local(&self) -> Side {
        let address = match &self.stream {
            Some(Stream::Plain(stream)) => stream.local_addr(),
            Some(Stream::Tls(stream)) => stream.get_ref().0.local_addr(),
            Some(Stream::Unix(_)) => return Side::Unix(PathBuf::new()),
            None => Ok(NOWHERE),
        };
        Side::Net(address.unwrap_or(NOWHERE))
    }

    /// The other side.
    pub fn remote(&self) -> &Side {
        &self.remote
    }

    /// What the other side proved to be, or with `insecure` only claimed; `None` without TLS.
    pub fn certificate(&self) -> Option<Certificate> {
        let Some(Stream::Tls(tls)) = &self.stream else {
            return None;
        };
        let chain = tls.get_ref().1.peer_certificates()?;
        Certificate::read(chain.first()?)
    }

    /// The protocol that the server chose of those offered (ALPN); `None` without TLS, or when it chose none.
    pub fn protocol(&self) -> Option<String> {
        let Some(Stream::Tls(tls)) = &self.stream else {
            return None;
        };
        let chosen = tls.get_ref().1.alpn_protocol()?;
        Some(String::from_utf8_lossy(chosen).into_owned())
    }

    /// The bytes' way, for a protocol of the host.
    pub(crate) fn into_stream(mut self) -> Result<(Stream, Option<OwnedSemaphorePermit>), Error> {
        let stream = self.stream.take().ok_or_else(closed)?;
        Ok((stream, self.permit))
    }

    fn stream(&mut self) -> Result<&mut Stream, Error> {
        self.stream.as_mut().ok_or_else(closed)
    }

    /// Reads some more; how much, 0 at the end of the stream.
    async fn fill(&mut self, call: &Call, timeout: Option<Duration>) -> Result<usize, Error> {
        let from = self.remote.clone();
        let stream = self.stream.as_mut().ok_or_else(closed)?;
        let ahead = &mut self.ahead;
        let work = async {
            // Read in place: a buffer of its own would be a part of every call that waits.
            ahead.reserve(CHUNK);
            let count = stream.read_buf(ahead).await;
            count.map_err(|error| Error::from_io(format_args!("reading from {from}"), &error))
        };
        call.within(timeout, || format!("reading from {from}"), work)
            .await
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let rest = self.ahead.split_off(count.min(self.ahead.len()));
        std::mem::replace(&mut self.ahead, rest)
    }
}

pub(crate) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    let found = tokio::net::lookup_host((host, port)).await;
    let found =
        found.map_err(|error| Error::new(Code::NameNotFound, format_args!("resolving {host}: {error}")))?;
    Ok(found.collect())
}

/// `host:port`, with brackets where the host is IPv6.
pub(crate) fn endpoint(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(ip) => SocketAddr::new(ip, port).to_string(),
        Err(_) => format!("{host}:{port}"),
    }
}

fn closed() -> Error {
    Error::new(Code::Closed, "the connection is closed")
}

fn too_large(count: usize) -> Error {
    Error::new(
        Code::TooLarge,
        format_args!("{count} bytes are more than the {READ_MAX} of one read"),
    )
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, data),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, data),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, data),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

#[cfg(test)]
mod tests;
