//! What a process costs, as /proc tells it.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};
use lab::process::children;

/// Memory of a process and all below it, shared pages by share, in KiB (proc_pid_smaps_rollup(5)).
pub(super) fn memory_of_all(pid: i32) -> Result<f64> {
    let below: Result<Vec<f64>> = children(pid).into_iter().map(memory_of_all).collect();
    Ok(memory(&pid.to_string())? + below?.iter().sum::<f64>())
}

/// The same of one process; `self` is this one.
pub(super) fn memory(pid: &str) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .context("no Pss in smaps_rollup")
}

/// Processor time of this process' threads whose name begins so (the first field of /proc/PID/task/TID/schedstat).
pub(super) fn spent(name: &str) -> Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir("/proc/self/task")? {
        let thread = thread?.path();
        // One that ended meanwhile is none of those that are asked for.
        let Ok(comm) = fs::read_to_string(thread.join("comm")) else {
            continue;
        };
        if comm.starts_with(name) {
            let text = fs::read_to_string(thread.join("schedstat"))?;
            let first = text
                .split_whitespace()
                .next()
                .and_then(|number| number.parse::<u64>().ok());
            nanoseconds += first.context("no number in schedstat")?;
        }
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// Threads of a platform that run plugins. Those that load have other names.
pub(super) const PLUGINS: [&str; 2] = ["plugin-0", "plugin-1"];

/// Processor time of the threads that run plugins.
pub(super) fn spent_by_plugins() -> Result<Duration> {
    PLUGINS.iter().map(|name| spent(name)).sum()
}
