//! A machine on the segment.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::command::{batch, in_namespace, ip_in, processes_in, run};
use crate::process::Running;
use crate::wait::until;

/// A machine on the segment, with one interface `eth0`. The first one has the addresses 192.0.2.1 and 2001:db8::1, and
/// so on; the link-layer address ends in the same number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its number, from 1.
    pub number: u8,
    pub(super) namespace: String,
    pub(super) switch: String,
    pub(super) directory: PathBuf,
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

    /// The link-local IPv6 address of its interface, made of that (RFC 4291 appendix A).
    pub fn link_local(&self) -> String {
        format!("fe80::ff:fe00:{:x}", self.number)
    }

    /// A command that runs on it, in a process group of its own.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        in_namespace(&self.namespace, program.as_ref())
    }

    /// The name of its network namespace, as `ip netns` tells it.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Does something in its network namespace. Sockets that are made there belong to it for ever.
    ///
    /// # Errors
    /// When the namespace is gone, or `work` panicked.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let namespace = File::open(Path::new(super::NAMESPACES).join(&self.namespace))?;
        let enter = || -> Result<T> {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
            Ok(work())
        };
        thread::scope(|scope| scope.spawn(enter).join())
            .ok()
            .context("the thread died")?
    }

    /// The same, by the program and the first arguments that `by` names; without any, as it is.
    pub fn command_under(&self, by: &[&str], program: impl AsRef<Path>) -> Command {
        let mut words = by.iter().map(Path::new).chain([program.as_ref()]);
        let mut command = self.command(words.next().expect("the program, if nothing else"));
        command.args(words);
        command
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
        let mut all = self.addresses().into_iter();
        all.any(|(_, net)| net.split('/').next() == Some(address))
    }

    /// How many of its addresses begin like this.
    pub fn count_addresses(&self, beginning: &str) -> usize {
        let all = self.addresses().into_iter();
        all.filter(|(_, net)| net.starts_with(beginning)).count()
    }

    /// Interface and address with prefix of everything that it has.
    fn addresses(&self) -> Vec<(String, String)> {
        let output = ip_in(&self.namespace, &["-o", "addr", "show"]).output();
        let text = output
            .map(|o| String::from_utf8_lossy(&o.stdout).into_owned())
            .unwrap_or_default();
        let pair = |line: &str| {
            let mut words = line.split_whitespace().skip(1);
            let interface = words.next()?.to_owned();
            Some((interface, words.nth(1)?.to_owned()))
        };
        text.lines().filter_map(pair).collect()
    }

    /// Runs `ip` on it.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn ip(&self, arguments: &[&str]) {
        run(&mut ip_in(&self.namespace, arguments)).expect("ip does what the test asks");
    }

    /// Where the cable of one of its interfaces ends in the switch.
    pub fn port(&self, interface: &str) -> Port {
        let (name, bridge) = match interface {
            "eth1" => (format!("{}1", self.name), "br1"),
            _ => (self.name.clone(), "br0"),
        };
        Port {
            switch: self.switch.clone(),
            name,
            bridge,
        }
    }

    /// Pulls its cable out of the switch: its own interface loses the carrier.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn unplug(&self) {
        self.port("eth0").unplug();
    }

    /// Puts the cable back.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn plug(&self) {
        self.port("eth0").plug();
    }

    /// Takes its port out of the bridge: its own interface keeps the carrier, and nobody hears it.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn part(&self) {
        self.port("eth0").order(&["nomaster"]);
    }

    /// Puts its port back into the bridge.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn join(&self) {
        let port = self.port("eth0");
        port.order(&["master", port.bridge]);
    }

    /// Whether it has an interface of that name.
    pub fn has_interface(&self, name: &str) -> bool {
        run(&mut ip_in(&self.namespace, &["link", "show", name])).is_ok()
    }

    /// Puts a worse cable between it and the switch: each frame is lost by chance, or delayed by a random part of
    /// `jitter`. It holds until what is given is dropped.
    ///
    /// # Panics
    /// When there is no `python3`.
    #[track_caller]
    pub fn lay_bad_line(&self, loss_percent: f32, jitter: Duration) -> Running {
        let port = self.port("eth0");
        let (near, far) = (&port.name, format!("{}-far", port.name));
        let (socket, bridge) = (format!("{}-in", port.name), port.bridge);
        self.part();
        let pair = format!(
            "link add name {far} type veth peer name {socket}\nlink set dev {far} up\nlink set dev {socket} master {bridge} up\n"
        );
        batch(&self.switch, &pair).expect("a cable that has not been laid yet");
        let mut command = in_namespace(&self.switch, Path::new("python3"));
        command.args(["-c", include_str!("line.py"), near, &far]);
        command.args([loss_percent.to_string(), jitter.as_millis().to_string()]);
        let line = Running::start("a bad line", command, &self.path("line.log"));
        let line = line.expect("python3 runs; packaging/set-up installs it");
        until("the line to be laid", || {
            line.log()
                .contains("laid")
                .then_some(())
                .ok_or_else(|| line.log())
        });
        line
    }

    /// Removes what a killed router left on it: every address but its own, and every device that it made.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn forget_virtual_addresses(&self) {
        let mut devices = BTreeSet::new();
        for (interface, net) in self.addresses() {
            let bare = net.split('/').next().unwrap_or(&net);
            let own = bare == self.ipv4() || bare == self.ipv6() || bare == self.link_local();
            match interface.as_str() {
                "lo" | "eth1" => {}
                "eth0" if own => {}
                "eth0" => self.ip(&["addr", "del", &net, "dev", "eth0"]),
                _ => {
                    devices.insert(interface);
                }
            }
        }
        for device in devices {
            self.ip(&["link", "del", &device]);
        }
    }

    /// The link-layer address that its neighbour table has for `address`, in lower case.
    pub fn neighbour(&self, address: &str) -> Option<String> {
        let output = ip_in(&self.namespace, &["neigh", "show", address])
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (_, after) = text.split_once("lladdr ")?;
        after.split_whitespace().next().map(str::to_lowercase)
    }

    /// Asks for `address` once, as any traffic would; whether it answered.
    ///
    /// # Panics
    /// When there is no `ping`.
    pub fn pings(&self, address: &str) -> bool {
        let mut command = self.command("ping");
        command.args(["-c", "1", "-W", "1", "-n", address]);
        let output = command.output().expect("ping runs; packaging/set-up installs it");
        output.status.success()
    }

    /// All processes on it.
    pub fn processes(&self) -> Vec<i32> {
        processes_in(&self.namespace)
    }

    /// Sets one of the kernel's parameters, named by its path.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn sysctl(&self, key: &str, value: &str) {
        self.set_parameter(key, value)
            .expect("a parameter that this kernel has");
    }

    pub(super) fn set_parameter(&self, key: &str, value: &str) -> Result<()> {
        run(self
            .command("sh")
            .args(["-ec", &format!("echo {value} > /proc/sys/{key}")]))
    }
}

/// Where a cable ends in the switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    switch: String,
    pub(super) name: String,
    bridge: &'static str,
}

impl Port {
    /// Pulls the cable out: the interface at its other end loses the carrier.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn unplug(&self) {
        self.order(&["down"]);
    }

    /// Puts the cable back.
    ///
    /// # Panics
    /// When `ip` refuses.
    pub fn plug(&self) {
        self.order(&["up"]);
    }

    fn order(&self, change: &[&str]) {
        let order = [&["link", "set", "dev", &self.name], change].concat();
        run(&mut ip_in(&self.switch, &order)).expect("the port exists");
    }
}
