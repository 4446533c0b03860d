//! Nodes on one segment: a namespace each, and one with a bridge between them.

mod command;
mod node;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;
use rustix::process::Signal;

pub use node::{Node, Port};

use crate::process::send;
use crate::wait::until;
use command::{batch, in_namespace, ip, processes_in};

/// Namespaces are called `bwt-PROCESS-NUMBER-NODE`.
const PREFIX: &str = "bwt-";
const SWITCH: &str = "switch";
const NAMESPACES: &str = "/run/netns";

/// A segment, 192.0.2.0/24 and 2001:db8::/64, and its nodes. Dropping it ends and removes all of it.
#[derive(Debug)]
pub struct Net {
    prefix: String,
    directory: PathBuf,
    nodes: Vec<Node>,
}

impl Net {
    /// Builds it, with a node for each name.
    ///
    /// # Panics
    /// When it cannot be built: not root, or no `ip`.
    pub fn new(names: &[&str]) -> Self {
        Self::build(names).unwrap_or_else(|e| {
            panic!("cannot build network namespaces: {e:#}; run as root, with iproute2 (packaging/set-up)")
        })
    }

    fn build(names: &[&str]) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        remove_leftovers();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("{PREFIX}{}-{number}-", std::process::id());
        // Not /tmp: a hook in a place where others may write is refused.
        let directory = PathBuf::from(format!("/run/{}", prefix.trim_end_matches('-')));
        fs::create_dir_all(&directory)?;
        let mut net = Self {
            prefix,
            directory,
            nodes: Vec::new(),
        };
        let switch = net.namespace(SWITCH);
        ip(&["netns", "add", &switch])?;
        let bridge = "link set lo up\nlink add br0 type bridge mcast_snooping 0\nlink set br0 up\n";
        batch(&switch, bridge)?;
        for (name, number) in names.iter().zip(1..) {
            net.add_node(name, number)?;
        }
        Ok(net)
    }

    fn add_node(&mut self, name: &str, number: u8) -> Result<()> {
        let namespace = self.namespace(name);
        let switch = self.namespace(SWITCH);
        ip(&["netns", "add", &namespace])?;
        // A node lives from here on, so that whatever fails later, it is removed.
        let directory = self.directory.join(name);
        let node = Node {
            name: name.to_owned(),
            number,
            namespace,
            switch,
            directory,
        };
        self.nodes.push(node.clone());
        fs::create_dir_all(&node.directory)?;
        node.set_parameter("net/ipv6/conf/default/accept_dad", "0")?;
        node.set_parameter("net/ipv6/conf/all/accept_dad", "0")?;
        let (mac, namespace) = (node.mac(), &node.namespace);
        let cable = format!(
            "link add name {name} type veth peer name eth0 address {mac} netns {namespace}\n\
             link set dev {name} master br0 up\n"
        );
        batch(&node.switch, &cable)?;
        let inside = format!(
            "link set lo up\naddr add {}/24 dev eth0\naddr add {}/64 dev eth0 nodad\nlink set eth0 up\n",
            node.ipv4(),
            node.ipv6()
        );
        batch(namespace, &inside)
    }

    /// Gives each node a second interface `eth1`, on a segment of its own: 198.51.100.0/24.
    ///
    /// # Panics
    /// When it cannot be built.
    pub fn lay_second_link(&self) {
        self.try_second_link().expect("what worked once works twice");
    }

    fn try_second_link(&self) -> Result<()> {
        batch(
            &self.namespace(SWITCH),
            "link add br1 type bridge mcast_snooping 0\nlink set br1 up\n",
        )?;
        for node in &self.nodes {
            let (port, namespace, number) = (node.port("eth1").name, &node.namespace, node.number);
            let cable = format!(
                "link add name {port} type veth peer name eth1 address 02:00:00:00:01:{number:02x} netns {namespace}\n\
                 link set dev {port} master br1 up\n"
            );
            batch(&node.switch, &cable)?;
            batch(
                namespace,
                &format!("addr add 198.51.100.{number}/24 dev eth1\nlink set eth1 up\n"),
            )?;
        }
        Ok(())
    }

    /// A node by name.
    ///
    /// # Panics
    /// When there is none of that name.
    pub fn node(&self, name: &str) -> Node {
        self.nodes
            .iter()
            .find(|node| node.name == name)
            .expect("a node that the test named")
            .clone()
    }

    /// A command where the bridge `br0` is.
    pub fn on_switch(&self, program: &str) -> Command {
        in_namespace(&self.namespace(SWITCH), Path::new(program))
    }

    /// Behind which node's cable the bridge `br0` has seen a link-layer address last.
    ///
    /// # Panics
    /// When there is no `bridge`.
    pub fn learned(&self, mac: &str) -> Option<String> {
        let mut command = self.on_switch("bridge");
        let output = command.args(["fdb", "show", "br", "br0"]).output();
        let text = output.expect("bridge runs; it comes with ip").stdout;
        let text = String::from_utf8_lossy(&text).into_owned();
        let line = text.lines().find(|line| line.starts_with(mac))?;
        line.split_whitespace().nth(2).map(str::to_owned)
    }

    /// Where files of this network may lie.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Names of the nodes that hold `address`, the real ones among their interfaces' addresses included.
    pub fn holders(&self, address: &str) -> Vec<String> {
        self.nodes
            .iter()
            .filter(|node| node.holds(address))
            .map(|node| node.name.clone())
            .collect()
    }

    /// Waits until exactly the node `name` holds `address`.
    ///
    /// # Panics
    /// When that does not happen.
    #[track_caller]
    pub fn only_holder(&self, address: &str, name: &str) {
        until(&format!("{address} on {name} alone"), || {
            let holders = self.holders(address);
            if holders == [name] {
                Ok(())
            } else {
                Err(format!("it is on {holders:?}"))
            }
        });
    }

    /// Waits until no node holds `address`.
    ///
    /// # Panics
    /// When that does not happen.
    #[track_caller]
    pub fn no_holder(&self, address: &str) {
        until(&format!("{address} on no node"), || {
            let holders = self.holders(address);
            if holders.is_empty() {
                Ok(())
            } else {
                Err(format!("it is on {holders:?}"))
            }
        });
    }

    fn namespace(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for name in self.nodes.iter().map(|node| node.name.as_str()).chain([SWITCH]) {
            remove(&self.namespace(name));
        }
        if let Err(error) = fs::remove_dir_all(&self.directory) {
            eprintln!("cannot remove {}: {error}", self.directory.display());
        }
    }
}

/// Ends everything in a namespace and deletes it.
fn remove(namespace: &str) {
    if !Path::new(NAMESPACES).join(namespace).exists() {
        return;
    }
    // A guardian may start something between look and blow: look again.
    for _ in 0..50 {
        let processes = processes_in(namespace);
        if processes.is_empty() {
            break;
        }
        processes.into_iter().for_each(|pid| send(pid, Signal::KILL));
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    if let Err(error) = ip(&["netns", "del", namespace]) {
        eprintln!("{error:#}; remove it with: ip netns del {namespace}");
    }
}

/// Removes what a test left that was killed: the process in its name lives no more.
fn remove_leftovers() {
    let Ok(entries) = fs::read_dir(NAMESPACES) else {
        return;
    };
    for name in entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
    {
        let owner = name
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists()) {
            remove(&name);
            if let Some((place, _)) = name.rsplit_once('-') {
                // What another test removes at the same time is removed.
                let _ = fs::remove_dir_all(Path::new("/run").join(place));
            }
        }
    }
}
