//! What is asked of the machine before traffic is.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use model::plan::Plan;
use rustix::net::sockopt;

/// A machine that can be asked. What it does not know, nobody warns of.
pub(super) trait Machine {
    /// A setting as `sysctl` tells it (`ipv4.ip_forward`).
    fn sysctl(&self, name: &str) -> Option<i64>;
    /// Whether an address is its own.
    fn is_own(&self, address: IpAddr) -> bool;
    /// Bytes of a packet that the way to an address takes whole.
    fn mtu(&self, address: IpAddr) -> Option<u32>;
}

/// This kernel, in the network namespace of the calling thread.
pub(super) struct Kernel<'a> {
    pub(super) plan: &'a Plan,
}

impl Machine for Kernel<'_> {
    fn sysctl(&self, name: &str) -> Option<i64> {
        // What we set ourselves counts as set.
        let ours = name
            .strip_prefix("ipv4.vs.")
            .and_then(|name| self.plan.ipvs.sysctls.get(name));
        if let Some(value) = ours {
            return Some(*value);
        }
        let text = fs::read_to_string(format!("/proc/sys/net/{}", name.replace('.', "/"))).ok()?;
        text.trim().parse().ok()
    }

    fn is_own(&self, address: IpAddr) -> bool {
        let binds_anything = match address {
            IpAddr::V4(_) => "ipv4.ip_nonlocal_bind",
            IpAddr::V6(_) => "ipv6.ip_nonlocal_bind",
        };
        self.sysctl(binds_anything) != Some(1) && UdpSocket::bind((address, 0)).is_ok()
    }

    fn mtu(&self, address: IpAddr) -> Option<u32> {
        // A connected socket that sends nothing knows its way.
        let any: IpAddr = match address {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let socket = UdpSocket::bind((any, 0)).ok()?;
        socket.connect((address, DISCARD)).ok()?;
        match address {
            IpAddr::V4(_) => sockopt::ip_mtu(&socket).ok(),
            IpAddr::V6(_) => sockopt::ipv6_mtu(&socket).ok(),
        }
    }
}

/// The port of a service that is nowhere (RFC 863).
const DISCARD: u16 = 9;
