//! Puts addresses on interfaces and takes them off, over rtnetlink.

mod now;
mod request;

use std::fmt;
use std::io;

use futures_util::StreamExt;
use ipnet::IpNet;
use model::effect::AddressOrder;
use model::ids::LinkIndex;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use rtnetlink::Handle;
use tokio::task::AbortHandle;

use crate::sys;

pub use now::{add_now, remove_now};

/// Adds and removes addresses. Clones share one socket; any number of requests may be in flight, and the kernel
/// works them off in their order.
#[derive(Clone)]
pub struct Addresses {
    handle: Handle,
    connection: AbortHandle,
}

impl fmt::Debug for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addresses").finish_non_exhaustive()
    }
}

/// What is asked of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Add,
    Remove,
}

impl Addresses {
    /// Opens the socket, in the network namespace of the calling thread. Must run inside a tokio runtime, whose task
    /// serves the socket from then on.
    ///
    /// # Errors
    /// When the socket cannot be had.
    pub fn start() -> io::Result<Self> {
        let (connection, handle, _) = rtnetlink::new_connection()?;
        let connection = tokio::spawn(connection).abort_handle();
        Ok(Self { handle, connection })
    }

    /// Puts an address on. One that is there already is a success.
    ///
    /// IPv6 goes without duplicate address detection: its owner before us may not have let go of it yet. A /128 gets
    /// a preferred lifetime of 0, so that it is never chosen as a source.
    ///
    /// # Errors
    /// The kernel's refusal in words, with the cure where there is one.
    pub async fn add(&self, order: &AddressOrder) -> Result<(), String> {
        let label = order.label.as_deref();
        self.run(
            Verb::Add,
            order.link,
            order.net,
            request::add(order.link, order.net, label),
        )
        .await
    }

    /// Takes an address off. One that is not there, or whose interface is gone, is a success.
    ///
    /// # Errors
    /// As above.
    pub async fn remove(&self, order: &AddressOrder) -> Result<(), String> {
        self.run(
            Verb::Remove,
            order.link,
            order.net,
            request::remove(order.link, order.net),
        )
        .await
    }

    /// Ends the task that serves the socket, for all clones.
    pub fn stop(&self) {
        self.connection.abort();
    }

    async fn run(
        &self,
        verb: Verb,
        link: LinkIndex,
        net: IpNet,
        message: NetlinkMessage<RouteNetlinkMessage>,
    ) -> Result<(), String> {
        let mut handle = self.handle.clone();
        let lost = || explain(verb, link, net, &io::Error::from(io::ErrorKind::BrokenPipe));
        let mut answers = handle.request(message).map_err(|_| lost())?;
        while let Some(answer) = answers.next().await {
            if let NetlinkPayload::Error(error) = answer.payload {
                return settle(verb, link, net, error.code.map_or(0, |code| code.get()));
            }
        }
        // netlink-proto keeps the acknowledgement of a success to itself. A stream that ends because the socket is
        // gone looks the same.
        if self.connection.is_finished() {
            Err(lost())
        } else {
            Ok(())
        }
    }
}

/// Lets the deletion of a primary IPv4 address leave its secondaries alone (`promote_secondaries`): else taking one
/// virtual address off takes others of its subnet with it.
///
/// # Errors
/// Without CAP_NET_ADMIN, or the interface.
pub fn promote_secondaries(link_name: &str) -> io::Result<()> {
    crate::sys::write_sysctl(&["net", "ipv4", "conf", link_name, "promote_secondaries"], "1")
}

/// What the kernel's answer (0, or a negative errno) means.
pub(crate) fn settle(verb: Verb, link: LinkIndex, net: IpNet, code: i32) -> Result<(), String> {
    let errno = -code;
    match (verb, errno) {
        (_, 0) | (Verb::Add, libc::EEXIST) => Ok(()),
        (Verb::Remove, libc::EADDRNOTAVAIL | libc::ENODEV) => Ok(()),
        (Verb::Add | Verb::Remove, _) => Err(explain(verb, link, net, &io::Error::from_raw_os_error(errno))),
    }
}

fn explain(verb: Verb, link: LinkIndex, net: IpNet, error: &io::Error) -> String {
    let name = sys::link_label(link.0);
    let (verb, word) = match verb {
        Verb::Add => ("add", "to"),
        Verb::Remove => ("remove", "from"),
    };
    // EPERM says "operation not permitted", EACCES "permission denied"; to the operator they are one.
    let cure = match error.raw_os_error() {
        Some(libc::EPERM) => {
            return format!("cannot {verb} {net} {word} {name}: permission denied; needs CAP_NET_ADMIN");
        }
        Some(libc::EACCES) => format!("; ipv6 is disabled there (net.ipv6.conf.{name}.disable_ipv6)"),
        Some(libc::ENODEV) => String::from("; the interface is gone"),
        _ => String::new(),
    };
    format!("cannot {verb} {net} {word} {name}: {}{cure}", sys::words(error))
}

#[cfg(test)]
mod tests;
