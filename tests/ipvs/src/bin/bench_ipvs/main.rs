//! Measures balancing beside Debian's keepalived and beside C, each contender in a fresh kernel (User-Mode Linux) on one
//! machine in one run. Ratios count: absolute figures are the machine's as much as the program's. Nothing here is a gate.
//!
//! `bench_ipvs [TABLE...]`, of `fill`, `change` and `checks`; without a word all of them. Environment: see [`Settings`].
//!
//! Fresh kernels, since deleted servers stay in the kernel for minutes and slow down what is added after them.

#![forbid(unsafe_code)]

use anyhow::{Context, Result, bail};

mod change;
mod checks;
mod fill;
mod guest;
mod rows;
mod settings;

use settings::Settings;

type Table = (&'static str, fn(&Settings) -> Result<()>);

const TABLES: [Table; 3] = [
    ("fill", fill::measure),
    ("change", change::measure),
    ("checks", checks::measure),
];

fn main() -> Result<()> {
    let settings = Settings::from_environment()?;
    let words: Vec<String> = std::env::args().skip(1).collect();
    // What this program does inside the guest.
    if let Some(job) = words.first().and_then(|word| word.strip_prefix("--")) {
        let of = words.get(1).map_or("rr", String::as_str);
        return match job {
            "fill" => fill::ours(&settings, of),
            "watch" => fill::watch(&settings),
            "keepalived-conf" => fill::keepalived_conf(&settings, of),
            "change" => change::inside(&settings),
            other => bail!("there is no job {other}"),
        };
    }
    if let Some(unknown) = words
        .iter()
        .find(|word| !TABLES.iter().any(|(name, _)| name == word))
    {
        bail!("there is no table `{unknown}`; there are fill, change and checks");
    }
    for (name, measure) in TABLES {
        if words.is_empty() || words.iter().any(|word| word == name) {
            measure(&settings).with_context(|| format!("table {name}"))?;
        }
    }
    Ok(())
}
