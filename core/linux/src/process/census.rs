//! How many processes of a kind run on this machine.
//!
//! /proc is read through at intervals; the end of a process that was counted is told at once, through its pidfd. The
//! kernel's process connector would tell beginnings at once as well, but it speaks to the initial namespaces only, so
//! that it is silent in every container.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use model::plan::{ArgumentMatch, ProcessPattern};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// Length of a process's name in the kernel (TASK_COMM_LEN without its end, linux/sched.h).
const COMM_MAX: usize = 15;
/// Most processes whose end is told at once; that of others is seen at the next reading.
const PIDFDS_MAX: usize = 256;

/// Counts processes.
#[derive(Debug, Default)]
pub struct Census {
    /// Of processes that were counted.
    counted: BTreeMap<u32, OwnedFd>,
}

impl Census {
    /// How many processes of each kind there are. Zombies are none.
    ///
    /// # Errors
    /// When /proc cannot be read.
    pub fn count(&mut self, patterns: &[ProcessPattern]) -> io::Result<BTreeMap<ProcessPattern, u32>> {
        let mut counts: BTreeMap<ProcessPattern, u32> =
            patterns.iter().map(|pattern| (pattern.clone(), 0)).collect();
        let mut before = std::mem::take(&mut self.counted);
        for entry in fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
                continue;
            };
            // Who ended since is none.
            let Some(process) = Process::read(pid) else {
                continue;
            };
            let mut is_counted = false;
            for (pattern, count) in &mut counts {
                if process.fits(pattern) {
                    *count += 1;
                    is_counted = true;
                }
            }
            if is_counted && self.counted.len() < PIDFDS_MAX {
                let known = before.remove(&pid);
                self.counted
                    .extend(known.or_else(|| open(pid)).map(|fd| (pid, fd)));
            }
        }
        Ok(counts)
    }

    /// Waits until a process that was counted ends, but no longer than `at_most`.
    ///
    /// # Errors
    /// When the kernel cannot be asked.
    pub fn wait(&self, at_most: Duration) -> io::Result<()> {
        let mut ends: Vec<PollFd<'_>> = self
            .counted
            .values()
            .map(|fd| PollFd::new(fd, PollFlags::IN))
            .collect();
        let at_most = Timespec::try_from(at_most).map_err(io::Error::other)?;
        match poll(&mut ends, Some(&at_most)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn open(pid: u32) -> Option<OwnedFd> {
    let pid = Pid::from_raw(i32::try_from(pid).ok()?)?;
    pidfd_open(pid, PidfdFlags::empty()).ok()
}

/// A process as /proc shows it.
struct Process {
    pid: u32,
    comm: Vec<u8>,
}

impl Process {
    /// `None` when it has ended, be it unmourned.
    fn read(pid: u32) -> Option<Self> {
        let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
        let (comm, state) = comm_and_state(&stat)?;
        let runs = !matches!(state, b'Z' | b'X');
        runs.then(|| Self {
            pid,
            comm: comm.to_vec(),
        })
    }

    fn fits(&self, pattern: &ProcessPattern) -> bool {
        let command = pattern.command.as_bytes();
        if pattern.arguments.is_none() && !command.contains(&b'/') {
            return self.comm == command.get(..COMM_MAX).unwrap_or(command);
        }
        let Ok(line) = fs::read(format!("/proc/{}/cmdline", self.pid)) else {
            return false;
        };
        line_fits(&line, pattern)
    }
}

/// Name and state of `pid (name) state ...` (proc_pid_stat(5)). The name may have anything in it, brackets too.
fn comm_and_state(stat: &[u8]) -> Option<(&[u8], u8)> {
    let begin = stat.iter().position(|byte| *byte == b'(')? + 1;
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let state = *stat.get(end + 2)?;
    Some((stat.get(begin..end)?, state))
}

/// Whether a command line, its words ended by zeros, is one of those wanted.
fn line_fits(line: &[u8], pattern: &ProcessPattern) -> bool {
    let mut words = line.strip_suffix(&[0]).unwrap_or(line).split(|byte| *byte == 0);
    let Some(first) = words.next() else { return false };
    let own = if pattern.command.contains('/') {
        first
    } else {
        first.rsplit(|byte| *byte == b'/').next().unwrap_or(first)
    };
    if own != pattern.command.as_bytes() {
        return false;
    }
    let Some(wanted) = &pattern.arguments else {
        return true;
    };
    let found: Vec<&[u8]> = words.collect();
    let same = |(at, wanted): (usize, &String)| {
        let is_last = at + 1 == pattern.arguments.as_ref().map_or(0, Vec::len);
        found.get(at).is_some_and(|found| match pattern.matching {
            ArgumentMatch::Partial if is_last => found.starts_with(wanted.as_bytes()),
            ArgumentMatch::Exact | ArgumentMatch::Initial | ArgumentMatch::Partial => {
                *found == wanted.as_bytes()
            }
        })
    };
    let is_whole = found.len() == wanted.len() || pattern.matching != ArgumentMatch::Exact;
    is_whole && wanted.iter().enumerate().all(same)
}

#[cfg(test)]
mod tests;
