//! A fresh kernel for a script, and the figures that it prints.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use linux::uml::Boot;

use crate::settings::Settings;

/// Figures by name: lines `took NAME NUMBER` of the guest.
pub(crate) type Figures = BTreeMap<String, f64>;

const DEADLINE: Duration = Duration::from_secs(600);

/// Runs a script in a fresh kernel. It finds this program as `$BENCH`, and what else is named.
pub(crate) fn run(settings: &Settings, script: &str, more: &[(&str, String)]) -> Result<Figures> {
    let mut boot = Boot::new(script);
    boot.deadline = DEADLINE;
    boot.environment = settings.to_environment();
    let program = std::env::current_exe()?.to_string_lossy().into_owned();
    boot.environment.push(("BENCH".to_owned(), program));
    let more = more
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()));
    boot.environment.extend(more);
    let (mut figures, mut lines) = (Figures::new(), Vec::new());
    let code = boot.run(|line| {
        let mut words = line.split_whitespace();
        if let (Some("took"), Some(name), Some(number)) = (words.next(), words.next(), words.next()) {
            figures.extend(number.parse().ok().map(|number| (name.to_owned(), number)));
        }
        lines.push(line.to_owned());
    })?;
    let console = || lines.join("\n");
    ensure!(code == 0, "the guest's script ended with {code}:\n{}", console());
    ensure!(!figures.is_empty(), "no figure from the guest:\n{}", console());
    Ok(figures)
}

/// Each figure's median over the rounds.
pub(crate) fn medians(rounds: usize, mut once: impl FnMut() -> Result<Figures>) -> Result<Figures> {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..rounds.max(1) {
        for (name, number) in once()? {
            all.entry(name).or_default().push(number);
        }
    }
    let median = |mut numbers: Vec<f64>| {
        numbers.sort_by(f64::total_cmp);
        numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Ok(all
        .into_iter()
        .map(|(name, numbers)| (name, median(numbers)))
        .collect())
}

pub(crate) fn figure(figures: &Figures, name: &str) -> f64 {
    figures.get(name).copied().unwrap_or(f64::NAN)
}

/// Compiles the C program of this directory beside this one.
pub(crate) fn compile() -> Result<String> {
    let program = std::env::current_exe()?.with_file_name("bench_ipvs_batch");
    let source = program.with_extension("c");
    std::fs::write(&source, include_str!("batch.c")).context("cannot write the C program")?;
    let compiled = Command::new("cc")
        .args(["-O2", "-o"])
        .args([&program, &source])
        .status();
    let compiled = compiled.context("cannot run cc; install it with `apt install gcc libc6-dev`")?;
    ensure!(compiled.success(), "cc: {compiled}");
    Ok(program.to_string_lossy().into_owned())
}

/// A program of the same build.
pub(crate) fn beside(name: &str) -> Result<String> {
    let path: PathBuf = std::env::current_exe()?.with_file_name(name);
    ensure!(
        path.is_file(),
        "{} is not built; build the packages daemon and ipvs alike",
        path.display()
    );
    Ok(path.to_string_lossy().into_owned())
}
