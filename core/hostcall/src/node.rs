//! What this node is and does: the kernel's word in /proc, and the router's of its instances.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::link::InstanceFacts;
use model::time::Instant;
use rustix::time::{ClockId, clock_gettime};

use crate::error::{Code, Error};
use crate::host::Call;

/// Mean number of runnable tasks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Over one minute.
    pub one: f64,
    /// Over five.
    pub five: f64,
    /// Over fifteen.
    pub fifteen: f64,
}

/// Memory in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// All of it.
    pub total: u64,
    /// What programs could still get without swapping.
    pub available: u64,
}

/// Instances as the router told last; shared by all plugins.
#[derive(Clone, Default)]
pub struct Instances(Arc<Mutex<Arc<Vec<InstanceFacts>>>>);

impl Instances {
    /// These are the instances from now on.
    pub fn set(&self, all: Vec<InstanceFacts>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(all);
    }

    fn get(&self) -> Arc<Vec<InstanceFacts>> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Call {
    /// How busy the machine is.
    pub fn node_load(&self) -> Result<Load, Error> {
        read("/proc/loadavg", load)
    }

    /// How much memory it has.
    pub fn node_memory(&self) -> Result<Memory, Error> {
        read("/proc/meminfo", memory)
    }

    /// How long it has run.
    pub fn node_uptime(&self) -> Result<Duration, Error> {
        read("/proc/uptime", uptime)
    }

    /// All instances, in the order of the configuration.
    pub fn node_instances(&self) -> Arc<Vec<InstanceFacts>> {
        self.host.services.instances.get()
    }
}

/// How long ago an instant of the router was.
pub fn since(instant: Instant) -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    let now = Duration::new(
        u64::try_from(now.tv_sec).unwrap_or(0),
        u32::try_from(now.tv_nsec).unwrap_or(0),
    );
    now.saturating_sub(Duration::from_nanos(instant.as_nanos()))
}

fn read<T>(path: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::from_io(path, &error))?;
    parse(&text).ok_or_else(|| Error::new(Code::Io, format_args!("{path} cannot be understood")))
}

/// `0.10 0.20 0.30 1/200 4711` (proc_loadavg(5)).
fn load(text: &str) -> Option<Load> {
    let mut words = text.split_whitespace().map(str::parse);
    let mut next = || words.next()?.ok();
    Some(Load {
        one: next()?,
        five: next()?,
        fifteen: next()?,
    })
}

/// `MemTotal:  16000000 kB` and so on (proc_meminfo(5)).
fn memory(text: &str) -> Option<Memory> {
    let find = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
        kibibytes.checked_mul(1024)
    };
    Some(Memory {
        total: find("MemTotal")?,
        available: find("MemAvailable")?,
    })
}

/// `350735.47 234388.90` (proc_uptime(5)).
fn uptime(text: &str) -> Option<Duration> {
    let seconds = text.split_whitespace().next()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests;
