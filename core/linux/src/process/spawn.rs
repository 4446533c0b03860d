//! Starting a program with exactly what it may have.
#![allow(unsafe_code, reason = "what happens between fork and exec")]

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, getppid, pidfd_open, set_parent_process_death_signal,
};

use super::privilege::{self, Capabilities};
use super::signals;

/// A program to start.
#[derive(Debug)]
pub struct Spawn {
    /// The program; `/proc/self/exe` for ourselves. No search in PATH.
    pub program: PathBuf,
    /// The name it is to find as its own; the program's path when absent.
    pub name: Option<OsString>,
    /// Its arguments, its own name left out.
    pub args: Vec<OsString>,
    /// Variables beside, or instead of, those inherited. IFS and LD_* are never handed on.
    pub environment: Vec<(OsString, OsString)>,
    /// Variables that are not handed on either.
    pub hidden: Vec<OsString>,
    /// Descriptors it gets, and their numbers there (3 or more). All others are closed, as all of ours are closed at
    /// exec.
    pub fds: Vec<(OwnedFd, RawFd)>,
    /// User and group to become, without supplementary groups.
    pub user: Option<(u32, u32)>,
    /// Whether it leads a process group of its own.
    pub new_group: bool,
    /// Whether the signals that we have blocked stay blocked in it: those that are meant for us alone, but reach all
    /// our processes from a terminal or a service manager.
    pub keeps_blocked: bool,
    /// Sent to it when the thread that started it ends.
    pub parent_death_signal: Option<Signal>,
    /// Exactly the capabilities it gets, as far as we have them; `None`: whatever the change of user leaves.
    pub capabilities: Option<Capabilities>,
    /// Where its standard output goes.
    pub stdout: Output,
    /// Where its standard error goes.
    pub stderr: Output,
}

/// Where output goes.
#[derive(Debug)]
pub enum Output {
    /// Nowhere.
    Null,
    /// Where ours goes.
    Inherit,
    /// To this descriptor.
    To(OwnedFd),
}

impl Spawn {
    /// A program with nothing but our user, our output, and an empty standard input.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            name: None,
            args: Vec::new(),
            environment: Vec::new(),
            hidden: Vec::new(),
            fds: Vec::new(),
            user: None,
            new_group: false,
            keeps_blocked: false,
            parent_death_signal: None,
            capabilities: None,
            stdout: Output::Inherit,
            stderr: Output::Inherit,
        }
    }
}

/// A process that was started. Its end is told by [`reap`](super::reap), and makes `pidfd` readable.
#[derive(Debug)]
pub struct Child {
    /// Its number, and its group's when it has one of its own.
    pub pid: Pid,
    /// A descriptor for it; `None` on kernels older than 5.3.
    pub pidfd: Option<OwnedFd>,
}

/// Starts a program.
///
/// # Errors
/// When it cannot be started; this includes a failed exec and a user that we may not become.
pub fn spawn(order: Spawn) -> io::Result<Child> {
    let mut command = Command::new(&order.program);
    command.args(&order.args).stdin(Stdio::null());
    if let Some(name) = order.name {
        command.arg0(name);
    }
    clean_environment(&mut command, &order.hidden);
    command.envs(order.environment);
    command.stdout(stdio(order.stdout)).stderr(stdio(order.stderr));
    if order.new_group {
        command.process_group(0);
    }
    let reserved = reserve(order.fds.iter().map(|(_, target)| *target))?;
    // Above all targets, so that no target closes a source.
    let above = order.fds.iter().map(|(_, target)| target + 1).max().unwrap_or(3);
    let mut moves = Vec::with_capacity(order.fds.len());
    for (fd, target) in &order.fds {
        moves.push((rustix::io::fcntl_dupfd_cloexec(fd, above)?, *target));
    }
    let keeps_blocked = order.keeps_blocked;
    let (user, keep, death_signal) = (order.user, order.capabilities, order.parent_death_signal);
    let parent = getpid();
    let prepare = move || {
        if !keeps_blocked {
            signals::unblock_all()?;
        }
        close_at_exec();
        for (source, target) in &moves {
            // JUSTIFICATION: rustix's dup2 wants to own the target, which does not exist yet.
            // SAFETY: the source is open; the target is reserved for this (see reserve()), and std's own
            // descriptors cannot be at its number.
            if unsafe { libc::dup2(source.as_raw_fd(), *target) } < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        privilege::apply(user, keep)?;
        // A change of user clears it, so that it comes last.
        if let Some(signal) = death_signal {
            set_parent_process_death_signal(Some(signal))?;
            if getppid() != Some(parent) {
                return Err(io::Error::from_raw_os_error(libc::ECANCELED));
            }
        }
        Ok(())
    };
    // JUSTIFICATION: descriptors, capabilities and the death signal can only be set by the child itself.
    // SAFETY: the closure makes system calls on values made before the fork; it neither allocates nor locks.
    unsafe { command.pre_exec(prepare) };
    let child = command.spawn()?;
    drop(reserved);
    let pid = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .expect("the kernel numbers processes from 1");
    Ok(Child {
        pid,
        pidfd: pidfd_open(pid, PidfdFlags::empty()).ok(),
    })
}

/// Takes the numbers that are to be targets and are free, closed at exec: else a descriptor that std opens for its
/// own purposes could land there, and be overwritten.
fn reserve(targets: impl Iterator<Item = RawFd>) -> io::Result<Vec<OwnedFd>> {
    let mut reserved = Vec::new();
    let nothing = File::open("/dev/null")?;
    for target in targets {
        if target < 3 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "descriptors below 3 are standard streams",
            ));
        }
        // The lowest free number from here on: the target itself, or it is in use.
        let fd = rustix::io::fcntl_dupfd_cloexec(&nothing, target)?;
        if fd.as_raw_fd() == target {
            reserved.push(fd);
        }
    }
    Ok(reserved)
}

/// Marks all descriptors but the standard streams, so that those which we inherited ourselves go no further.
fn close_at_exec() {
    // JUSTIFICATION: rustix has no close_range.
    // SAFETY: descriptors are only marked, none is closed. Before Linux 5.11 nothing happens, and only those that
    // others left open for us leak.
    unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3,
            libc::c_uint::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        )
    };
}

fn clean_environment(command: &mut Command, hidden: &[OsString]) {
    for (name, _) in std::env::vars_os() {
        if name == "IFS" || hidden.contains(&name) || name.as_encoded_bytes().starts_with(b"LD_") {
            command.env_remove(name);
        }
    }
}

fn stdio(output: Output) -> Stdio {
    match output {
        Output::Null => Stdio::null(),
        Output::Inherit => Stdio::inherit(),
        Output::To(fd) => fd.into(),
    }
}

/// Takes a descriptor that this process inherited under a number, and has it closed at the next exec.
///
/// # Errors
/// When there is none.
pub fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    // JUSTIFICATION: an inherited descriptor is known by its number only.
    // SAFETY: it is looked at by one system call, which says whether it exists.
    let flags = unsafe { libc::fcntl(number, libc::F_SETFD, libc::FD_CLOEXEC) };
    if flags < 0 {
        return Err(io::Error::last_os_error());
    }
    // JUSTIFICATION: as above.
    // SAFETY: it is open, and who started us gave it to us alone under this number; the caller takes it once.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}
