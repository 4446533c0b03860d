//! Our daemon on a node.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, Result, bail};
use model::status::{DaemonStatus, InstanceStatus};
use model::transition::State;
use rustix::process::Signal;

use crate::net::Node;
use crate::process::{self, Running};
use crate::wait::until;

/// A running bellwether. Killed, with its processes, when dropped.
#[derive(Debug)]
pub struct Bellwether {
    node: Node,
    running: Running,
}

/// Its processes beside the guardian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Elections.
    Router,
    /// Plugins.
    Worker,
}

impl Part {
    const fn argument(self) -> &'static str {
        match self {
            Self::Router => "__router",
            Self::Worker => "__worker",
        }
    }
}

/// The program under test.
///
/// # Panics
/// When it is not there, with the command that builds it.
pub fn program() -> PathBuf {
    let path = match std::env::var_os("BELLWETHER") {
        Some(path) => PathBuf::from(path),
        // Tests and their binary are two levels apart: target/debug/deps/test and target/debug/bellwether.
        None => {
            let test = std::env::current_exe().expect("Linux knows what it runs");
            let profile = test.ancestors().find(|dir| dir.join("bellwether").is_file());
            profile.map_or_else(
                || PathBuf::from("target/debug/bellwether"),
                |dir| dir.join("bellwether"),
            )
        }
    };
    assert!(
        path.is_file(),
        "no daemon to test at {}; build it with `cargo build -p daemon`, or name one in BELLWETHER",
        path.display()
    );
    path
}

/// The component of this name that `make guests` built beside the program under test: `target/guests/NAME.wasm`.
///
/// # Panics
/// When it is not there, with the command that builds it.
pub fn guest(name: &str) -> PathBuf {
    let program = program();
    let target = program.ancestors().nth(2).expect("in target/debug");
    let path = target.join(format!("guests/{name}.wasm"));
    assert!(
        path.is_file(),
        "no component at {}; build it with `make guests`",
        path.display()
    );
    path
}

/// Its version, as it tells it.
///
/// # Panics
/// When it is not there.
pub fn version() -> String {
    let output = Command::new(program()).arg("--version").output();
    process::first_line(&output.expect("the program is there").stdout)
}

