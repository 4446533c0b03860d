//! Runs commands for the other two. The worker gets only what is granted; the router speaks for the operator.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use linux::process::{Child, Output, Pid, Signal, Spawn, kill_group};
use model::ids::ExecId;
use model::link::{ExecOutcome, ExecRequest, FromGuardian};
use model::plan::ExecGrant;
use model::time::Instant;

use super::station::Role;

#[cfg(test)]
mod tests;

/// Commands that run at once. One more is refused: something is stuck.
const JOBS_MAX: usize = 512;
/// From the polite signal to the other one.
pub(super) const KILL_AFTER: Duration = Duration::from_secs(2);
/// Output kept of one command, whatever is asked.
const OUTPUT_MAX: usize = 64 << 10;

#[derive(Default)]
pub(super) struct Broker {
    granted: Vec<ExecGrant>,
    /// Variables that no command gets.
    hidden: Vec<String>,
    /// By process number.
    jobs: BTreeMap<i32, Job>,
}

struct Job {
    role: Role,
    /// Nobody when whoever asked has died: its successor counts from 1 again, and must not get this answer.
    asked: Option<ExecId>,
    /// The named pipe that it reads.
    reads: Option<PathBuf>,
    child: Child,
    pipe: File,
    stdout: Vec<u8>,
    output_max: usize,
    /// Nobody holds the writing end any more.
    is_over: bool,
    started: Instant,
    /// When it is told to end, then when it is made to.
    deadline: Instant,
    timed_out: bool,
}

impl Broker {
    pub(super) fn handle_grants(&mut self, commands: Vec<ExecGrant>, hidden: Vec<String>) {
        self.granted = commands;
        self.hidden = hidden;
    }

    /// Starts a command, or says why not.
    pub(super) fn handle_request(
        &mut self,
        role: Role,
        request: ExecRequest,
        now: Instant,
    ) -> Option<FromGuardian> {
        let id = request.id;
        self.start(role, request, now)
            .err()
            .map(|refused| FromGuardian::Done {
                id,
                result: Err(refused),
            })
    }

