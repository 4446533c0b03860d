//! Rows of the kernel's IPVS table, as wanted and as read back. Field by field they follow
//! `include/uapi/linux/ip_vs.h`.

mod glance;
mod settings;
mod traffic;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::net::{Family, Protocol};

pub use glance::{Glance, GlanceKey, GlanceServer, GlanceService, Method};
pub use settings::{SYSCTLS, Settings, SyncAttributes, SyncDaemon, SyncRole, Sysctl, Timeouts};
pub use traffic::{Counters, ServerCounters, ServiceTraffic, Statistics};

/// Identity of a virtual server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ServiceKey {
    /// By what packets are addressed to.
    Address {
        /// Transport.
        protocol: Protocol,
        /// Virtual address.
        address: IpAddr,
        /// Port; 0 for all ports of a persistent service.
        port: u16,
    },
    /// By the firewall mark that packets carry.
    Mark {
        /// Family; the same mark may name one service of each.
        family: Family,
        /// Mark.
        mark: u32,
    },
}

impl ServiceKey {
    /// Family of the service.
    pub const fn family(&self) -> Family {
        match self {
            Self::Address { address, .. } => Family::of(*address),
            Self::Mark { family, .. } => *family,
        }
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address {
                protocol,
                address,
                port,
            } => {
                write!(f, "{protocol} {}", SocketAddr::new(*address, *port))
            }
            Self::Mark { family, mark } => write!(f, "fwmark {mark} ({family})"),
        }
    }
}

/// A virtual server's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRow {
    /// Identity.
    pub key: ServiceKey,
    /// Kernel scheduler by name (`rr`, `wlc`, `mh` ...), at most 15 bytes.
    pub scheduler: String,
    /// Flags without `hashed` (0x2), which is the kernel's own, and `persistent` (0x1), which follows from
    /// `persistence`.
    pub flags: u32,
    /// Client stickiness.
    pub persistence: Option<Persistence>,
}

/// Flag bits of a service (uapi `IP_VS_SVC_F_*`; those of `mh` from `ip_vs_mh.c`).
pub mod service_flag {
    /// The service is persistent.
    pub const PERSISTENT: u32 = 0x1;
    /// The kernel's own; never sent.
    pub const HASHED: u32 = 0x2;
    /// One-packet scheduling, UDP only.
    pub const ONE_PACKET: u32 = 0x4;
    /// First scheduler flag: `sh-fallback`, `mh-fallback`.
    pub const SCHED_1: u32 = 0x8;
    /// Second scheduler flag: `sh-port`, `mh-port`.
    pub const SCHED_2: u32 = 0x10;
    /// Third scheduler flag.
    pub const SCHED_3: u32 = 0x20;
}

/// Stickiness of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Persistence {
    /// Seconds that a template lives after its last connection.
    pub timeout_s: u32,
    /// Clients in one network of this prefix length count as one: 1..=32 or 1..=128.
    pub prefix: u8,
    /// Clients are told apart by SIP's Call-ID as well (persistence engine `sip`; UDP).
    pub sip: bool,
}

/// Identity of a real server within its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DestinationKey {
    /// Address.
    pub address: IpAddr,
    /// Port.
    pub port: u16,
}

impl fmt::Display for DestinationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.address, self.port).fmt(f)
    }
}

/// A real server's row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationRow {
    /// Identity.
    pub key: DestinationKey,
    /// How packets reach it.
    pub forward: Forward,
    /// 0..=65535; 0 gets no new connections.
    pub weight: u32,
    /// Connections above which it is given none; 0 for no bound.
    pub upper_threshold: u32,
    /// Connections below which it is given some again; 0 for the kernel's default.
    pub lower_threshold: u32,
}

/// How packets reach a real server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Forward {
    /// Masquerading (`IP_VS_CONN_F_MASQ`).
    Nat,
    /// Direct routing (`IP_VS_CONN_F_DROUTE`).
    Direct,
    /// Tunnelling (`IP_VS_CONN_F_TUNNEL`).
    Tunnel(Tunnel),
    /// Delivered on this node (`IP_VS_CONN_F_LOCALNODE`); only ever read back.
    Local,
    /// Left to the routing table (`IP_VS_CONN_F_BYPASS`); only ever read back.
    Bypass,
}

/// Encapsulation of a tunnel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tunnel {
    /// IP in IP.
    Ipip,
    /// Generic UDP encapsulation.
    Gue {
        /// Port at the real server; not 0.
        port: u16,
        /// `IP_VS_TUNNEL_ENCAP_FLAG_*`: 1 checksum, 2 remote checksum.
        flags: u16,
    },
    /// Generic routing encapsulation.
    Gre {
        /// `IP_VS_TUNNEL_ENCAP_FLAG_*`: 1 checksum.
        flags: u16,
    },
}

/// An IPVS table: wanted, or read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Services by identity.
    pub services: BTreeMap<ServiceKey, TableEntry>,
}

/// A service and its real servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableEntry {
    /// The service's own row.
    pub row: ServiceRow,
    /// Its real servers by identity: the canonical order, so that Maglev tables agree on several directors.
    pub destinations: BTreeMap<DestinationKey, DestinationRow>,
}

/// One message to the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// IPVS_CMD_NEW_SERVICE.
    AddService(ServiceRow),
    /// IPVS_CMD_SET_SERVICE.
    SetService(ServiceRow),
    /// IPVS_CMD_DEL_SERVICE; its destinations go with it.
    DeleteService(ServiceKey),
    /// IPVS_CMD_NEW_DEST.
    AddDestination(ServiceKey, DestinationRow),
    /// IPVS_CMD_SET_DEST.
    SetDestination(ServiceKey, DestinationRow),
    /// IPVS_CMD_DEL_DEST.
    DeleteDestination(ServiceKey, DestinationKey),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddService(row) => write!(f, "add service {} ({})", row.key, row.scheduler),
            Self::SetService(row) => write!(f, "set service {} ({})", row.key, row.scheduler),
            Self::DeleteService(key) => write!(f, "delete service {key}"),
            Self::AddDestination(key, row) => write!(f, "add {} to {key}, weight {}", row.key, row.weight),
            Self::SetDestination(key, row) => write!(f, "set {} of {key}, weight {}", row.key, row.weight),
            Self::DeleteDestination(key, server) => write!(f, "delete {server} from {key}"),
        }
    }
}
