//! Nodes on one segment: a namespace each, and one with a bridge between them.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result, bail};
use rustix::process::Signal;

use crate::process::send;
use crate::wait::until;

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

/// A machine on the segment, with one interface `eth0`. The first one has the addresses 192.0.2.1 and 2001:db8::1, and
/// so on; the link-layer address ends in the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its number, from 1.
    pub number: u8,
    namespace: String,
    switch: String,
    directory: PathBuf,
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
        node.sysctl("net/ipv6/conf/default/accept_dad", "0")?;
        node.sysctl("net/ipv6/conf/all/accept_dad", "0")?;
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

impl Node {
    /// Its IPv4 address.
    pub fn ipv4(&self) -> String {
        format!("192.0.2.{}", self.number)
    }

    /// Its global IPv6 address.
    pub fn ipv6(&self) -> String {
        format!("2001:db8::{}", self.number)
    }

    /// The link-layer address of its interface.
    pub fn mac(&self) -> String {
        format!("02:00:00:00:00:{:02x}", self.number)
    }

    /// A command that runs on it, in a process group of its own.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        in_namespace(&self.namespace, program.as_ref())
    }

    /// A file or directory of its own.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes one of its files, in one step: nobody reads half of it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        self.write_bytes(name, text.as_bytes())
    }

    /// The same for what is no text.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_bytes(&self, name: &str, text: &[u8]) -> PathBuf {
        let path = self.path(name);
        let parent = path.parent().expect("below the node's directory");
        let new = parent.join(format!(
            ".{}.new",
            path.file_name().expect("a name").to_string_lossy()
        ));
        let written = fs::create_dir_all(parent)
            .and_then(|()| fs::write(&new, text))
            .and_then(|()| fs::rename(&new, &path));
        written.unwrap_or_else(|e| panic!("cannot write {}: {e}", path.display()));
        path
    }

    /// Writes a program.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_program(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it was just written");
        path
    }

    /// What is in one of its files; empty when there is none.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Whether one of its interfaces has `address`.
    pub fn holds(&self, address: &str) -> bool {
        let output = ip_in(&self.namespace, &["-o", "addr", "show"]).output();
        let text = output
            .map(|o| String::from_utf8_lossy(&o.stdout).into_owned())
            .unwrap_or_default();
        let mut addresses = text.lines().filter_map(|line| line.split_whitespace().nth(3));
        addresses.any(|net| net.split('/').next() == Some(address))
    }

    /// Runs `ip` on it.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn ip(&self, arguments: &[&str]) {
        run(&mut ip_in(&self.namespace, arguments)).expect("ip does what the test asks");
    }

    /// Pulls its cable out of the switch: its own interface loses the carrier.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn unplug(&self) {
        self.set_port("down");
    }

    /// Puts the cable back.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn plug(&self) {
        self.set_port("up");
    }

    fn set_port(&self, state: &str) {
        let order = ["link", "set", "dev", &self.name, state];
        run(&mut ip_in(&self.switch, &order)).expect("the port exists");
    }

    /// All processes on it.
    pub fn processes(&self) -> Vec<i32> {
        processes_in(&self.namespace)
    }

    fn sysctl(&self, key: &str, value: &str) -> Result<()> {
        run(self
            .command("sh")
            .args(["-ec", &format!("echo {value} > /proc/sys/{key}")]))
    }
}

fn in_namespace(namespace: &str, program: &Path) -> Command {
    // Not by `ip netns exec`, which changes mounts, and so fails in a chroot.
    let mut command = Command::new("nsenter");
    command
        .arg(format!("--net=/run/netns/{namespace}"))
        .arg("--")
        .arg(program)
        .process_group(0);
    command
}

fn ip_in(namespace: &str, arguments: &[&str]) -> Command {
    let mut command = in_namespace(namespace, Path::new("ip"));
    command.args(arguments);
    command
}

fn processes_in(namespace: &str) -> Vec<i32> {
    let output = Command::new("ip")
        .args(["netns", "pids", namespace])
        .stderr(Stdio::null())
        .output();
    let text = output
        .map(|o| String::from_utf8_lossy(&o.stdout).into_owned())
        .unwrap_or_default();
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
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

fn ip(arguments: &[&str]) -> Result<()> {
    run(Command::new("ip").args(arguments))
}

fn batch(namespace: &str, lines: &str) -> Result<()> {
    for line in lines.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        run(&mut ip_in(namespace, &words))?;
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