    fn start(&mut self, role: Role, request: ExecRequest, now: Instant) -> Result<(), String> {
        let program = request.argv.first().ok_or("an empty command")?.clone();
        let user = match role {
            Role::Router => request.user.clone(),
            Role::Worker => granted(&self.granted, &request.argv)
                .ok_or_else(|| format!("{program} is not granted with these arguments"))?
                .user
                .clone(),
        };
        if self.jobs.len() >= JOBS_MAX {
            return Err(format!("{JOBS_MAX} commands are running already"));
        }
        let (read, write) =
            rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).map_err(|e| e.to_string())?;
        rustix::io::ioctl_fionbio(&read, true).map_err(|error| error.to_string())?;
        let child = linux::process::spawn(Spawn {
            args: request
                .argv
                .get(1..)
                .unwrap_or_default()
                .iter()
                .map(OsString::from)
                .collect(),
            user: user
                .map(|(user, group)| resolve(&user, group.as_deref()))
                .transpose()?,
            hidden: self.hidden.iter().map(OsString::from).collect(),
            new_group: true,
            stdout: Output::To(write),
            ..Spawn::new(search(&program).ok_or_else(|| format!("cannot run {program}: no such program"))?)
        })
        .map_err(|error| format!("cannot run {program}: {error}"))?;
        let job = Job {
            role,
            asked: Some(request.id),
            reads: request.reads,
            child,
            pipe: File::from(read),
            stdout: Vec::new(),
            output_max: OUTPUT_MAX.min(request.output_max as usize),
            is_over: false,
            started: now,
            deadline: now + request.timeout,
            timed_out: false,
        };
        self.jobs.insert(job.child.pid.as_raw_nonzero().get(), job);
        Ok(())
    }

    pub(super) fn pipes(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.jobs
            .values()
            .filter(|job| !job.is_over)
            .map(|job| job.pipe.as_fd())
    }

    pub(super) fn read_pipes(&mut self) {
        for job in self.jobs.values_mut() {
            job.read();
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.jobs.values().map(|job| job.deadline).min()
    }

    /// Ends what is over its time: first politely, then not.
    pub(super) fn handle_deadlines(&mut self, now: Instant) {
        for job in self.jobs.values_mut().filter(|job| job.deadline <= now) {
            if job.timed_out {
                job.signal(Signal::KILL);
                job.deadline = now + KILL_AFTER;
            } else {
                job.signal(Signal::TERM);
                job.timed_out = true;
                job.deadline = now + KILL_AFTER;
            }
        }
    }

    pub(super) fn handle_death(
        &mut self,
        pid: Pid,
        status: ExitStatus,
        now: Instant,
    ) -> Option<(Role, FromGuardian)> {
        let mut job = self.jobs.remove(&pid.as_raw_nonzero().get())?;
        job.read();
        if job.timed_out {
            // Whatever it started goes with it.
            job.signal(Signal::KILL);
        }
        let outcome = ExecOutcome {
            code: status.code(),
            signal: status.signal(),
            timed_out: job.timed_out,
            stdout: job.stdout,
            took: now.since(job.started),
        };
        Some((
            job.role,
            FromGuardian::Done {
                id: job.asked?,
                result: Ok(outcome),
            },
        ))
    }

    /// Whoever asked is dead: nobody is answered. What the worker asked for is ended; what the router asked for are
    /// the operator's own commands, which run to their end. Only readers of named pipes do not: the next router starts
    /// its own, and of two readers each would get a part.
    pub(super) fn handle_loss(&mut self, of: Role, now: Instant) {
        for job in self.jobs.values_mut().filter(|job| job.role == of) {
            job.asked = None;
            match of {
                Role::Router if job.reads.is_some() => job.deadline = now,
                Role::Router => {}
                Role::Worker => job.signal(Signal::KILL),
            }
        }
    }

    /// Ends the readers of a named pipe, politely at first.
    pub(super) fn end_readers(&mut self, of: &Path, now: Instant) {
        for job in self.jobs.values_mut() {
            if job.reads.as_deref() == Some(of) {
                job.deadline = now;
            }
        }
    }

    /// Whether somebody still reads a named pipe.
    pub(super) fn has_readers(&self) -> bool {
        self.jobs.values().any(|job| job.reads.is_some())
    }

    /// Whether nothing runs.
    pub(super) fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    pub(super) fn kill_all(&mut self) {
        for job in self.jobs.values() {
            job.signal(Signal::KILL);
        }
    }
}

impl Job {
    /// Reaches it and all it started.
    fn signal(&self, signal: Signal) {
        if let Err(error) = kill_group(self.child.pid, signal) {
            tracing::warn!(%error, "cannot end a command");
        }
    }

    /// Takes what is there; keeps the beginning and drops the rest, so that the command never waits for us.
    fn read(&mut self) {
        let mut buffer = [0; 4096];
        while !self.is_over {
            match self.pipe.read(&mut buffer) {
                Ok(0) => self.is_over = true,
                Ok(length) => {
                    let room = self.output_max.saturating_sub(self.stdout.len()).min(length);
                    self.stdout
                        .extend_from_slice(buffer.get(..room).unwrap_or_default());
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}

/// The grant under which this command may run.
fn granted<'a>(grants: &'a [ExecGrant], argv: &[String]) -> Option<&'a ExecGrant> {
    grants.iter().find(|grant| {
        if grant.any_arguments {
            argv.starts_with(&grant.argv) && !grant.argv.is_empty()
        } else {
            argv == grant.argv
        }
    })
}

/// Where a program is: an absolute path as it stands, a bare name as found in the usual places.
fn search(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program));
    }
    [
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
    ]
    .iter()
    .map(|directory| PathBuf::from(directory).join(program))
    .find(|path| path.is_file())
}

pub(super) fn resolve(user: &str, group: Option<&str>) -> Result<(u32, u32), String> {
    let (uid, own_gid) = linux::process::lookup_user(user)
        .ok_or_else(|| format!("there is no user {user}; create it or name another"))?;
    let gid = match group {
        None => own_gid,
        Some(group) => linux::process::lookup_group(group)
            .ok_or_else(|| format!("there is no group {group}; create it or name another"))?,
    };
    Ok((uid, gid))
}
