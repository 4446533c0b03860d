//! Drops what comes in for addresses that are not to be accepted, by a packet filter of our own: one nf_tables table,
//! replaced in one step. The elections know of it only which addresses it holds.

use std::io;

use model::effect::ShieldOrder;
use netlink_sys::protocols::NETLINK_NETFILTER;

use crate::netlink::Socket;
use crate::{presence, sys};

mod batch;

/// The table, in the family `inet`: `nft list table inet bellwether` shows it. A second daemon in a network namespace
/// has one with its number.
pub const TABLE: &str = "bellwether";

/// Makes the filter be for these addresses, whatever it was for before. For none, there is no filter. Filters of daemons
/// that are dead go; those of others stay.
///
/// # Errors
/// The refusal in words, with the cure.
pub fn apply(order: &ShieldOrder) -> Result<(), String> {
    if order.addresses.is_empty() {
        remove()?;
    } else {
        match ask(&batch::replace(&table(presence::own()), &order.addresses)) {
            Ok(0) => {}
            Ok(errno) => return Err(explain("drop packets to", &io::Error::from_raw_os_error(errno))),
            Err(error) => return Err(explain("drop packets to", &error)),
        }
    }
    remove_of_dead();
    Ok(())
}

/// Removes the filter. Where there is none, or can be none, that is a success.
///
/// # Errors
/// The refusal in words.
pub fn remove() -> Result<(), String> {
    remove_table(&table(presence::own()))
}

/// Whether the table is there, as far as can be told.
pub fn is_there() -> bool {
    let asked = Socket::open(NETLINK_NETFILTER).and_then(|mut socket| {
        let question = batch::ask(&table(presence::own()));
        socket.send(&question.bytes)?;
        socket.receive_verdict(question.last)
    });
    !matches!(asked, Ok(libc::ENOENT))
}

/// What cannot be listed or removed now is seen to with the next filter; ours is in force all the same.
fn remove_of_dead() {
    if is_impossible() {
        return;
    }
    let own = table(presence::own());
    let tables = list().unwrap_or_default();
    let others = tables.iter().filter(|table| **table != own);
    let daemons = others.filter_map(|table| daemon(table));
    for number in daemons.filter(|number| !presence::is_alive(*number)) {
        // As above.
        let _ = remove_table(&table(number));
    }
}

fn remove_table(table: &str) -> Result<(), String> {
    if is_impossible() {
        return Ok(());
    }
    match ask(&batch::remove(table)) {
        Ok(0 | libc::ENOENT | libc::EOPNOTSUPP | libc::EAFNOSUPPORT) => Ok(()),
        Ok(errno) => Err(explain("accept packets to", &io::Error::from_raw_os_error(errno))),
        Err(error) if error.raw_os_error() == Some(libc::EPROTONOSUPPORT) => Ok(()),
        Err(error) => Err(explain("accept packets to", &error)),
    }
}

/// The table of the daemon with this number. The only one need not have one.
fn table(daemon: u32) -> String {
    match daemon {
        0 | 1 => TABLE.to_owned(),
        number => format!("{TABLE}-{number}"),
    }
}

/// Whose a table is, if it is of our kind.
fn daemon(table: &str) -> Option<u32> {
    match table.strip_prefix(TABLE)? {
        "" => Some(1),
        number => number.strip_prefix('-')?.parse().ok(),
    }
}

/// The names of all tables of the family.
fn list() -> io::Result<Vec<String>> {
    let mut socket = Socket::open(NETLINK_NETFILTER)?;
    let question = batch::list();
    socket.send(&question.bytes)?;
    let mut names = Vec::new();
    socket.receive(question.last, question.last, |message| {
        names.extend(batch::table_name(&message));
    })?;
    Ok(names)
}

/// Whether the kernel's filter is a module that is not loaded. To ask it would load it, on a machine that may do well
/// without.
fn is_impossible() -> bool {
    if std::path::Path::new("/sys/module/nf_tables").exists() {
        return false;
    }
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let built_in = std::fs::read_to_string(format!("/lib/modules/{release}/modules.builtin"));
    built_in.is_ok_and(|list| !list.contains("/nf_tables.ko"))
}

/// Sends a batch, and gives the errno of its first mistake; 0 when there was none.
fn ask(batch: &batch::Batch) -> io::Result<i32> {
    let mut socket = Socket::open(NETLINK_NETFILTER)?;
    socket.send(&batch.bytes)?;
    socket.receive_verdict(batch.last)
}

fn explain(verb: &str, error: &io::Error) -> String {
    let cure = match error.raw_os_error() {
        Some(libc::EPERM) => {
            return format!("cannot {verb} the virtual addresses: permission denied; needs CAP_NET_ADMIN");
        }
        Some(libc::EOPNOTSUPP | libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT | libc::ENOENT) => {
            "; this kernel has no nf_tables for it: load it (modprobe nf_tables), or let them be accepted \
             (accept = true)"
        }
        _ => "",
    };
    format!("cannot {verb} the virtual addresses: {}{cure}", sys::words(error))
}

#[cfg(test)]
mod tests;
