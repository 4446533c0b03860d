//! Plugins: where they come from, what they may do and what they may cost.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::ids::PluginName;

/// A plugin as configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginPlan {
    /// Name by which checks and hooks refer to it.
    pub name: PluginName,
    /// Where its code is.
    pub source: PluginSource,
    /// What it may touch.
    pub grants: Grants,
    /// What it may cost.
    pub limits: Limits,
}

/// Where a plugin's code is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PluginSource {
    /// Shipped inside the binary under the plugin's name.
    Embedded,
    /// A file, watched for changes: `.lua` or `.wasm`.
    File(PathBuf),
}

/// What a plugin may touch. Nothing is granted but what stands here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    /// Where it may connect.
    pub net: Vec<NetGrant>,
    /// What it may run.
    pub exec: Vec<ExecGrant>,
    /// Files, or everything below directories, that it may read.
    pub read: Vec<PathBuf>,
    /// Secrets that it may ask for, by the name it knows them by.
    pub secret: BTreeMap<String, SecretSource>,
    /// Units of systemd that it may look at.
    pub units: Vec<String>,
}

impl Grants {
    /// Grants what `more` grants too.
    pub fn add(&mut self, more: &Self) {
        add(&mut self.net, &more.net);
        add(&mut self.exec, &more.exec);
        add(&mut self.read, &more.read);
        add(&mut self.units, &more.units);
        self.secret.extend(more.secret.clone());
    }
}

fn add<T: Clone + PartialEq>(granted: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !granted.contains(one) {
            granted.push(one.clone());
        }
    }
}

/// Where a secret is. The router reads it, so that the worker's user need not be able to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SecretSource {
    /// A file.
    File(PathBuf),
    /// A variable of the daemon's environment.
    Environment(String),
}

/// A place that a plugin may connect to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetGrant {
    /// The address and port that it was asked to check.
    Target,
    /// Any address in a network, on one port or on all.
    Net {
        /// Network.
        net: IpNet,
        /// Port; all when absent.
        port: Option<u16>,
    },
    /// A unix socket.
    Unix(PathBuf),
}

/// A program that a plugin may have run by the guardian.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExecGrant {
    /// Program and arguments, exactly.
    pub argv: Vec<String>,
    /// Whether any further arguments may follow.
    pub any_arguments: bool,
    /// Who it runs as: user and group by name; the daemon's own when absent.
    pub user: Option<(String, Option<String>)>,
}

/// What one plugin may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Memory above that of an empty runtime, in bytes.
    pub memory: u64,
    /// Time on the processor in one call.
    pub cpu: Duration,
    /// Calls at once.
    pub calls: u32,
    /// Log lines in a second.
    pub log_rate: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 16 << 20,
            cpu: Duration::from_millis(50),
            calls: 1024,
            log_rate: 20,
        }
    }
}