impl Bellwether {
    /// Starts it with a file, `.toml` or `keepalived.conf`, of that text.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start(node: &Node, file: &str, configuration: &str) -> Self {
        let path = node.write(file, configuration);
        Self::start_with(node, &path)
    }

    /// Starts it with `conf.d/10-lab.toml` of that text, so that its configuration is a directory.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_directory(node: &Node, configuration: &str) -> Self {
        let path = node.write("conf.d/10-lab.toml", configuration);
        Self::start_with(node, path.parent().expect("below conf.d"))
    }

    /// Starts it with a configuration that is there already.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_with(node: &Node, configuration: &Path) -> Self {
        Self::start_under(node, &[], configuration)
    }

    /// The same, by a program that takes its command line as its last arguments.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn start_under(node: &Node, by: &[&str], configuration: &Path) -> Self {
        let mut command = node.command_under(by, program());
        command
            .arg("run")
            .arg("-c")
            .arg(configuration)
            .arg("--socket")
            .arg(socket(node));
        let name = format!("bellwether on {}", node.name);
        let running = Running::start(&name, command, &node.path("bellwether.log"));
        Self {
            node: node.clone(),
            running: running.expect("the program is there"),
        }
    }

    /// `bellwether VERB...` against it.
    ///
    /// # Panics
    /// When it cannot be run.
    pub fn ask(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(program());
        command.args(arguments).arg("--socket").arg(socket(&self.node));
        command.output().expect("the program is there")
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// When it does not answer, or not with a status.
    pub fn status(&self) -> Result<DaemonStatus> {
        let output = self.ask(&["status", "--json"]);
        if !output.status.success() {
            bail!(
                "no status from {}: {}",
                self.node.name,
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        serde_json::from_slice(&output.stdout).context("the status is not what model::status says")
    }

    /// What it says of one instance.
    ///
    /// # Errors
    /// When it does not answer or has none of that name.
    pub fn instance(&self, name: &str) -> Result<InstanceStatus> {
        let all = self.status()?.instances;
        all.into_iter()
            .find(|instance| instance.name == name)
            .context("no such instance")
    }

    /// How many times `instance` became Master or ceased to be it.
    pub fn moves(&self, instance: &str) -> usize {
        let found = self.instance(instance);
        let count = |name: &str| found.as_ref().ok()?.counters.get(name).copied();
        let all = ["became_master", "released_master"].into_iter().filter_map(count);
        usize::try_from(all.sum::<u64>()).unwrap_or(usize::MAX)
    }

    /// Waits until `instance` is in `state`.
    ///
    /// # Panics
    /// When that does not happen.
    #[track_caller]
    pub fn becomes(&self, instance: &str, state: State) -> InstanceStatus {
        until(
            &format!("{instance} on {} to be {state}", self.node.name),
            || match self.instance(instance) {
                Ok(found) if found.state == state => Ok(found),
                Ok(found) => Err(format!("{}, because {}", found.state, found.cause)),
                Err(error) => Err(format!("{error:#}")),
            },
        )
    }

    /// Waits until its status satisfies `wanted`.
    ///
    /// # Panics
    /// When that does not happen.
    #[track_caller]
    pub fn says<T>(&self, what: &str, mut wanted: impl FnMut(&DaemonStatus) -> Option<T>) -> T {
        until(&format!("{} to say {what}", self.node.name), || {
            match self.status() {
                Ok(status) => wanted(&status).ok_or_else(|| format!("{status:?}")),
                Err(error) => Err(format!("{error:#}")),
            }
        })
    }

    /// Asks for a reload; whether it was content, and what it printed.
    pub fn reload(&self) -> (bool, String) {
        let output = self.ask(&["reload"]);
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    }

    /// The guardian's process.
    pub fn guardian(&self) -> i32 {
        self.running.pid()
    }

    /// One of its other processes, if it lives.
    pub fn find(&self, part: Part) -> Option<i32> {
        let all = self.node.processes().into_iter();
        let mut parts = all.filter(|pid| {
            process::arguments(*pid)
                .get(1)
                .is_some_and(|word| word == part.argument())
        });
        parts.find(|pid| process::is_alive(*pid))
    }

    /// One of its other processes, once it lives.
    ///
    /// # Panics
    /// When it never does.
    #[track_caller]
    pub fn part(&self, part: Part) -> i32 {
        until(&format!("the {part:?} of {}", self.node.name), || {
            self.find(part).ok_or("no such process")
        })
    }

    /// kill -9 to one of its other processes; which it was.
    #[track_caller]
    pub fn kill_part(&self, part: Part) -> i32 {
        let pid = self.part(part);
        process::send(pid, Signal::KILL);
        until("the process to be gone", || {
            if process::is_alive(pid) {
                Err("it lives")
            } else {
                Ok(())
            }
        });
        pid
    }

    /// SIGTERM, and waits for its end.
    pub fn stop(mut self) {
        self.running.signal(Signal::TERM);
        self.running.ended();
    }

    /// Sends a signal to the guardian.
    pub fn signal(&self, signal: Signal) {
        self.running.signal(signal);
    }

    /// kill -9 to all its processes at once. Its addresses stay, as with a crash.
    pub fn kill(mut self) {
        let others = process::children(self.running.pid());
        self.cut();
        self.running.ended();
        // A router on its way out still holds the control socket, and who comes next would find another daemon there.
        until("all its processes to be gone", || {
            match others.iter().find(|pid| process::is_alive(**pid)) {
                Some(_) => Err("one of them lives"),
                None => Ok(()),
            }
        });
    }

    /// kill -9 to all its processes at once, without waiting for their end.
    pub fn cut(&mut self) {
        let guardian = self.running.pid();
        process::power_cut(guardian, &process::children(guardian));
    }

    /// Where it runs.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        self.running.log()
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.running.has_ended()
    }
}

impl Drop for Bellwether {
    fn drop(&mut self) {
        self.cut();
    }
}

fn socket(node: &Node) -> PathBuf {
    node.path("control.sock")
}
