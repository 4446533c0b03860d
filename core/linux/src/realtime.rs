//! Time for the election, before everything else on the machine.
#![allow(unsafe_code, reason = "scheduling classes have no safe wrapper")]

use std::io;
use std::time::Duration;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::sys;

/// Bytes of its stack that the thread has in memory from the beginning. Elections use less.
const STACK: usize = 256 << 10;

/// Lowest and highest priority of SCHED_RR.
pub const PRIORITIES: std::ops::RangeInclusive<u8> = 1..=99;

/// Puts the calling thread into SCHED_RR with `priority`, its children excepted. The kernel ends the process when it
/// runs so for longer than `limit` without a wait; never when there is none. Its stack is in memory from then on.
///
/// # Errors
/// In words, with the cure. The thread then runs on as it did.
pub fn enter(priority: u8, limit: Option<Duration>) -> Result<(), String> {
    if !PRIORITIES.contains(&priority) {
        let (low, high) = (PRIORITIES.start(), PRIORITIES.end());
        return Err(format!(
            "cannot run with real-time priority {priority}: it must be {low} to {high}"
        ));
    }
    touch_stack();
    limit_stretch(limit).map_err(|error| {
        let words = sys::words(&error);
        format!("cannot set the limit of real-time CPU time: {words}")
    })?;
    schedule(libc::SCHED_RR, priority).map_err(|error| {
        let words = sys::words(&error);
        format!(
            "cannot run with real-time priority {priority}: {words}; needs CAP_SYS_NICE or LimitRTPRIO, and a cgroup \
             with real-time budget"
        )
    })
}

/// Puts the calling thread back among all others.
///
/// # Errors
/// In words.
pub fn leave() -> Result<(), String> {
    schedule(libc::SCHED_OTHER, 0).map_err(|error| format!("cannot leave real time: {}", sys::words(&error)))
}

/// Only the soft limit is moved, so that it can be lifted again without CAP_SYS_RESOURCE.
fn limit_stretch(limit: Option<Duration>) -> io::Result<()> {
    let maximum = getrlimit(Resource::Rttime).maximum;
    let set = |current, maximum| setrlimit(Resource::Rttime, Rlimit { current, maximum });
    let wanted = limit.map(|limit| u64::try_from(limit.as_micros()).unwrap_or(u64::MAX));
    let within = match (wanted, maximum) {
        (Some(wanted), Some(maximum)) => Some(wanted.min(maximum)),
        (None, maximum) => maximum,
        (wanted, None) => wanted,
    };
    if wanted.is_none() && set(None, None).is_ok() {
        return Ok(());
    }
    // Up to the hard limit when that is all we may; a thread that sleeps between adverts does not come near it.
    Ok(set(within, maximum)?)
}

/// Keeps all memory of the process in RAM, now and later, as it is touched.
///
/// # Errors
/// In words, with the cure.
pub fn lock_memory() -> Result<(), String> {
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE;
    // ONFAULT (Linux 4.4) spares the memory that is reserved and never used, as that of thread stacks.
    mlockall(all | MlockAllFlags::ONFAULT)
        .or_else(|_| mlockall(all))
        .map_err(|error| {
            let words = sys::words(&error.into());
            format!("cannot lock memory: {words}; needs CAP_IPC_LOCK or LimitMEMLOCK=infinity")
        })
}

/// A page of the stack that is used for the first time in a takeover must not be looked for then.
#[inline(never)]
fn touch_stack() {
    let mut stack = [0u8; STACK];
    std::hint::black_box(&mut stack);
}

fn schedule(policy: libc::c_int, priority: u8) -> io::Result<()> {
    // JUSTIFICATION: sched_param has private fields on some targets, so that it cannot be written as a literal.
    // SAFETY: it is plain numbers; all zeroes is a valid value.
    let mut param: libc::sched_param = unsafe { std::mem::zeroed() };
    param.sched_priority = priority.into();
    let policy = policy | libc::SCHED_RESET_ON_FORK;
    // JUSTIFICATION: rustix has no scheduling classes.
    // SAFETY: the pointer is to a live sched_param; 0 names the calling thread.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const param) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
