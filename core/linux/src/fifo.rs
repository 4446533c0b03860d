//! Named pipes (fifo(7)).

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Uid, fchown, fstat, mkfifoat, open, openat, unlinkat,
};
use rustix::io::Errno;

use crate::sys;

/// Makes a named pipe where there is none, gives it to `owner` (user and group) and opens it for writing. It is open
/// for reading too, so that it outlives its readers.
///
/// # Errors
/// In words. Something else that has the name is refused, and so is a pipe that somebody else put there: he would
/// read what is written. In a directory where nobody else can have put it, it is one that was given away before a crash,
/// and is made anew.
pub fn open_owned(path: &Path, owner: Option<(u32, u32)>) -> Result<OwnedFd, String> {
    let place = Place::open(path)?;
    let own = rustix::process::geteuid().as_raw();
    let is_theirs = |user: u32| user != own && Some(user) != owner.map(|(user, _)| user);
    let (mut pipe, mut user) = place.make()?;
    if is_theirs(user) && place.is_ours_alone(own)? {
        unlinkat(&place.directory, place.name, AtFlags::empty())
            .map_err(|error| place.cannot("remove", error))?;
        (pipe, user) = place.make()?;
    }
    if is_theirs(user) {
        return Err(format!(
            "{} belongs to user {user}, who would read it; remove it",
            path.display(),
        ));
    }
    if let Some((user, group)) = owner {
        fchown(&pipe, Some(Uid::from_raw(user)), Some(Gid::from_raw(group)))
            .map_err(|error| place.cannot("give away", error))?;
    }
    Ok(pipe)
}

/// Where a pipe is. Its directory stays the same whatever becomes of the path.
struct Place<'a> {
    path: &'a Path,
    directory: OwnedFd,
    name: &'a OsStr,
}

impl<'a> Place<'a> {
    fn open(path: &'a Path) -> Result<Self, String> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = open(parent.unwrap_or(Path::new(".")), flags, Mode::empty());
        Ok(Self {
            path,
            directory: directory.map_err(|error| cannot("make", path, error))?,
            name: path
                .file_name()
                .ok_or_else(|| cannot("make", path, Errno::ISDIR))?,
        })
    }

    /// Makes it where there is none, and opens it. With whose it is.
    fn make(&self) -> Result<(OwnedFd, u32), String> {
        match mkfifoat(&self.directory, self.name, Mode::RUSR | Mode::WUSR) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(self.cannot("make", error)),
        }
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let opened = openat(&self.directory, self.name, flags, Mode::empty());
        let pipe = opened.map_err(|error| self.cannot("open", error))?;
        let found = fstat(&pipe).map_err(|error| self.cannot("look at", error))?;
        if FileType::from_raw_mode(found.st_mode) != FileType::Fifo {
            return Err(format!("{} is no named pipe; remove it", self.path.display()));
        }
        Ok((pipe, found.st_uid))
    }

    /// Whether nobody but root and this user can have put something there.
    fn is_ours_alone(&self, own: u32) -> Result<bool, String> {
        let found = fstat(&self.directory).map_err(|error| self.cannot("look at", error))?;
        let others = Mode::from_raw_mode(found.st_mode) & (Mode::WGRP | Mode::WOTH);
        Ok([0, own].contains(&found.st_uid) && others.is_empty())
    }

    fn cannot(&self, what: &str, error: Errno) -> String {
        cannot(what, self.path, error)
    }
}

fn cannot(what: &str, path: &Path, error: Errno) -> String {
    let words = sys::words(&io::Error::from(error));
    format!("cannot {what} {}: {words}", path.display())
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

#[cfg(test)]
mod tests;
