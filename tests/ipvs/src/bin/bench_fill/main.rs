//! Fills an empty IPVS table with 1,000 services of 10 real servers each, by our client and by keepalived, each in a
//! fresh kernel (User-Mode Linux), and prints how many times faster ours is. `bench_fill [ROUNDS]`.
//!
//! Fresh kernels, since deleted servers stay in the kernel for minutes and slow down what is added after them. Ours is
//! taken by its own clock, reading the empty table included; keepalived's from its first server in the table to its
//! last, so that its start does not count.

#![forbid(unsafe_code)]

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use linux::uml::Boot;

mod fill;

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("--ours") => fill::ours(),
        Some("--watch") => fill::watch(),
        Some("--keepalived-conf") => fill::keepalived_conf(),
        rounds => compare(
            rounds
                .map_or(Ok(3), str::parse)
                .context("usage: bench_fill [ROUNDS]")?,
        ),
    }
}

fn compare(rounds: usize) -> Result<()> {
    ensure!(rounds > 0, "at least one round");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        let (our, their) = (
            guest(include_str!("ours.sh"))?,
            guest(include_str!("keepalived.sh"))?,
        );
        println!("round {round}: bellwether {our:.1?}, keepalived {their:.1?}");
        ours.push(our);
        theirs.push(their);
    }
    let (ours, theirs) = (median(&mut ours), median(&mut theirs));
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    println!(
        "ipvs fill, 1,000 services of 10 servers, median of {rounds}: {ratio:.1} times as fast as keepalived"
    );
    Ok(())
}

/// Runs a script in a fresh kernel and gives the time that it prints.
fn guest(script: &str) -> Result<Duration> {
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    let mut boot = Boot::new(script);
    boot.environment = vec![("BENCH".to_owned(), program)];
    let (mut took, mut lines) = (None, Vec::new());
    let code = boot.run(|line| {
        let time = line
            .strip_prefix("took ")
            .and_then(|text| text.trim().parse().ok());
        took = took.or(time.map(Duration::from_secs_f64));
        lines.push(line.to_owned());
    })?;
    ensure!(
        code == 0,
        "the guest's script ended with {code}:\n{}",
        lines.join("\n")
    );
    took.with_context(|| format!("no time from the guest:\n{}", lines.join("\n")))
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
