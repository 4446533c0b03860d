//! A director: its configuration, its daemon, and what that says of itself.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use model::status::{DaemonStatus, InstanceStatus};
use model::transition::State;

use super::control;
use super::net::{self, Machine, Net};
use super::process::Process;
use super::tail::Tail;

/// One of the daemon's three processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Holds elections.
    Router,
    /// Runs plugins.
    Worker,
}

impl Part {
    /// The word by which the guardian starts it.
    const fn argument(self) -> &'static str {
        match self {
            Self::Router => "__router",
            Self::Worker => "__worker",
        }
    }

    /// The operator's word.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Worker => "worker",
        }
    }
}

/// A director and its daemon.
#[derive(Debug)]
pub(super) struct Director {
    /// Which.
    pub machine: Machine,
    directory: PathBuf,
    daemon: Option<Process>,
    answering: Option<Process>,
    script: Tail,
    log: Tail,
    /// What it last said of itself.
    pub status: Option<DaemonStatus>,
    /// When it last said anything.
    heard: Option<SystemTime>,
}

impl Director {
    /// One that does not run yet, with directories of its own.
    pub(super) fn new(net: &Net, machine: Machine) -> Result<Self> {
        let directory = net.directory().join(machine.name());
        fs::create_dir_all(directory.join("conf.d")).context("cannot create the directory of a director")?;
        let (script, log) = (Tail::new(directory.join(HOOKS)), Tail::new(directory.join(LOG)));
        Ok(Self {
            machine,
            directory,
            daemon: None,
            answering: None,
            script,
            log,
            status: None,
            heard: None,
        })
    }

    /// Its name.
    pub(super) fn name(&self) -> String {
        self.machine.name()
    }

    /// Where its files are.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A file of its own.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Write one of its files.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        // In one step, as editors do: nobody reads half a file.
        let new = path.with_extension("new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Start its daemon, and what answers on the virtual address.
    pub(super) fn start(&mut self, net: &Net, program: &Path, answer_on: &str) -> Result<()> {
        let name = self.name();
        if self.answering.is_none() {
            let mut answering = net.prompt_command(self.machine, program);
            answering.args(["__lab-server", &name, "--echo", answer_on]);
            self.answering = Some(self.spawn(answering, "answering.log")?);
        }
        let mut daemon = net.command(self.machine, program);
        daemon
            .args(["run", "-c"])
            .arg(self.path("conf.d"))
            .arg("--socket")
            .arg(self.path("socket"));
        self.daemon = Some(self.spawn(daemon, LOG)?);
        Ok(())
    }

    fn spawn(&self, mut command: Command, log: &str) -> Result<Process> {
        let log = File::options().create(true).append(true).open(self.path(log))?;
        Process::start(command.stdout(log.try_clone()?).stderr(log))
    }

    /// SIGKILL to everything on the machine: when, and to how many processes. The guardian is stopped first, so that
    /// it sees nobody die.
    pub(super) fn kill_everything(&mut self, net: &Net) -> (SystemTime, usize) {
        let mut processes = net.processes(self.machine);
        let guardian = self.guardian();
        let at = SystemTime::now();
        if let Some(guardian) = guardian.and_then(rustix::process::Pid::from_raw) {
            // It may have gone by itself.
            let _ = rustix::process::kill_process(guardian, rustix::process::Signal::STOP);
        }
        processes.sort_by_key(|process| Some(*process) == guardian);
        net::kill(&processes);
        (self.daemon, self.answering, self.status) = (None, None, None);
        (at, processes.len())
    }

    /// SIGKILL to one of the daemon's processes. Its id, unless there is none.
    pub(super) fn kill(&self, net: &Net, part: Part) -> Option<i32> {
        let process = self.process(net, part)?;
        net::kill(&[process]);
        Some(process)
    }

    /// The process that is this part of the daemon now.
    pub(super) fn process(&self, net: &Net, part: Part) -> Option<i32> {
        net.processes(self.machine).into_iter().find(|process| {
            let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0).nth(1) == Some(part.argument().as_bytes())
        })
    }

    /// The daemon's first process: `nsenter` becomes it.
    pub(super) fn guardian(&self) -> Option<i32> {
        self.daemon.as_ref().map(Process::id)
    }

    /// Ask the daemon to leave (SIGTERM) and wait for it.
    pub(super) fn stop(&mut self, patience: Duration) -> Result<()> {
        let Some(mut daemon) = self.daemon.take() else {
            return Ok(());
        };
        if let Some(id) = rustix::process::Pid::from_raw(daemon.id()) {
            rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        }
        let deadline = SystemTime::now() + patience;
        while daemon.ended().is_none() {
            if SystemTime::now() > deadline {
                bail!("{} does not stop in {patience:?}", self.name());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.status = None;
        Ok(())
    }

    /// Whether its daemon ended although nobody asked it to.
    pub(super) fn has_ended(&mut self) -> bool {
        self.daemon
            .as_mut()
            .is_some_and(|daemon| daemon.ended().is_some())
    }

    /// Ask the daemon about itself. What it said before stands when it does not answer.
    pub(super) fn refresh(&mut self) -> bool {
        if self.daemon.is_none() {
            return false;
        }
        let Ok(status) = control::status(&self.path("socket")) else {
            return false;
        };
        (self.status, self.heard) = (Some(status), Some(SystemTime::now()));
        true
    }

    /// Whether its daemon said anything since then.
    pub(super) fn was_heard(&self, since: SystemTime) -> bool {
        self.heard.is_some_and(|heard| heard > since)
    }

    /// Its only instance, as last told.
    pub(super) fn instance(&self) -> Option<&InstanceStatus> {
        self.status.as_ref()?.instances.first()
    }

    /// State of its only instance, as last told.
    pub(super) fn state(&self) -> Option<State> {
        self.instance().map(|instance| instance.state)
    }

    /// Lines that the notify script wrote since the last call.
    pub(super) fn script_lines(&mut self) -> Vec<String> {
        self.script.lines()
    }

    /// What the Lua hook logged since the last call.
    pub(super) fn story_lines(&mut self) -> Vec<String> {
        let told = |line: &String| {
            let text = line.get(line.find(STORY)?..)?;
            // The log's own fields follow.
            Some(text.split(" plugin=").next().unwrap_or(text).to_owned())
        };
        self.log.lines().iter().filter_map(told).collect()
    }

    /// The end of the daemon's log.
    pub(super) fn log_tail(&self, lines: usize) -> String {
        let text = fs::read(self.path(LOG)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

/// The file that the notify script of a director writes to.
pub(super) const HOOKS: &str = "hooks.log";
/// The daemon's log.
const LOG: &str = "daemon.log";
/// Begins what the Lua hook logs.
pub(super) const STORY: &str = "story.lua: ";
