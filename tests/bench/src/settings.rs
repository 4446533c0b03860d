//! How long and how often is measured.

use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// From environment variables, which `make bench` hands on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// RUNS: takeovers of each contender at 10 and at 100 ms.
    pub(crate) runs: usize,
    /// SLOW_RUNS: the same at 1000 ms, where each takes many seconds.
    pub(crate) slow_runs: usize,
    /// MANY_RUNS: takeovers of all instances at once.
    pub(crate) many_runs: usize,
    /// CPU_SECONDS: how long processor time is counted.
    pub(crate) cpu: Duration,
    /// LOAD_SECONDS: how long the machine is kept busy.
    pub(crate) load: Duration,
    /// HOSTILE_SECONDS: how long each hostile plugin has.
    pub(crate) hostile: Duration,
}

impl Settings {
    pub(crate) fn from_environment() -> Result<Self> {
        Ok(Self {
            runs: read("RUNS", 20)?,
            slow_runs: read("SLOW_RUNS", 5)?,
            many_runs: read("MANY_RUNS", 5)?,
            cpu: Duration::from_secs(read("CPU_SECONDS", 20)?),
            load: Duration::from_secs(read("LOAD_SECONDS", 30)?),
            hostile: Duration::from_secs(read("HOSTILE_SECONDS", 3)?),
        })
    }
}

fn read<T: FromStr<Err: Display>>(name: &str, default: T) -> Result<T> {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .ok()
            .with_context(|| format!("cannot read {name}={text} as a number")),
        Err(_) => Ok(default),
    }
}
