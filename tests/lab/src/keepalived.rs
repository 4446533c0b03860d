//! A keepalived on a node, as Debian ships it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use rustix::process::Signal;

use crate::net::Node;
use crate::process::{self, Running, first_line};
use crate::wait::until;

/// Its version, as it tells it.
///
/// # Panics
/// When it is not installed.
pub fn version() -> String {
    let output = Command::new("keepalived").arg("--version").output();
    let text = output
        .expect("keepalived runs; packaging/set-up installs it")
        .stderr;
    let line = first_line(&text);
    line.split(" (").next().unwrap_or(&line).to_owned()
}

/// A running keepalived (elections only). Killed when dropped.
#[derive(Debug)]
pub struct Keepalived {
    node: Node,
    running: Running,
}

impl Keepalived {
    /// Starts it with a configuration.
    ///
    /// # Panics
    /// When it is not installed.
    pub fn start(node: &Node, configuration: &str) -> Self {
        Self::start_under(node, &[], configuration)
    }

    /// The same, by a program that takes its command line as its last arguments.
    ///
    /// # Panics
    /// When it is not installed.
    pub fn start_under(node: &Node, by: &[&str], configuration: &str) -> Self {
        Self::try_start(node, by, configuration)
            .unwrap_or_else(|e| panic!("cannot start keepalived: {e:#}; packaging/set-up installs it"))
    }

    fn try_start(node: &Node, by: &[&str], configuration: &str) -> Result<Self> {
        let file = node.write("keepalived.conf", configuration);
        let place = |name: &str| -> PathBuf { node.path(name) };
        // What a killed one left would keep this one from starting, and speak for it.
        for left in ["k.pid", "kv.pid", "kc.pid", "keepalived.log"] {
            if place(left).exists() {
                std::fs::remove_file(place(left))?;
            }
        }
        let mut command = node.command_under(by, "keepalived");
        command.args(["-n", "-l", "-P", "-D", "-f"]).arg(file);
        command
            .arg("-p")
            .arg(place("k.pid"))
            .arg("-r")
            .arg(place("kv.pid"))
            .arg("-c")
            .arg(place("kc.pid"));
        let running = Running::start(
            &format!("keepalived on {}", node.name),
            command,
            &place("keepalived.log"),
        )?;
        Ok(Self {
            node: node.clone(),
            running,
        })
    }

    /// Waits until it says that `instance` entered `state` (`MASTER`, `BACKUP`, `FAULT`) last.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn becomes(&self, instance: &str, state: &str) {
        until(
            &format!("keepalived on {} to be {state}", self.node.name),
            || match self.state(instance) {
                Some(found) if found == state => Ok(()),
                other => Err(format!("{other:?}")),
            },
        );
    }

    /// The state that it last logged for `instance`.
    pub fn state(&self, instance: &str) -> Option<String> {
        let mark = format!("({instance}) Entering ");
        let log = self.running.log();
        let last = log.lines().rev().find_map(|line| line.split_once(&mark))?.1;
        last.split_whitespace().next().map(str::to_owned)
    }

    /// The state that it last logged for each instance.
    pub fn states(&self) -> BTreeMap<String, String> {
        let log = self.running.log();
        let entered = log.lines().filter_map(|line| {
            let (before, after) = line.split_once(") Entering ")?;
            let state = after.split_whitespace().next()?;
            Some((before.rsplit_once('(')?.1.to_owned(), state.to_owned()))
        });
        entered.collect()
    }

    /// How many times `instance` entered a state.
    pub fn transitions(&self, instance: &str) -> usize {
        self.running
            .log()
            .matches(&format!("({instance}) Entering "))
            .count()
    }

    /// SIGTERM, and waits for its end: it sends priority 0 and removes its addresses.
    pub fn stop(mut self) {
        self.running.signal(Signal::TERM);
        self.running.ended();
    }

    /// kill -9 to all its processes at once. Its addresses stay, as with a crash.
    pub fn kill(mut self) {
        self.cut();
        self.running.ended();
    }

    /// kill -9 to all its processes at once, without waiting for their end.
    pub fn cut(&mut self) {
        process::power_cut(self.running.pid(), &process::children(self.running.pid()));
    }

    /// Where it runs.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Sends a signal to its parent process.
    pub fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    /// Its first process.
    pub fn pid(&self) -> i32 {
        self.running.pid()
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        self.running.log()
    }
}
