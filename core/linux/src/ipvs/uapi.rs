//! Numbers of the kernel's interface, as in `include/uapi/linux/{netlink,genetlink,ip_vs}.h`.

pub(super) const NLM_F_REQUEST: u16 = 0x1;
pub(super) const NLM_F_ACK: u16 = 0x4;
pub(super) const NLM_F_DUMP_INTR: u16 = 0x10;
pub(super) const NLM_F_DUMP: u16 = 0x300;
/// Length of `struct genlmsghdr`.
pub(super) const GENERIC_HEADER: usize = 4;
/// NLA_F_NESTED and NLA_F_NET_BYTEORDER do not belong to an attribute's number.
pub(super) const NLA_TYPE_MASK: u16 = 0x3fff;

pub(super) const GENL_ID_CTRL: u16 = 0x10;
pub(super) const CTRL_CMD_GETFAMILY: u8 = 3;
pub(super) const CTRL_ATTR_FAMILY_ID: u16 = 1;
pub(super) const CTRL_ATTR_FAMILY_NAME: u16 = 2;

/// Name of the family; asking for it makes the kernel load ip_vs.
pub(super) const FAMILY: &str = "IPVS";

pub(super) mod command {
    pub(in super::super) const NEW_SERVICE: u8 = 1;
    pub(in super::super) const SET_SERVICE: u8 = 2;
    pub(in super::super) const DEL_SERVICE: u8 = 3;
    pub(in super::super) const GET_SERVICE: u8 = 4;
    pub(in super::super) const NEW_DEST: u8 = 5;
    pub(in super::super) const SET_DEST: u8 = 6;
    pub(in super::super) const DEL_DEST: u8 = 7;
    pub(in super::super) const GET_DEST: u8 = 8;
    pub(in super::super) const NEW_DAEMON: u8 = 9;
    pub(in super::super) const DEL_DAEMON: u8 = 10;
    pub(in super::super) const GET_DAEMON: u8 = 11;
    pub(in super::super) const SET_CONFIG: u8 = 12;
    pub(in super::super) const GET_CONFIG: u8 = 13;
}

/// Attributes at the top.
pub(super) const SERVICE: u16 = 1;
pub(super) const DEST: u16 = 2;
pub(super) const DAEMON: u16 = 3;
pub(super) const TIMEOUT_TCP: u16 = 4;
pub(super) const TIMEOUT_TCP_FIN: u16 = 5;
pub(super) const TIMEOUT_UDP: u16 = 6;

pub(super) mod daemon {
    pub(in super::super) const STATE: u16 = 1;
    pub(in super::super) const LINK: u16 = 2;
    pub(in super::super) const ID: u16 = 3;
    pub(in super::super) const MAX_LENGTH: u16 = 4;
    pub(in super::super) const GROUP: u16 = 5;
    pub(in super::super) const GROUP6: u16 = 6;
    pub(in super::super) const PORT: u16 = 7;
    pub(in super::super) const TTL: u16 = 8;
}

/// Members of a nest of counters, of both widths.
pub(super) mod counter {
    pub(in super::super) const CONNECTIONS: u16 = 1;
    pub(in super::super) const PACKETS_IN: u16 = 2;
    pub(in super::super) const PACKETS_OUT: u16 = 3;
    pub(in super::super) const BYTES_IN: u16 = 4;
    pub(in super::super) const BYTES_OUT: u16 = 5;
}

/// The one persistence engine that kernels have.
pub(super) const SIP: &[u8] = b"sip\0";

pub(super) mod service {
    pub(in super::super) const PE_NAME: u16 = 11;
    pub(in super::super) const AF: u16 = 1;
    pub(in super::super) const PROTOCOL: u16 = 2;
    pub(in super::super) const ADDR: u16 = 3;
    pub(in super::super) const PORT: u16 = 4;
    pub(in super::super) const FWMARK: u16 = 5;
    pub(in super::super) const SCHED_NAME: u16 = 6;
    pub(in super::super) const FLAGS: u16 = 7;
    pub(in super::super) const TIMEOUT: u16 = 8;
    pub(in super::super) const NETMASK: u16 = 9;
    pub(in super::super) const STATS: u16 = 10;
    pub(in super::super) const STATS64: u16 = 12;
}

pub(super) mod dest {
    pub(in super::super) const ADDR: u16 = 1;
    pub(in super::super) const PORT: u16 = 2;
    pub(in super::super) const FWD_METHOD: u16 = 3;
    pub(in super::super) const WEIGHT: u16 = 4;
    pub(in super::super) const U_THRESH: u16 = 5;
    pub(in super::super) const L_THRESH: u16 = 6;
    pub(in super::super) const ACTIVE: u16 = 7;
    pub(in super::super) const INACTIVE: u16 = 8;
    pub(in super::super) const PERSISTENT: u16 = 9;
    pub(in super::super) const STATS: u16 = 10;
    pub(in super::super) const ADDR_FAMILY: u16 = 11;
    pub(in super::super) const STATS64: u16 = 12;
    pub(in super::super) const TUN_TYPE: u16 = 13;
    pub(in super::super) const TUN_PORT: u16 = 14;
    pub(in super::super) const TUN_FLAGS: u16 = 15;
}

pub(super) mod forward {
    pub(in super::super) const MASQ: u32 = 0;
    pub(in super::super) const LOCAL: u32 = 1;
    pub(in super::super) const TUNNEL: u32 = 2;
    pub(in super::super) const DIRECT: u32 = 3;
    pub(in super::super) const BYPASS: u32 = 4;
    /// `IP_VS_CONN_F_FWD_MASK`.
    pub(in super::super) const MASK: u32 = 7;
}

pub(super) mod tunnel {
    pub(in super::super) const IPIP: u8 = 0;
    pub(in super::super) const GUE: u8 = 1;
    pub(in super::super) const GRE: u8 = 2;
}

pub(super) const AF_INET: u16 = 2;
pub(super) const AF_INET6: u16 = 10;
/// IP_VS_SCHEDNAME_MAXLEN, its terminating zero included.
pub(super) const SCHEDULER_MAX: usize = 16;
