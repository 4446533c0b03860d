//! Processes: making them with exactly what they may have, ending them with all their children, and the signals that
//! tell about them.

pub mod census;
pub mod privilege;
pub mod signals;
pub mod spawn;
pub mod users;

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::{WaitOptions, getpid, kill_process_group, set_child_subreaper, wait};

pub use rustix::process::{Pid, Signal};

pub use spawn::{Child, Output, Spawn, spawn};
pub use users::{lookup_group, lookup_user};

/// Sends a signal to a process group. A group that is gone is a success.
///
/// # Errors
/// When one of its processes may not be signalled.
pub fn kill_group(group: Pid, signal: Signal) -> io::Result<()> {
    match kill_process_group(group, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Takes the status of any child that ended, adopted ones too; `None` when none has. Never waits.
pub fn reap() -> Option<(Pid, ExitStatus)> {
    // The only other error is that there are no children (ECHILD).
    let (pid, status) = wait(WaitOptions::NOHANG).ok()??;
    Some((pid, ExitStatus::from_raw(status.as_raw())))
}

/// Makes orphans among our descendants our children, so that none escapes [`reap`].
///
/// # Errors
/// On kernels older than 3.4.
pub fn become_subreaper() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}
