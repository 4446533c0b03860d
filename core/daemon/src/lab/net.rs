//! The network of the demonstration: a namespace for each machine, two segments between them, nothing outside. It
//! goes with everything in it when the value is dropped, also by a panic, and [`Teardown`] does the same for a signal.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

mod teardown;
use teardown::{PREFIX, RUN, processes_in, remove_leftovers};
pub(super) use teardown::{Teardown, hold, kill};

use super::signals::Signals;

/// A machine of the demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Machine {
    /// First director, the better one.
    Lb1,
    /// Second director.
    Lb2,
    /// Asks the virtual address.
    Client,
    /// Real servers.
    Real(u8),
}

impl Machine {
    /// Its name, in the story and in its namespace's name.
    pub(super) fn name(self) -> String {
        match self {
            Self::Lb1 => "lb1".to_owned(),
            Self::Lb2 => "lb2".to_owned(),
            Self::Client => "client".to_owned(),
            Self::Real(n) => format!("rs{n}"),
        }
    }

    /// The interfaces it has.
    const fn segments(self) -> &'static [Segment] {
        match self {
            Self::Lb1 | Self::Lb2 => &[Segment::Front, Segment::Back],
            Self::Client => &[Segment::Front],
            Self::Real(_) => &[Segment::Back],
        }
    }

    /// Last byte of its addresses, link-layer and IP.
    const fn number(self) -> u8 {
        match self {
            Self::Lb1 => 1,
            Self::Lb2 => 2,
            Self::Client => 9,
            Self::Real(n) => 10 + n,
        }
    }

    /// Whose link-layer address on the front segment this is.
    pub(super) fn by_mac(mac: &str) -> Option<Self> {
        [Self::Lb1, Self::Lb2, Self::Client]
            .into_iter()
            .find(|machine| machine.mac(Segment::Front) == mac)
    }

    fn mac(self, segment: Segment) -> String {
        format!("02:00:00:00:{:02x}:{:02x}", segment as u8, self.number())
    }
}

/// A segment, and the interface on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Segment {
    /// Client and directors, 10.77.0.0/24.
    Front = 1,
    /// Directors and real servers, 10.78.0.0/24.
    Back = 2,
}

impl Segment {
    const fn interface(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Back => "back",
        }
    }

    const fn network(self) -> &'static str {
        match self {
            Self::Front => "10.77.0",
            Self::Back => "10.78.0",
        }
    }
}

/// The namespaces, while they live.
#[derive(Debug)]
pub(super) struct Net {
    teardown: Teardown,
    prefix: String,
    directory: PathBuf,
}

impl Net {
    /// Build it for these machines, with a directory for their files. A signal takes it away from the first step on.
    pub(super) fn build(machines: &[Machine], signals: &Signals) -> Result<Self> {
        remove_leftovers();
        let id = std::process::id();
        let prefix = format!("{PREFIX}{id}-");
        // Below /run, not /tmp: hooks are refused where others could put a file in their place.
        let directory = Path::new(RUN).join(format!("{PREFIX}{id}"));
        let mut names: Vec<String> = machines
            .iter()
            .map(|machine| prefix.clone() + &machine.name())
            .collect();
        names.push(prefix.clone() + SWITCH);
        let teardown = Teardown::new(names, &directory);
        signals.add(teardown.clone());
        let net = Self {
            teardown,
            prefix,
            directory,
        };
        fs::create_dir_all(&net.directory)
            .with_context(|| format!("cannot create {}", net.directory.display()))?;
        net.add_switch()?;
        for machine in machines {
            net.plug_in(*machine)?;
        }
        Ok(net)
    }

    /// Where the files of the machines are.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Keep the files when the network goes.
    pub(super) fn keep_files(&self) {
        self.teardown.keep_files();
    }

