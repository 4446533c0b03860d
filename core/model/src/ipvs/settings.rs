//! What IPVS has once for a whole network namespace: time-outs and the synchronisation of connections.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ids::LinkName;

/// Time-outs of connections in seconds; what is absent is left as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeouts {
    /// An established TCP connection.
    pub tcp_s: Option<u32>,
    /// A TCP connection after FIN.
    pub tcp_fin_s: Option<u32>,
    /// A UDP connection.
    pub udp_s: Option<u32>,
}

impl Timeouts {
    /// Nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// These, and those of `other` where these have none.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            tcp_s: self.tcp_s.or(other.tcp_s),
            tcp_fin_s: self.tcp_fin_s.or(other.tcp_fin_s),
            udp_s: self.udp_s.or(other.udp_s),
        }
    }

    /// These where `other` has one too.
    #[must_use]
    pub fn only(self, other: Self) -> Self {
        Self {
            tcp_s: self.tcp_s.filter(|_| other.tcp_s.is_some()),
            tcp_fin_s: self.tcp_fin_s.filter(|_| other.tcp_fin_s.is_some()),
            udp_s: self.udp_s.filter(|_| other.udp_s.is_some()),
        }
    }
}

/// What a sync daemon does (`IP_VS_STATE_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SyncRole {
    /// Tells its connections.
    Master,
    /// Takes those of others.
    Backup,
}

impl fmt::Display for SyncRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Master => "master",
            Self::Backup => "backup",
        })
    }
}

/// How a sync daemon speaks. What is absent is the kernel's default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncAttributes {
    /// Interface.
    pub link: LinkName,
    /// Only daemons of one identifier understand each other; a backup with 0 takes all.
    pub id: u8,
    /// Longest datagram in bytes.
    pub max_length: Option<u16>,
    /// UDP port (8848).
    pub port: Option<u16>,
    /// TTL or hop limit (1).
    pub ttl: Option<u8>,
    /// Group (224.0.0.81).
    pub group: Option<IpAddr>,
}

/// A sync daemon of the kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncDaemon {
    /// What it does.
    pub role: SyncRole,
    /// How it speaks.
    pub attributes: SyncAttributes,
}

impl fmt::Display for SyncDaemon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SyncAttributes { link, id, .. } = &self.attributes;
        write!(f, "{} on {link}, id {id}", self.role)
    }
}

/// A sysctl below `net.ipv4.vs`, and the smallest and largest value that makes sense
/// (Documentation/networking/ipvs-sysctl.rst).
pub type Sysctl = (&'static str, i64, i64);

/// Those that may be set and are shown. All are switches or degrees; `sync_threshold` is a pair and is left out.
pub const SYSCTLS: [Sysctl; 23] = [
    ("amemthresh", 0, i32::MAX as i64),
    ("am_droprate", 0, i32::MAX as i64),
    ("backup_only", 0, 1),
    ("cache_bypass", 0, 1),
    ("conn_reuse_mode", 0, 1),
    ("conntrack", 0, 1),
    ("drop_entry", 0, 3),
    ("drop_packet", 0, 3),
    ("expire_nodest_conn", 0, 1),
    ("expire_quiescent_template", 0, 1),
    ("ignore_tunneled", 0, 1),
    ("nat_icmp_send", 0, 1),
    ("pmtu_disc", 0, 1),
    ("run_estimation", 0, 1),
    ("schedule_icmp", 0, 1),
    ("secure_tcp", 0, 3),
    ("sloppy_sctp", 0, 1),
    ("sloppy_tcp", 0, 1),
    ("snat_reroute", 0, 1),
    ("sync_persist_mode", 0, 1),
    ("sync_ports", 1, 64),
    ("sync_refresh_period", 0, i32::MAX as i64),
    ("sync_retries", 0, 3),
];

/// What is wanted of a namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Time-outs.
    pub timeouts: Timeouts,
    /// Sysctls by their names below `net.ipv4.vs`.
    pub sysctls: BTreeMap<String, i64>,
    /// These sync daemons and no others, at most one of each role; `None` leaves all alone.
    pub daemons: Option<Vec<SyncDaemon>>,
}
