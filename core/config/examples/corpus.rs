//! `cargo run -p config --example corpus DIR`: loads every keepalived.conf of a directory and prints what became of
//! it, beside the verdict of `keepalived -t` where DIR has a file `*verdicts*` with `=== FILE` and `exit N` lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use config::{Environment, Severity, load};

fn main() -> std::io::Result<()> {
    let directory = std::env::args()
        .nth(1)
        .map_or_else(|| PathBuf::from("."), PathBuf::from);
    let mut files: Vec<PathBuf> = fs::read_dir(&directory)?
        .filter_map(Result::ok)
        .map(|e| e.path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "conf"));
    files.sort();
    let verdicts = verdicts(&directory)?;
    let env = Environment {
        host_name: "corpus".to_owned(),
        ..Environment::default()
    };
    println!(
        "{:<56} {:>10} {:>6} {:>8}  first error",
        "file", "keepalived", "errors", "warnings"
    );
    for path in &files {
        let loaded = load(std::slice::from_ref(path), &env);
        let (errors, warnings) = loaded.diagnostics.count();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let first = loaded
            .diagnostics
            .iter()
            .find(|d| d.severity() == Severity::Error);
        let first = first.map_or_else(String::new, |d| {
            format!(
                "line {}: {}",
                d.position().map_or(0, |(line, _)| line),
                d.message()
            )
        });
        let verdict = verdicts.get(&*name).map_or("-", String::as_str);
        println!("{name:<56} {verdict:>10} {errors:>6} {warnings:>8}  {first}");
    }
    Ok(())
}

/// By file: what keepalived exited with.
fn verdicts(directory: &Path) -> std::io::Result<BTreeMap<String, String>> {
    let mut verdicts = BTreeMap::new();
    for entry in fs::read_dir(directory)?.filter_map(Result::ok) {
        if !entry.file_name().to_string_lossy().contains("verdicts") {
            continue;
        }
        let text = fs::read_to_string(entry.path())?;
        let mut file = None;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("=== ") {
                file = Some(name.trim().to_owned());
            } else if let (Some(status), Some(name)) = (line.strip_prefix("exit "), file.take()) {
                verdicts.insert(name, status.to_owned());
            }
        }
    }
    Ok(verdicts)
}
