//! Nice values and processors of threads.

use std::fs;
use std::io;

use model::plan::Share;
use rustix::io::Errno;
use rustix::process::{Pid, getpriority_process, setpriority_process};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::sys;

/// What a thread was born with, for the time when nothing else is wanted any more.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    nice: i32,
    processors: CpuSet,
}

impl Usual {
    /// Of the calling thread.
    ///
    /// # Errors
    /// When the kernel does not tell.
    pub fn of_this_thread() -> io::Result<Self> {
        Ok(Self {
            nice: getpriority_process(None)?,
            processors: sched_getaffinity(None)?,
        })
    }

    /// Gives the calling thread its share.
    ///
    /// # Errors
    /// Each thing that is refused, in words, with the cure. The others are given all the same.
    pub fn give_this_thread(&self, share: &Share) -> Result<(), String> {
        self.give(None, share)
    }

    /// Gives all threads of a process their share, and so those that they start.
    ///
    /// # Errors
    /// As for one thread.
    pub fn give_process(&self, process: Pid, share: &Share) -> Result<(), String> {
        let mut refused = Ok(());
        // A process that has ended needs none.
        let threads = fs::read_dir(format!("/proc/{}/task", process.as_raw_nonzero())).into_iter();
        for entry in threads.flatten().flatten() {
            let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if let Some(thread) = id.and_then(Pid::from_raw) {
                refused = self.give(Some(thread), share).and(refused);
            }
        }
        refused
    }

    /// The kernel takes both calls for one thread, whatever their manuals say of processes.
    fn give(&self, thread: Option<Pid>, share: &Share) -> Result<(), String> {
        let nice = share.nice.map_or(self.nice, i32::from);
        let nice = found(setpriority_process(thread, nice)).map_err(|error| {
            format!("cannot have nice value {nice}: {error}; needs CAP_SYS_NICE or LimitNICE")
        });
        let mut processors = self.processors;
        if !share.processors.is_empty() {
            processors.clear();
        }
        let wanted = share.processors.iter().map(|number| usize::from(*number));
        wanted
            .clone()
            .filter(|number| *number < CpuSet::MAX_CPU)
            .for_each(|number| processors.set(number));
        let processors = found(sched_setaffinity(thread, &processors)).map_err(|error| {
            let list: Vec<String> = wanted.map(|number| number.to_string()).collect();
            let list = list.join(", ");
            format!("cannot run on processors {list}: {error}; `nproc --all` says how many there are")
        });
        match (nice, processors) {
            (Err(nice), Err(processors)) => Err(format!("{nice}; {processors}")),
            (nice, processors) => nice.and(processors),
        }
    }
}

/// Who ended meanwhile needs nothing.
fn found(result: rustix::io::Result<()>) -> Result<(), String> {
    match result {
        Ok(()) | Err(Errno::SRCH) => Ok(()),
        Err(error) => Err(sys::words(&error.into())),
    }
}
