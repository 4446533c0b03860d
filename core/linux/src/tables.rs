//! Addresses, routes and policy rules: put into the kernel's tables and taken out, many by one call.

use std::io;

use ipnet::IpNet;
use model::ids::LinkIndex;
use model::plan::AddressOptions;
use model::route::Entry;
use netlink_packet_core::NetlinkMessage;
use netlink_packet_route::RouteNetlinkMessage;

use crate::rtnl::Rtnl;
use crate::{address, entry};

/// Changes what the kernel has of them. Blocking: it belongs where nothing else waits.
#[derive(Debug)]
pub struct Tables {
    rtnl: Rtnl,
}

/// What is asked of the kernel.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// Puts an address on an interface. One that is there already is not touched.
    ///
    /// IPv6 goes without duplicate address detection unless it is asked for: its owner before us may not have let go
    /// of it yet. A /128 gets a preferred lifetime of 0, so that it is never chosen as a source.
    AddAddress(LinkIndex, IpNet, &'a AddressOptions),
    /// Takes one off. It is not there when its interface is gone.
    RemoveAddress(LinkIndex, IpNet),
    /// Puts a route or rule in. One that is there already is not touched; a route goes before others to the same
    /// destination.
    AddEntry(&'a Entry<LinkIndex>),
    /// Takes one out. It is not there when an interface of it is gone.
    RemoveEntry(&'a Entry<LinkIndex>),
}

/// How it came to be as was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// The kernel did it.
    Now,
    /// It was so already.
    Before,
}

/// What was tried, for the words about it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Verb {
    Add,
    Remove,
}

impl Tables {
    /// Opens a socket, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// When the socket cannot be had.
    pub fn open() -> io::Result<Self> {
        Ok(Self { rtnl: Rtnl::open()? })
    }

    /// Makes changes, in their order, and gives what became of each: an error is the kernel's refusal in words, with
    /// the cure where there is one.
    pub fn apply(&mut self, changes: &[Change<'_>]) -> Vec<Result<Done, String>> {
        let codes = self.rtnl.ask(changes.iter().map(request).collect());
        let answered = changes.iter().zip(codes);
        answered.map(|(change, code)| settle(*change, code)).collect()
    }
}

fn request(change: &Change<'_>) -> NetlinkMessage<RouteNetlinkMessage> {
    match *change {
        Change::AddAddress(link, net, options) => address::add(link, net, options),
        Change::RemoveAddress(link, net) => address::remove(link, net),
        Change::AddEntry(entry) => entry::add(entry),
        Change::RemoveEntry(entry) => entry::remove(entry),
    }
}

/// What the kernel's answer (0, or a negative errno) means.
fn settle(change: Change<'_>, code: i32) -> Result<Done, String> {
    let error = || io::Error::from_raw_os_error(-code);
    match (change, -code) {
        (_, 0) => Ok(Done::Now),
        (Change::AddAddress(..) | Change::AddEntry(_), libc::EEXIST)
        | (Change::RemoveAddress(..), libc::EADDRNOTAVAIL | libc::ENODEV)
        // ESRCH: no such route. ENOENT: no such rule.
        | (Change::RemoveEntry(_), libc::ESRCH | libc::ENOENT | libc::ENODEV) => Ok(Done::Before),
        (Change::AddAddress(link, net, _), _) => Err(address::explain(Verb::Add, link, net, &error())),
        (Change::RemoveAddress(link, net), _) => Err(address::explain(Verb::Remove, link, net, &error())),
        (Change::AddEntry(entry), _) => Err(entry::explain(Verb::Add, entry, &error())),
        (Change::RemoveEntry(entry), _) => Err(entry::explain(Verb::Remove, entry, &error())),
    }
}

#[cfg(test)]
mod tests;
