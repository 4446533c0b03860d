//! The cheap look at the kernel's table: what one read of /proc/net/ip_vs tells of it. Not all (no scheduler flags,
//! no thresholds, no kind of tunnel), but enough to see that somebody changed it, and how busy its servers are.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{DestinationKey, DestinationRow, Forward, ServiceKey, TableEntry};
use crate::net::{Family, Protocol};

/// The table at a glance. In the order of [`GlanceKey`], then of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// Services. Two with one key where a mark names one of each family.
    pub services: Vec<(GlanceKey, GlanceService)>,
}

/// Identity of a service as far as the file tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GlanceKey {
    /// By what packets are addressed to.
    Address {
        /// Transport.
        protocol: Protocol,
        /// Virtual address.
        address: IpAddr,
        /// Port.
        port: u16,
    },
    /// By firewall mark; the file does not tell its family.
    Mark(u32),
}

impl From<ServiceKey> for GlanceKey {
    fn from(key: ServiceKey) -> Self {
        match key {
            ServiceKey::Address {
                protocol,
                address,
                port,
            } => Self::Address {
                protocol,
                address,
                port,
            },
            ServiceKey::Mark { mark, .. } => Self::Mark(mark),
        }
    }
}

/// A service at a glance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlanceService {
    /// Kernel scheduler.
    pub scheduler: String,
    /// One-packet scheduling; never told of IPv6 services with an address.
    pub one_packet: bool,
    /// Clients stick.
    pub persistent: bool,
    /// Real servers.
    pub servers: BTreeMap<DestinationKey, GlanceServer>,
}

/// A real server at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GlanceServer {
    /// Forwarding, without the kind of tunnel.
    pub method: Method,
    /// Weight.
    pub weight: u32,
    /// Established connections.
    pub active: u32,
    /// Connections in any other state.
    pub inactive: u32,
}

/// Forwarding, without its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// Masquerading.
    Nat,
    /// Direct routing.
    Direct,
    /// Any tunnel.
    Tunnel,
    /// This node.
    Local,
    /// The routing table.
    Bypass,
}

impl From<Forward> for Method {
    fn from(forward: Forward) -> Self {
        match forward {
            Forward::Nat => Self::Nat,
            Forward::Direct => Self::Direct,
            Forward::Tunnel(_) => Self::Tunnel,
            Forward::Local => Self::Local,
            Forward::Bypass => Self::Bypass,
        }
    }
}

impl GlanceService {
    /// A row of the table as a glance would show it, without connections.
    pub fn of(entry: &TableEntry) -> Self {
        let server = |row: &DestinationRow| GlanceServer {
            method: row.forward.into(),
            weight: row.weight,
            active: 0,
            inactive: 0,
        };
        let hidden =
            matches!(entry.row.key, ServiceKey::Address { .. }) && entry.row.key.family() == Family::V6;
        Self {
            scheduler: entry.row.scheduler.clone(),
            one_packet: entry.row.flags & super::service_flag::ONE_PACKET != 0 && !hidden,
            persistent: entry.row.persistence.is_some(),
            servers: entry
                .destinations
                .iter()
                .map(|(key, row)| (*key, server(row)))
                .collect(),
        }
    }

    /// The same without connections, to be compared.
    #[must_use]
    pub fn at_rest(&self) -> Self {
        let still = |server: &GlanceServer| GlanceServer {
            active: 0,
            inactive: 0,
            ..*server
        };
        Self {
            servers: self
                .servers
                .iter()
                .map(|(key, server)| (*key, still(server)))
                .collect(),
            ..self.clone()
        }
    }
}

impl Glance {
    /// Established connections of a server; `None` when it has no row.
    pub fn active(&self, service: &ServiceKey, server: &DestinationKey) -> Option<u32> {
        let key = GlanceKey::from(*service);
        let rows = self.services.iter().filter(|(found, _)| *found == key);
        rows.filter_map(|(_, row)| row.servers.get(server).map(|server| server.active))
            .reduce(u32::saturating_add)
    }
}
