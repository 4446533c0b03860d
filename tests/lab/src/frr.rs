//! FRR's vrrpd on a node, as Debian ships it: zebra beside it, and the macvlan interface that it wants to find.

mod bfd;

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use model::net::Family;
use model::transition::State;
use rustix::process::Signal;

use crate::net::Node;
use crate::process::{Running, first_line, power_cut};
use crate::router::Wanted;
use crate::wait::until;

pub use bfd::Bfd;

/// Where Debian puts its daemons.
const DAEMONS: &str = "/usr/lib/frr";
/// The interface that carries its addresses.
const CARRIER: &str = "vrrp0";

/// Its version, as it tells it.
///
/// # Panics
/// When it is not installed.
pub fn version() -> String {
    let output = Command::new(format!("{DAEMONS}/vrrpd")).arg("--version").output();
    let text = output.expect("vrrpd runs; packaging/set-up installs it").stdout;
    first_line(&text).replace("vrrpd version", "FRR")
}

/// A running vrrpd with its zebra. Killed when dropped.
#[derive(Debug)]
pub struct Frr {
    node: Node,
    vrrpd: Running,
    zebra: Running,
    family: Family,
}

impl Frr {
    /// Starts it with its one virtual router.
    ///
    /// # Panics
    /// When it is not installed.
    pub fn start(node: &Node, wanted: &Wanted) -> Self {
        Self::try_start(node, wanted)
            .unwrap_or_else(|e| panic!("cannot start FRR: {e:#}; packaging/set-up installs it"))
    }

    fn try_start(node: &Node, wanted: &Wanted) -> Result<Self> {
        let family = wanted.form.family();
        let vrrpd_conf = configure(node, "vrrpd", &wanted.frr())?;
        raise_carrier(node, wanted);
        let zebra = start_zebra(node)?;
        Ok(Self {
            node: node.clone(),
            vrrpd: daemon(node, "vrrpd", &vrrpd_conf)?,
            zebra,
            family,
        })
    }

    /// Waits until it has entered `state` last. Its only word for Fault is `Initialize`.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn becomes(&self, state: State) {
        until(&format!("FRR on {} to be {state}", self.node.name), || {
            if self.is(state) {
                Ok(())
            } else {
                Err(format!("{:?}", self.state()))
            }
        });
    }

    /// Whether it has entered `state` last.
    pub fn is(&self, state: State) -> bool {
        let word = match state {
            State::Fault => State::Initialize.word(),
            State::Initialize | State::Backup | State::Master => state.word(),
        };
        self.state().as_deref() == Some(word)
    }

    /// The state that it last logged.
    fn state(&self) -> Option<String> {
        let log = self.vrrpd.log();
        let (_, last) = self.moves(&log).last()?;
        Some(last.to_owned())
    }

    /// How many times it moved.
    pub fn transitions(&self) -> usize {
        self.moves(&self.vrrpd.log()).count()
    }

    /// Lines such as `[CORE] [VRID 51] [IPv4] Backup -> Master`.
    fn moves<'a>(&self, log: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let mark = match self.family {
            Family::V4 => "[IPv4] ",
            Family::V6 => "[IPv6] ",
        };
        log.lines()
            .filter_map(move |line| line.split_once(mark)?.1.split_once(" -> "))
    }

    /// Where it runs.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// SIGTERM, and waits for its end: it sends priority 0.
    pub fn stop(mut self) {
        self.vrrpd.signal(Signal::TERM);
        self.vrrpd.ended();
        self.zebra.signal(Signal::TERM);
        self.zebra.ended();
    }

    /// kill -9 to both at once; its interface goes as in a power cut.
    pub fn kill(mut self) {
        power_cut(self.vrrpd.pid(), &[self.zebra.pid()]);
        self.vrrpd.ended();
        self.node.ip(&["link", "del", CARRIER]);
    }

    /// What vrrpd has printed.
    pub fn log(&self) -> String {
        self.vrrpd.log()
    }
}

/// The macvlan with the virtual router's MAC address (RFC 9568 §7.3) and all virtual addresses.
fn raise_carrier(node: &Node, wanted: &Wanted) {
    let digit = match wanted.form.family() {
        Family::V4 => 1,
        Family::V6 => 2,
    };
    let mac = format!("00:00:5e:00:{digit:02x}:{:02x}", wanted.vrid);
    if !node.has_interface(CARRIER) {
        let add = [
            "link",
            "add",
            "name",
            CARRIER,
            "link",
            &wanted.interface,
            "address",
            &mac,
        ];
        node.ip(&[&add[..], &["type", "macvlan", "mode", "bridge"]].concat());
    }
    for address in &wanted.addresses {
        node.ip(&["addr", "replace", address, "dev", CARRIER, "nodad"]);
    }
    node.ip(&["link", "set", CARRIER, "up"]);
}

/// Makes the daemons' place anew, with zebra's configuration and that of `name`. Where the latter lies.
fn configure(node: &Node, name: &str, text: &str) -> Result<PathBuf> {
    let place = node.path("frr");
    if place.exists() {
        std::fs::remove_dir_all(&place)?;
    }
    std::fs::create_dir_all(&place)?;
    let zebra = node.write("frr/zebra.conf", "log stdout\n");
    let other = node.write(&format!("frr/{name}.conf"), text);
    // They drop root, and write here.
    let (user, group) = identity()?;
    for path in [&place, &zebra, &other] {
        chown(path, Some(user), Some(group))?;
    }
    Ok(other)
}

/// Starts zebra, and waits until others can join it.
fn start_zebra(node: &Node) -> Result<Running> {
    let place = node.path("frr");
    let zebra = daemon(node, "zebra", &place.join("zebra.conf"))?;
    until("zebra to listen", || {
        if place.join("z.sock").exists() {
            Ok(())
        } else {
            Err(zebra.log())
        }
    });
    Ok(zebra)
}

fn daemon(node: &Node, name: &str, configuration: &Path) -> Result<Running> {
    let place = node.path("frr");
    let mut command = node.command(format!("{DAEMONS}/{name}"));
    if name == "bfdd" {
        command.arg("--bfdctl").arg(place.join("bfdd.sock"));
    }
    command
        .args(["-u", "frr", "-g", "frr", "-f"])
        .arg(configuration)
        .arg("-i")
        .arg(place.join(format!("{name}.pid")))
        .arg("-z")
        .arg(place.join("z.sock"))
        .arg("--vty_socket")
        .arg(&place);
    Running::start(
        &format!("{name} on {}", node.name),
        command,
        &place.join(format!("{name}.log")),
    )
}

/// The user and group `frr`.
fn identity() -> Result<(u32, u32)> {
    let number = |option: &str| -> Result<u32> {
        let output = Command::new("id").args([option, "frr"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.trim().parse().context("there is no user frr")
    };
    Ok((number("-u")?, number("-g")?))
}
