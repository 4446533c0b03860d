//! The walls around plugins: a process that has entered here cannot get more than it has, whatever runs in it.

mod files;
mod syscalls;

use std::fs;

use crate::process::privilege::{self, Capabilities};
use crate::sys;

/// How a worker is to be confined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confinement {
    /// User and group to become when the process is root.
    pub user: Option<(u32, u32)>,
}

/// Confines the calling process for good, and says in words what the kernel could not give (nothing, on Linux 5.19
/// and later): to be logged loudly.
///
/// Afterwards: no capability and none to be gained, no file written, no program run, no process made, no other
/// process touched, no sockets but of unix, IPv4 and IPv6 streams and datagrams. Files are read as far as the user
/// may; threads, timers and executable memory stay possible.
///
/// # Errors
/// When there is more than one thread already, or privileges cannot be given up. The process must not go on then.
pub fn confine_worker(how: &Confinement) -> Result<Vec<String>, String> {
    if threads() != Some(1) {
        return Err(String::from(
            "cannot confine the worker: it has more than one thread already",
        ));
    }
    let user = how.user.filter(|_| rustix::process::geteuid().is_root());
    let failed = |what: &str, error: std::io::Error| {
        format!("cannot confine the worker: {what}: {}", sys::words(&error))
    };
    privilege::drop_to(user, Capabilities::empty())
        .map_err(|error| failed("privileges cannot be given up", error))?;
    privilege::no_new_privs().map_err(|error| failed("no_new_privs cannot be set", error))?;
    let mut missing = Vec::new();
    let files = files::restrict();
    missing.extend(files.as_ref().err().cloned());
    missing.extend(syscalls::restrict(files.is_err()).err());
    Ok(missing)
}

/// Threads of this process; `None` when /proc does not tell.
fn threads() -> Option<usize> {
    Some(fs::read_dir("/proc/self/task").ok()?.count())
}
