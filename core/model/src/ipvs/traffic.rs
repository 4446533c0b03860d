//! Counters of the kernel's table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DestinationKey, ServiceKey};

/// Since the row was made. 64 bits wide where the kernel counts so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Connections.
    pub connections: u64,
    /// Packets from clients.
    pub packets_in: u64,
    /// Packets to clients; none where replies go another way (direct, tunnel).
    pub packets_out: u64,
    /// Bytes from clients.
    pub bytes_in: u64,
    /// Bytes to clients.
    pub bytes_out: u64,
}

/// A real server's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerCounters {
    /// Since its row was made.
    pub counters: Counters,
    /// Established connections now.
    pub active: u32,
    /// Connections in any other state.
    pub inactive: u32,
    /// Persistence templates.
    pub persistent: u32,
}

/// Counters of all services asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// By service: its own, and those of its servers.
    pub services: BTreeMap<ServiceKey, ServiceTraffic>,
}

/// A service's own counters, and those of its servers.
pub type ServiceTraffic = (Counters, BTreeMap<DestinationKey, ServerCounters>);
