//! Time for the election, before everything else on the machine.
#![allow(unsafe_code, reason = "scheduling classes have no safe wrapper")]

use std::io;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::sys;

/// Bytes of its stack that the thread has in memory from the beginning. Elections use less.
const STACK: usize = 256 << 10;

/// Lowest and highest priority of SCHED_RR.
pub const PRIORITIES: std::ops::RangeInclusive<u8> = 1..=99;

/// Puts the calling thread into SCHED_RR with `priority`, its children excepted, and lifts the limit of CPU time
/// under which the kernel would end it. Its stack is in memory from then on.
///
/// # Errors
/// In words, with the cure. The thread then runs on as it did.
pub fn enter(priority: u8) -> Result<(), String> {
    if !PRIORITIES.contains(&priority) {
        let (low, high) = (PRIORITIES.start(), PRIORITIES.end());
        return Err(format!(
            "cannot run with real-time priority {priority}: it must be {low} to {high}"
        ));
    }
    touch_stack();
    // Up to the hard limit when that is all we may; a thread that sleeps between adverts does not come near it.
    let hard = getrlimit(Resource::Rttime).maximum;
    setrlimit(
        Resource::Rttime,
        Rlimit {
            current: None,
            maximum: None,
        },
    )
    .or_else(|_| {
        setrlimit(
            Resource::Rttime,
            Rlimit {
                current: hard,
                maximum: hard,
            },
        )
    })
    .map_err(|error| {
        format!(
            "cannot lift the limit of real-time CPU time: {}",
            sys::words(&error.into())
        )
    })?;
    schedule(priority).map_err(|error| {
        let words = sys::words(&error);
        format!(
            "cannot run with real-time priority {priority}: {words}; needs CAP_SYS_NICE or LimitRTPRIO, and a cgroup \
             with real-time budget"
        )
    })
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

fn schedule(priority: u8) -> io::Result<()> {
    // JUSTIFICATION: sched_param has private fields on some targets, so that it cannot be written as a literal.
    // SAFETY: it is plain numbers; all zeroes is a valid value.
    let mut param: libc::sched_param = unsafe { std::mem::zeroed() };
    param.sched_priority = priority.into();
    let policy = libc::SCHED_RR | libc::SCHED_RESET_ON_FORK;
    // JUSTIFICATION: rustix has no scheduling classes.
    // SAFETY: the pointer is to a live sched_param; 0 names the calling thread.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const param) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
