//! The election's own event loop: epoll for sockets, a timer with nanoseconds, and a door bell.
//!
//! tokio's timer counts milliseconds, which is too coarse for adverts each 10 ms, and its tasks share a thread with
//! others; here nothing but the election runs.

use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use model::time::Instant;
use rustix::buffer::spare_capacity;
use rustix::event::{EventfdFlags, epoll, eventfd};
use rustix::io::{Errno, read, write};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use crate::clock;

/// Says which socket is ready. Chosen by the caller of [`Reactor::add`].
pub type Token = u64;

/// Kept for the reactor's own descriptors.
const WAKE: Token = u64::MAX;
const TIMER: Token = u64::MAX - 1;

/// Events taken from the kernel in one turn; what is left is taken in the next one.
const BATCH: usize = 128;

/// What one turn of the loop found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ready {
    /// A [`Waker`] rang, once or more often.
    pub woken: bool,
    /// The deadline has passed, or one that was put off. It is cleared by this.
    pub timed_out: bool,
    /// Sockets that can be read, or that have an error to tell.
    pub tokens: Vec<Token>,
}

/// Wakes a [`Reactor`] from any thread.
#[derive(Clone, Debug)]
pub struct Waker(Arc<OwnedFd>);

impl Waker {
    /// Makes the current or next [`Reactor::wait`] return. Never blocks.
    pub fn wake(&self) {
        // A full counter (EAGAIN) means that it is going to wake anyway; there is no other error.
        let _ = write(&*self.0, &1u64.to_ne_bytes());
    }
}

/// The event loop's waiting place.
pub struct Reactor {
    epoll: OwnedFd,
    timer: OwnedFd,
    bell: Arc<OwnedFd>,
    /// What the timer is set to.
    armed: Option<Instant>,
    events: Vec<epoll::Event>,
    ready: Ready,
}

impl Reactor {
    /// A reactor and its door bell.
    ///
    /// # Errors
    /// When the process may not open three more descriptors.
    pub fn new() -> io::Result<(Self, Waker)> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let timer = timerfd_create(
            TimerfdClockId::Monotonic,
            TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK,
        )?;
        let bell = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        epoll::add(
            &epoll,
            &timer,
            epoll::EventData::new_u64(TIMER),
            epoll::EventFlags::IN,
        )?;
        epoll::add(
            &epoll,
            &*bell,
            epoll::EventData::new_u64(WAKE),
            epoll::EventFlags::IN,
        )?;
        let reactor = Self {
            epoll,
            timer,
            bell: Arc::clone(&bell),
            armed: None,
            events: Vec::with_capacity(BATCH),
            ready: Ready::default(),
        };
        Ok((reactor, Waker(bell)))
    }

    /// Watches a descriptor for input. `token` comes back in [`Ready::tokens`]; the two highest values are taken.
    ///
    /// # Errors
    /// When it is watched already, or cannot be.
    pub fn add(&self, fd: BorrowedFd<'_>, token: Token) -> io::Result<()> {
        debug_assert!(token < TIMER, "token is one of the reactor's own");
        epoll::add(
            &self.epoll,
            fd,
            epoll::EventData::new_u64(token),
            epoll::EventFlags::IN,
        )?;
        Ok(())
    }

    /// Watches a descriptor no more. Must come before it is closed when it has duplicates.
    ///
    /// # Errors
    /// When it was not watched.
    pub fn remove(&self, fd: BorrowedFd<'_>) -> io::Result<()> {
        epoll::delete(&self.epoll, fd)?;
        Ok(())
    }

    /// Sets the instant at which [`wait`](Self::wait) returns at the latest. One in the past makes it return at once.
    ///
    /// A later one than before does not reach the kernel: each advert that is heard puts a deadline off, and one turn
    /// of the loop for nothing is cheaper than all these calls.
    ///
    /// # Errors
    /// Never, as far as the kernel's manual goes.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        let early_enough = |armed: Instant| deadline.is_none_or(|at| armed <= at);
        if deadline == self.armed || self.armed.is_some_and(early_enough) {
            return Ok(());
        }
        let zero = Timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // Zero would disarm the timer.
        let it_value = deadline.map_or(zero, |at| clock::timespec(at.max(Instant::from_nanos(1))));
        let setting = Itimerspec {
            it_interval: zero,
            it_value,
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &setting)?;
        self.armed = deadline;
        Ok(())
    }

    /// Waits for input, a ring or the deadline. An interrupting signal counts as a turn that found nothing.
    ///
    /// # Errors
    /// When epoll fails, which is a mistake in the caller's descriptors.
    pub fn wait(&mut self) -> io::Result<&Ready> {
        self.ready.woken = false;
        self.ready.timed_out = false;
        self.ready.tokens.clear();
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), None) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        for event in &self.events {
            match event.data.u64() {
                WAKE => self.ready.woken = drained(self.bell.as_fd()),
                TIMER => {
                    // False when the deadline was moved between the expiry and this read.
                    self.ready.timed_out = drained(self.timer.as_fd());
                    if self.ready.timed_out {
                        self.armed = None;
                    }
                }
                token => self.ready.tokens.push(token),
            }
        }
        Ok(&self.ready)
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor")
            .field("epoll", &self.epoll)
            .field("armed", &self.armed)
            .finish()
    }
}

/// Takes the count out of an eventfd or a timerfd: was there one?
fn drained(fd: BorrowedFd<'_>) -> bool {
    let mut count = [0; 8];
    read(fd, &mut count).is_ok()
}
