//! Text for whoever reads our standard error. They may be gone, asleep, or on a disk that is full: text that they do not
//! take is lost and counted, for nothing of ours may wait for it or end with it.

use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, write};

/// What a pipe with room takes without a wait: `PIPE_BUF` (pipe(7)). A stream socket with room takes more.
const PIECE: usize = 4096;

/// The way out. Texts of several threads do not mix.
#[derive(Debug, Default)]
pub struct Outlet {
    /// Texts that nobody took since the last one that somebody took.
    lost: Mutex<u64>,
}

impl Outlet {
    /// One that has lost nothing.
    pub const fn new() -> Self {
        Self { lost: Mutex::new(0) }
    }

    /// Writes a text, or loses it. After a loss, and once there is room again, `notice` puts into words how many were lost.
    pub fn say(&self, to: impl AsFd, text: &[u8], notice: impl FnOnce(u64) -> String) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        if *lost > 0 && put(&to, notice(*lost).as_bytes()) {
            *lost = 0;
        }
        if *lost > 0 || !put(&to, text) {
            *lost += 1;
        }
    }
}

/// Whether all of it was taken.
fn put(to: &impl AsFd, mut text: &[u8]) -> bool {
    while !text.is_empty() {
        if !has_room(to) {
            return false;
        }
        let piece = text.get(..PIECE).unwrap_or(text);
        match write(to, piece) {
            Ok(0) => return false,
            Ok(length) => text = text.get(length..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
    true
}

fn has_room(to: &impl AsFd) -> bool {
    let at_once = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let mut watched = [PollFd::new(to, PollFlags::OUT)];
    let found = rustix::io::retry_on_intr(|| poll(&mut watched, Some(&at_once)));
    found.is_ok() && watched.iter().all(|fd| fd.revents().contains(PollFlags::OUT))
}

#[cfg(test)]
mod tests;
