//! News about interfaces and their addresses, from the kernel.

mod table;

use std::collections::VecDeque;
use std::fmt;
use std::io;

use futures_util::TryStreamExt;
use model::fact::{LinkFact, LinkNews};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::protocols::NETLINK_ROUTE;
use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket};
use rtnetlink::Handle;
use tokio::task::AbortHandle;

use crate::sys::{self, Way};
use table::Table;

/// Bytes of news that wait for us at most. Beyond it the kernel says ENOBUFS, and all is read anew.
const BUFFER: libc::c_int = 1 << 20;

/// Messages taken before their sum is told, so that a storm becomes one piece of news for each interface.
const COALESCE_MAX: usize = 512;

/// RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR (linux/rtnetlink.h).
const GROUPS: u32 = 0x1 | 0x10 | 0x100;

/// The interfaces of which a datagram speaks, as its messages leave them.
///
/// # Errors
/// When a message in it is not understood; what the kernel says has to be asked anew then.
pub fn links(datagram: &[u8]) -> io::Result<Vec<LinkFact>> {
    let mut table = Table::default();
    table.apply_all(datagram)?;
    Ok(table.facts())
}

/// Watches the interfaces of one network namespace.
pub struct Monitor {
    events: TokioSocket,
    handle: Handle,
    connection: AbortHandle,
    table: Table,
    /// Told by the next calls of [`Monitor::next`].
    pending: VecDeque<LinkNews>,
    /// News were lost: the table has to be read anew.
    stale: bool,
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor")
            .field("table", &self.table)
            .field("stale", &self.stale)
            .finish_non_exhaustive()
    }
}

impl Monitor {
    /// Begins to watch the calling thread's network namespace, and reads what there is. Must run inside a tokio
    /// runtime.
    ///
    /// # Errors
    /// When the sockets cannot be had, or the kernel does not answer.
    pub async fn start() -> io::Result<Self> {
        let mut events = TokioSocket::new(NETLINK_ROUTE)?;
        sys::make_room(events.socket_ref(), Way::In, BUFFER)?;
        // Joined before the table is read, so that no change falls between the two.
        events.socket_mut().bind(&SocketAddr::new(0, GROUPS))?;
        let (connection, handle, _) = rtnetlink::new_connection()?;
        let connection = tokio::spawn(connection).abort_handle();
        let mut monitor = Self {
            events,
            handle,
            connection,
            table: Table::default(),
            pending: VecDeque::new(),
            stale: true,
        };
        monitor.read_all().await?;
        Ok(monitor)
    }

    /// All interfaces as they were last seen, by index.
    pub fn links(&self) -> Vec<LinkFact> {
        self.table.facts()
    }

    /// The next news: at first one for each interface there is, then one for each that changed. `None` when the
    /// kernel can no longer be asked. Safe to cancel.
    pub async fn next(&mut self) -> Option<LinkNews> {
        loop {
            if let Some(news) = self.pending.pop_front() {
                return Some(news);
            }
            if let Err(error) = self.advance().await {
                tracing::error!(%error, "cannot watch the interfaces any more");
                return None;
            }
        }
    }

    async fn advance(&mut self) -> io::Result<()> {
        if self.stale {
            self.discard()?;
            return self.read_all().await;
        }
        let received = self.events.recv_from_full().await;
        self.take(received)?;
        for _ in 0..COALESCE_MAX {
            match self.events.socket_ref().recv_from_full() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                received => self.take(received)?,
            }
        }
        if !self.stale {
            self.pending.extend(self.table.news());
        }
        Ok(())
    }

    /// Drops all that waits: it is older than what is read anew. Until nothing waits any more, the kernel drops further
    /// news without a word (net/netlink/af_netlink.c: NETLINK_S_CONGESTED).
    fn discard(&mut self) -> io::Result<()> {
        loop {
            match self.events.socket_ref().recv_from_full() {
                Ok(_) => {}
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// One datagram, with one or more messages.
    fn take(&mut self, received: io::Result<(Vec<u8>, SocketAddr)>) -> io::Result<()> {
        match received {
            // Only the kernel has port 0; anybody else has nothing to say here.
            Ok((_, from)) if from.port_number() != 0 => {}
            Ok((bytes, _)) => self.apply_all(&bytes),
            Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => self.stale = true,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn apply_all(&mut self, bytes: &[u8]) {
        if let Err(error) = self.table.apply_all(bytes) {
            tracing::warn!(%error, "a message about an interface is not understood");
            self.stale = true;
        }
    }

    async fn read_all(&mut self) -> io::Result<()> {
        let mut table = Table::default();
        let mut links = self.handle.link().get().execute();
        while let Some(link) = links.try_next().await.map_err(io::Error::other)? {
            table.apply(&RouteNetlinkMessage::NewLink(link));
        }
        let mut addresses = self.handle.address().get().execute();
        while let Some(address) = addresses.try_next().await.map_err(io::Error::other)? {
            table.apply(&RouteNetlinkMessage::NewAddress(address));
        }
        self.table.replace(table);
        self.stale = false;
        self.pending.extend(self.table.news());
        Ok(())
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
