//! Signals as input of an event loop.
#![allow(unsafe_code, reason = "signalfd and signal masks have no safe wrapper")]

use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use rustix::process::Signal;

/// The signals that a guardian lives by.
const WATCHED: [Signal; 6] = [
    Signal::TERM,
    Signal::INT,
    Signal::HUP,
    Signal::CHILD,
    Signal::USR1,
    Signal::USR2,
];

/// Receives SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGUSR1 and SIGUSR2 through a descriptor. They are blocked otherwise, in this thread and
/// those it makes; [`spawn`](super::spawn()) unblocks them for children that are not to keep them so.
#[derive(Debug)]
pub struct Signals {
    fd: OwnedFd,
}

impl Signals {
    /// Blocks the signals and opens the descriptor. To be called before other threads are made.
    ///
    /// # Errors
    /// When the process may not open one more descriptor.
    pub fn open() -> io::Result<Self> {
        let set = set_of(&WATCHED);
        mask(libc::SIG_BLOCK, &set)?;
        // JUSTIFICATION: rustix has no signalfd.
        // SAFETY: the set is a live, initialised sigset_t; -1 asks for a new descriptor.
        let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor is new, and nobody else has it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Self { fd })
    }

    /// The next signal that came; `None` when none did. Never waits. Several SIGCHLD may come as one.
    pub fn next(&self) -> Option<Signal> {
        let mut info = [0u8; size_of::<libc::signalfd_siginfo>()];
        rustix::io::read(&self.fd, &mut info).ok()?;
        let number: [u8; 4] = info.get(..4)?.try_into().ok()?;
        Signal::from_named_raw(i32::try_from(u32::from_ne_bytes(number)).ok()?)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// Unblocks all signals. Between fork and exec: a mask is inherited.
pub(super) fn unblock_all() -> io::Result<()> {
    mask(libc::SIG_SETMASK, &set_of(&[]))
}

fn set_of(signals: &[Signal]) -> libc::sigset_t {
    // JUSTIFICATION: a sigset_t can be made in no other way.
    // SAFETY: it is plain bits; all zeroes is a valid value, which sigemptyset then sets to the empty set.
    let mut set: libc::sigset_t = unsafe { std::mem::zeroed() };
    // SAFETY: the pointer is to a live sigset_t.
    unsafe { libc::sigemptyset(&raw mut set) };
    for signal in signals {
        // SAFETY: the set is initialised, and the number is a signal's.
        unsafe { libc::sigaddset(&raw mut set, signal.as_raw()) };
    }
    set
}

fn mask(how: libc::c_int, set: &libc::sigset_t) -> io::Result<()> {
    // JUSTIFICATION: rustix leaves signal masks to libc.
    // SAFETY: the set is live and initialised; the old mask is not asked for.
    let error = unsafe { libc::pthread_sigmask(how, set, std::ptr::null_mut()) };
    if error == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(error))
    }
}
