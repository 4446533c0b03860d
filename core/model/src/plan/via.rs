//! By which way the packets of a check leave this machine.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::ids::LinkName;

/// What the sockets of a check are bound to. Nothing is the kernel's own choice.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Via {
    /// The address that packets come from (`bindto`); one of the machine's, or of the namespace's.
    pub source: Option<IpAddr>,
    /// The port that they come from (`bind_port`).
    pub port: Option<u16>,
    /// The interface, or the device of a VRF, that they leave through (`bind_if`, SO_BINDTODEVICE).
    pub device: Option<LinkName>,
    /// What rules of routing and firewall know them by (`fwmark`, SO_MARK).
    pub mark: Option<u32>,
    /// The network namespace that they start in, by its name below /run/netns.
    pub namespace: Option<String>,
}

impl Via {
    /// Whether everything is the kernel's own choice.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }
}

/// `from 192.0.2.1, through eth1`; nothing where everything is the kernel's own choice.
impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.source.map(|source| format!("from {source}")),
            self.port.map(|port| format!("from port {port}")),
            self.device.as_ref().map(|device| format!("through {device}")),
            self.mark.map(|mark| format!("with mark {mark}")),
            self.namespace.as_ref().map(|name| format!("in namespace {name}")),
        ];
        let told: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(&told.join(", "))
    }
}
