//! The place of a child: router or worker.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use linux::process::privilege::Capabilities;
use linux::process::{Child, Pid, Signal, Spawn};
use model::link::{FromGuardian, ToGuardian};
use model::time::Instant;

use super::line::Line;
use super::restarts::Restarts;

/// Which child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Router,
    Worker,
}

impl Role {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Worker => "worker",
        }
    }

    /// What it may do of what root may. The worker gives up the rest itself, when it has read what it needs.
    fn capabilities(self) -> Option<Capabilities> {
        match self {
            Self::Router => Some(ROUTER),
            Self::Worker => None,
        }
    }

    /// Sent to it when the guardian dies. The router gets none: it learns of it from their link, and leaves properly,
    /// where a sudden end would leave its addresses behind.
    const fn death_signal(self) -> Option<Signal> {
        match self {
            Self::Router => None,
            Self::Worker => Some(Signal::KILL),
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Router => Self::Worker,
            Self::Worker => Self::Router,
        }
    }
}

/// Of root's powers the router keeps these: sockets and tables of the kernel, real time, locked memory.
const ROUTER: Capabilities = Capabilities::NET_ADMIN
    .union(Capabilities::NET_RAW)
    .union(Capabilities::SYS_NICE)
    .union(Capabilities::IPC_LOCK);

/// A child, or its absence, and the line to it.
pub(super) struct Station {
    role: Role,
    arguments: Vec<String>,
    pub(super) child: Option<Child>,
    pub(super) line: Option<Line>,
    pub(super) restarts: Restarts,
    /// When to start it again.
    pub(super) start_at: Option<Instant>,
    /// The end of a link to the other child that waits for this one to exist.
    waiting: Option<OwnedFd>,
}

impl Station {
    pub(super) fn new(role: Role, arguments: Vec<String>) -> Self {
        Self {
            role,
            arguments,
            child: None,
            line: None,
            restarts: Restarts::default(),
            start_at: None,
            waiting: None,
        }
    }

    /// Starts the child with these descriptors.
    pub(super) fn start(&mut self, ours: UnixStream, descriptors: Vec<(OwnedFd, i32)>) -> io::Result<()> {
        let mut args = vec![OsString::from(format!("__{}", self.role.word()))];
        args.extend(self.arguments.iter().map(OsString::from));
        let child = linux::process::spawn(Spawn {
            args,
            fds: descriptors,
            // Ctrl-C and a service manager reach all our processes; who answers is the guardian alone.
            keeps_blocked: true,
            parent_death_signal: self.role.death_signal(),
            capabilities: self.role.capabilities(),
            name: Some("bellwether".into()),
            ..Spawn::new("/proc/self/exe")
        })?;
        tracing::debug!(
            role = self.role.word(),
            pid = child.pid.as_raw_nonzero(),
            "started"
        );
        self.child = Some(child);
        self.line = Some(Line::new(ours)?);
        Ok(())
    }

    pub(super) fn is(&self, pid: Pid) -> bool {
        self.child.as_ref().is_some_and(|child| child.pid == pid)
    }

    /// The child is dead.
    pub(super) fn forget(&mut self) {
        self.child = None;
        self.line = None;
    }

    pub(super) fn kill(&self) {
        if let Some(child) = &self.child {
            // It may be gone already, which is what is wanted.
            let _ = rustix::process::kill_process(child.pid, Signal::KILL);
        }
    }

    pub(super) fn send(&mut self, frame: &FromGuardian) {
        if let Some(line) = &mut self.line {
            line.send(frame, None);
        }
    }

    pub(super) fn send_with(&mut self, frame: &FromGuardian, descriptor: Option<OwnedFd>) {
        if let Some(line) = &mut self.line {
            line.send(frame, descriptor);
        }
    }

    /// Gives it the end of a new link to the other child: now, or when it is started.
    pub(super) fn give_peer(&mut self, end: OwnedFd) {
        match &mut self.line {
            Some(line) => line.send(&FromGuardian::Peer, Some(end)),
            None => self.waiting = Some(end),
        }
    }

    /// The end of a link that waits for it.
    pub(super) fn take_peer(&mut self) -> Option<OwnedFd> {
        self.waiting.take()
    }

    pub(super) fn flush(&mut self) {
        if let Some(line) = &mut self.line {
            line.flush();
        }
    }

    /// Whatever frames have come. A line that is broken is cut: a child that lives then leaves by itself.
    pub(super) fn receive(&mut self) -> Vec<ToGuardian> {
        let Some(line) = &mut self.line else {
            return Vec::new();
        };
        match line.receive() {
            Ok(frames) => frames,
            Err(reason) => {
                tracing::debug!(role = self.role.word(), reason, "a line ended");
                self.line = None;
                Vec::new()
            }
        }
    }
}
