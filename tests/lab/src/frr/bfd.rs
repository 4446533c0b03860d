//! FRR's bfdd on a node, and its one session.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::{configure, daemon, start_zebra};
use crate::net::Node;
use crate::process::Running;

/// Puts the daemons' place, `$1`, where vtysh looks for it, and runs the rest. Only who runs under it sees that. In a
/// chroot `/` is no mount, and what is done here stays private only if the machine has it so.
const UNDER: &str = "mount --make-rprivate / 2>/dev/null\n\
                     install -d -o frr -g frr /run/frr && mount --bind \"$1\" /run/frr && shift && exec \"$@\"";

/// A running bfdd with its zebra. Killed when dropped.
#[derive(Debug)]
pub struct Bfd {
    node: Node,
    peer: String,
    bfdd: Running,
    zebra: Running,
}

impl Bfd {
    /// Starts it with a session with `peer`, an address, that ends after 150 ms of silence.
    ///
    /// # Panics
    /// When it is not installed.
    pub fn start(node: &Node, peer: &str) -> Self {
        Self::try_start(node, peer)
            .unwrap_or_else(|e| panic!("cannot start bfdd: {e:#}; packaging/set-up installs it"))
    }

    fn try_start(node: &Node, peer: &str) -> Result<Self> {
        let text = format!(
            "log stdout\nbfd\n peer {peer}\n  detect-multiplier 3\n  receive-interval 50\n  transmit-interval 50\n"
        );
        let configuration = configure(node, "bfdd", &text)?;
        let zebra = start_zebra(node)?;
        Ok(Self {
            node: node.clone(),
            peer: peer.to_owned(),
            bfdd: daemon(node, "bfdd", &configuration)?,
            zebra,
        })
    }

    /// Arguments for `Bellwether::start_under`: whoever is started by these finds it by vtysh.
    pub fn found_by(&self) -> Vec<String> {
        let words = [
            "unshare",
            "--mount",
            "--propagation",
            "unchanged",
            "sh",
            "-c",
            UNDER,
            "sh",
        ];
        let place = self.node.path("frr").display().to_string();
        words.map(str::to_owned).into_iter().chain([place]).collect()
    }

    /// Shuts the session down as an operator does, or takes that back.
    ///
    /// # Panics
    /// When vtysh refuses.
    pub fn shut(&self, down: bool) {
        let order = if down { "shutdown" } else { "no shutdown" };
        let peer = format!("peer {}", self.peer);
        let mut command = Command::new("vtysh");
        command.arg("--vty_socket").arg(self.node.path("frr"));
        for line in ["configure terminal", "bfd", &peer, order] {
            command.args(["-c", line]);
        }
        let output = command
            .output()
            .context("vtysh")
            .expect("packaging/set-up installs it");
        assert!(
            output.status.success(),
            "{order}: {output:?}\n{}",
            self.bfdd.log()
        );
    }

    /// kill -9 to it and its zebra: its peers hear nothing more.
    pub fn kill(self) {
        drop(self.bfdd);
        drop(self.zebra);
    }
}
