//! Measures us beside Debian's keepalived, on one machine in one run, and prints ratios. `bench [RUNS]`.

mod sample;
mod takeover;

use anyhow::{Context as _, Result};

/// Runs of each contender, unless the command line says otherwise.
const RUNS: usize = 30;

fn main() -> Result<()> {
    let runs = match std::env::args().nth(1) {
        Some(text) => text
            .parse()
            .with_context(|| format!("cannot read `{text}` as a number of runs"))?,
        None => RUNS,
    };
    takeover::measure(runs)
}
