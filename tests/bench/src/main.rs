//! Measures elections and plugins beside Debian's keepalived, on one machine in one run. Ratios count: absolute figures are the
//! machine's as much as the program's. Nothing here is a gate.
//!
//! `bench [TABLE...]`, of `takeover`, `many`, `cpu`, `load` and `plugins`; without a word all of them. Environment: see
//! [`Settings`].

mod contender;
mod cpu;
mod load;
mod many;
mod plugins;
mod sample;
mod settings;
mod takeover;
mod wire;

use anyhow::{Result, bail};

use settings::Settings;

type Table = (&'static str, fn(&Settings) -> Result<()>);

const TABLES: [Table; 5] = [
    ("takeover", takeover::measure),
    ("many", many::measure),
    ("cpu", cpu::measure),
    ("load", load::measure),
    ("plugins", plugins::measure),
];

fn main() -> Result<()> {
    let settings = Settings::from_environment()?;
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted
        .iter()
        .find(|word| !TABLES.iter().any(|(name, _)| name == word))
    {
        bail!("there is no table `{unknown}`; there are takeover, many, cpu, load and plugins");
    }
    for (name, measure) in TABLES {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            measure(&settings)?;
        }
    }
    Ok(())
}
