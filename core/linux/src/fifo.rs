//! Named pipes (fifo(7)).

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Gid, Mode, OFlags, Uid, fchown, fstat, mkfifoat, open};
use rustix::io::Errno;

use crate::sys;

/// Makes a named pipe where there is none, gives it to `owner` (user and group) and opens it for writing. It is open
/// for reading too, so that it outlives its readers.
///
/// # Errors
/// In words. Something else that has the name is refused, and so is a pipe that somebody else put there: he would
/// read what is written.
pub fn open_owned(path: &Path, owner: Option<(u32, u32)>) -> Result<OwnedFd, String> {
    let cannot = |what: &str, error: Errno| {
        let words = sys::words(&io::Error::from(error));
        format!("cannot {what} {}: {words}", path.display())
    };
    match mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(error) => return Err(cannot("make", error)),
    }
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let pipe = open(path, flags, Mode::empty()).map_err(|error| cannot("open", error))?;
    let found = fstat(&pipe).map_err(|error| cannot("look at", error))?;
    if FileType::from_raw_mode(found.st_mode) != FileType::Fifo {
        return Err(format!("{} is no named pipe; remove it", path.display()));
    }
    let own = rustix::process::geteuid().as_raw();
    let is_theirs = found.st_uid != own && Some(found.st_uid) != owner.map(|(user, _)| user);
    if is_theirs {
        return Err(format!(
            "{} belongs to user {}, who would read it; remove it",
            path.display(),
            found.st_uid
        ));
    }
    if let Some((user, group)) = owner {
        fchown(&pipe, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))
            .map_err(|error| cannot("give away", error))?;
    }
    Ok(pipe)
}

/// Writes a line, whole or not at all (it is shorter than PIPE_BUF). False when the pipe is full.
///
/// # Errors
/// When the pipe is broken.
pub fn write(pipe: impl AsFd, line: &[u8]) -> io::Result<bool> {
    match rustix::io::write(pipe, line) {
        Ok(_) => Ok(true),
        Err(Errno::AGAIN) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
