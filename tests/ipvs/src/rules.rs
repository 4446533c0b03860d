//! What a kernel makes of each message, refusals included: a reference to hold the engine and the kernel itself against.
//!
//! As `ip_vs_genl_set_cmd` and what it calls do it in Linux 6.1, in the order in which they look.

use std::net::IpAddr;

use engine::lvs::apply_changes;
use model::ipvs::{Change, DestinationKey, DestinationRow, Forward, ServiceKey, ServiceRow, Table, Tunnel};
use model::net::Family;

/// Longest name of a scheduler (`IP_VS_SCHEDNAME_MAXLEN` less its end).
const NAME_MAX: usize = 15;
/// Schedulers of the guest.
const SCHEDULERS: [&str; 14] = [
    "none", "rr", "wrr", "lc", "wlc", "fo", "ovf", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq",
];

/// Numbers that the kernel gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errno {
    /// EEXIST: it is there.
    Exists,
    /// ESRCH: no such service.
    NoService,
    /// ENOENT: no such server, or no such scheduler.
    Missing,
    /// EINVAL.
    Invalid,
    /// ERANGE.
    Range,
}

impl Errno {
    /// As on all architectures but alpha, mips, parisc and sparc, which have the same for these.
    pub const fn number(self) -> i32 {
        match self {
            Self::Missing => 2,
            Self::NoService => 3,
            Self::Exists => 17,
            Self::Invalid => 22,
            Self::Range => 34,
        }
    }
}

/// A kernel's table that takes messages one by one.
#[derive(Clone, Debug, Default)]
pub struct Kernel {
    /// What it has.
    pub table: Table,
}

impl Kernel {
    /// Takes a message, or refuses it and is as before.
    pub fn take(&mut self, change: &Change) -> Result<(), Errno> {
        self.look(change)?;
        apply_changes(&mut self.table, std::slice::from_ref(change));
        Ok(())
    }

    fn look(&self, change: &Change) -> Result<(), Errno> {
        match change {
            Change::AddService(row) => {
                well_named(row)?;
                if self.table.services.contains_key(&row.key) {
                    return Err(Errno::Exists);
                }
                schedulable(row)?;
                usable_prefix(row)
            }
            Change::SetService(row) => {
                well_named(row)?;
                self.service(&row.key)?;
                schedulable(row)?;
                usable_prefix(row)
            }
            Change::DeleteService(key) => self.service(key),
            Change::AddDestination(key, row) => {
                self.service(key)?;
                fitting(key, row)?;
                if self.has(key, &row.key) {
                    return Err(Errno::Exists);
                }
                usable(row.key.address)
            }
            Change::SetDestination(key, row) => {
                self.service(key)?;
                fitting(key, row)?;
                self.server(key, &row.key)
            }
            Change::DeleteDestination(key, server) => {
                self.service(key)?;
                self.server(key, server)
            }
        }
    }

    fn service(&self, key: &ServiceKey) -> Result<(), Errno> {
        let there = self.table.services.contains_key(key);
        if there { Ok(()) } else { Err(Errno::NoService) }
    }

    fn server(&self, key: &ServiceKey, server: &DestinationKey) -> Result<(), Errno> {
        if self.has(key, server) {
            Ok(())
        } else {
            Err(Errno::Missing)
        }
    }

    fn has(&self, key: &ServiceKey, server: &DestinationKey) -> bool {
        let entry = self.table.services.get(key);
        entry.is_some_and(|entry| entry.destinations.contains_key(server))
    }
}

/// Before anything else: the parser measures strings, and has one number for all that it finds.
fn well_named(row: &ServiceRow) -> Result<(), Errno> {
    if row.scheduler.len() > NAME_MAX {
        return Err(Errno::Invalid);
    }
    Ok(())
}

fn schedulable(row: &ServiceRow) -> Result<(), Errno> {
    if SCHEDULERS.contains(&row.scheduler.as_str()) {
        return Ok(());
    }
    Err(Errno::Missing)
}

/// IPv4 masks are any bits at all; IPv6 has a prefix, counted.
fn usable_prefix(row: &ServiceRow) -> Result<(), Errno> {
    let prefix = row.persistence.map_or(128, |persistence| persistence.prefix);
    if row.key.family() == Family::V6 && !(1..=128).contains(&prefix) {
        return Err(Errno::Invalid);
    }
    Ok(())
}

/// Families, weights, thresholds and ports of tunnels: before it looks whether the server is there.
fn fitting(service: &ServiceKey, row: &DestinationRow) -> Result<(), Errno> {
    let crosses = Family::of(row.key.address) != service.family();
    if crosses && !matches!(row.forward, Forward::Tunnel(_)) {
        return Err(Errno::Invalid);
    }
    if i32::try_from(row.weight).is_err() || row.lower_threshold > row.upper_threshold {
        return Err(Errno::Range);
    }
    if matches!(row.forward, Forward::Tunnel(Tunnel::Gue { port: 0, .. })) {
        return Err(Errno::Invalid);
    }
    Ok(())
}

/// Of a new server only.
fn usable(address: IpAddr) -> Result<(), Errno> {
    let is_host = match address {
        IpAddr::V4(address) => {
            !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast()
        }
        IpAddr::V6(address) => !address.is_unspecified() && !address.is_multicast(),
    };
    if is_host { Ok(()) } else { Err(Errno::Invalid) }
}
