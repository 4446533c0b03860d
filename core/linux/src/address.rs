//! Puts addresses on interfaces and takes them off, over rtnetlink.

mod request;

use std::io;

use ipnet::IpNet;
use model::effect::AddressOrder;
use model::ids::LinkIndex;

use crate::rtnl::Rtnl;
use crate::sys;

/// Adds and removes addresses, many by one call of the kernel. Blocking: it belongs where nothing else waits.
#[derive(Debug)]
pub struct Addresses {
    rtnl: Rtnl,
}

/// What is asked of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Puts it on. One that is there already is a success.
    ///
    /// IPv6 goes without duplicate address detection: its owner before us may not have let go of it yet. A /128 gets
    /// a preferred lifetime of 0, so that it is never chosen as a source.
    Add,
    /// Takes it off. One that is not there, or whose interface is gone, is a success.
    Remove,
}

impl Addresses {
    /// Opens the socket, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// When the socket cannot be had.
    pub fn open() -> io::Result<Self> {
        Ok(Self { rtnl: Rtnl::open()? })
    }

    /// Carries orders out, in their order, and gives what became of each: the kernel's refusal in words, with the
    /// cure where there is one.
    pub fn apply(&mut self, orders: &[(Verb, AddressOrder)]) -> Vec<Result<(), String>> {
        let requests = orders.iter().map(|(verb, order)| match verb {
            Verb::Add => request::add(order.link, order.net, order.label.as_deref()),
            Verb::Remove => request::remove(order.link, order.net),
        });
        let answers = self.rtnl.ask(requests.collect());
        let settled = orders.iter().zip(answers);
        settled
            .map(|((verb, order), code)| settle(*verb, order.link, order.net, code))
            .collect()
    }
}

/// Takes an address off, at once: for a process that does nothing else with addresses. See [`Verb::Remove`].
///
/// # Errors
/// The kernel's refusal in words.
pub fn remove_now(link: LinkIndex, net: IpNet) -> Result<(), String> {
    let mut rtnl = Rtnl::open().map_err(|error| explain(Verb::Remove, link, net, &error))?;
    let answers = rtnl.ask(vec![request::remove(link, net)]);
    answers
        .into_iter()
        .try_for_each(|code| settle(Verb::Remove, link, net, code))
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