    /// A command that runs on `machine`, in a process group of its own and without our terminal.
    pub(super) fn command(&self, machine: Machine, program: &Path) -> Command {
        let mut command = enter(&self.name(&machine.name()));
        command.arg(program).stdin(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
    }

    /// The same, ahead of other processes: what measures is not to wait for its turn.
    pub(super) fn prompt_command(&self, machine: Machine, program: &Path) -> Command {
        let mut command = self.command(machine, Path::new("nice"));
        command.args(["-n", "-15"]).arg(program);
        command
    }

    /// All processes on `machine`.
    pub(super) fn processes(&self, machine: Machine) -> Vec<i32> {
        processes_in(&self.name(&machine.name()))
    }

    /// Pull both cables of `machine` and forget it, as a power cut does. Its processes are to be dead already.
    pub(super) fn unplug(&self, machine: Machine) -> Result<()> {
        let ports: String = machine
            .segments()
            .iter()
            .map(|s| format!("link del {}\n", port(machine, *s)))
            .collect();
        batch(Some(&self.name(SWITCH)), &ports)?;
        ip(&["netns", "del", &self.name(&machine.name())])
    }

    /// Make `machine` as new, and plug it in.
    pub(super) fn plug_in(&self, machine: Machine) -> Result<()> {
        let namespace = self.name(&machine.name());
        ip(&["netns", "add", &namespace])?;
        let switch = self.name(SWITCH);
        let (mut here, mut there) = (String::from("link set lo up\n"), String::new());
        for segment in machine.segments() {
            let (interface, port) = (segment.interface(), port(machine, *segment));
            let mac = machine.mac(*segment);
            there += &format!(
                "link add {port} type veth peer name {interface} address {mac} netns {namespace}\n\
                 link set {port} master {interface} up\n"
            );
            let (network, number) = (segment.network(), machine.number());
            here += &format!("addr add {network}.{number}/24 dev {interface}\nlink set {interface} up\n");
        }
        if let Machine::Real(_) = machine {
            here += &format!("route add default via {BACK_DIRECTOR}\n");
        }
        batch(Some(&switch), &there)?;
        self.set_sysctls(machine)?;
        batch(Some(&namespace), &here)
    }

    fn add_switch(&self) -> Result<()> {
        let name = self.name(SWITCH);
        ip(&["netns", "add", &name])?;
        let bridges = [Segment::Front, Segment::Back]
            .map(|s| format!("link add {0} type bridge\nlink set {0} up\n", s.interface()))
            .concat();
        batch(Some(&name), &bridges)
    }

    fn set_sysctls(&self, machine: Machine) -> Result<()> {
        let settings: &[(&str, &str)] = match machine {
            // ip_nonlocal_bind: the answering machine listens on the virtual address before it holds it.
            Machine::Lb1 | Machine::Lb2 => &[
                ("ip_forward", "1"),
                ("ip_nonlocal_bind", "1"),
                ("conf/all/rp_filter", "0"),
                ("conf/default/rp_filter", "0"),
                ("conf/all/send_redirects", "0"),
                ("conf/default/send_redirects", "0"),
            ],
            Machine::Client | Machine::Real(_) => &[],
        };
        if settings.is_empty() {
            return Ok(());
        }
        let script: String = settings
            .iter()
            .map(|(key, value)| format!("echo {value} > /proc/sys/net/ipv4/{key}\n"))
            .collect();
        let mut shell = self.command(machine, Path::new("sh"));
        run(shell.args(["-ec", &script]), "")
    }

    fn name(&self, machine: &str) -> String {
        format!("{}{machine}", self.prefix)
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.teardown.run(&hold());
    }
}

fn port(machine: Machine, segment: Segment) -> String {
    format!("{}-{}", machine.name(), segment.interface())
}

fn ip(arguments: &[&str]) -> Result<()> {
    run(Command::new("ip").args(arguments), "")
}

/// `ip -batch` of `lines`, in a namespace.
fn batch(namespace: Option<&str>, lines: &str) -> Result<()> {
    let mut command = match namespace {
        Some(namespace) => {
            let mut command = enter(namespace);
            command.arg("ip");
            command
        }
        None => Command::new("ip"),
    };
    run(command.args(["-batch", "-"]), lines)
}

/// Runs what is added to it in a namespace. Not by `ip netns exec`, which changes mounts, and so fails in a chroot.
fn enter(namespace: &str) -> Command {
    let mut command = Command::new("nsenter");
    command.arg(format!("--net=/run/netns/{namespace}")).arg("--");
    command
}

/// Run `command` with `input` while nobody else changes the network; its own words are the error.
fn run(command: &mut Command, input: &str) -> Result<()> {
    let _held = hold();
    run_held(command, input)
}

fn run_held(command: &mut Command, input: &str) -> Result<()> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {command:?}"))?;
    let mut stdin = child.stdin.take().expect("it was asked for above");
    stdin.write_all(input.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} failed: {}", words.trim().replace('\n', "; "));
    }
    Ok(())
}

/// The machine that only connects the others.
const SWITCH: &str = "switch";
/// The director that the real servers answer through.
const BACK_DIRECTOR: &str = "10.78.0.1";
