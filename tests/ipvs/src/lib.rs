//! IPVS against a real kernel: Debian's User-Mode Linux, booted by each test for itself. What has to run inside is a
//! program of this crate (`ipvs_tool`), or the daemon with a script of `scripts/`.
//!
//! Needs the packages user-mode-linux, kmod, iproute2 and ipvsadm; the daemon's tests also curl, busybox and iptables; the bench
//! also keepalived.

#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::time::Duration;

use linux::uml::Boot;

pub mod random;
pub mod rules;
pub mod world;

/// Boots a guest, runs `script` in it, echoes its console, and returns its lines if the script succeeded.
///
/// # Panics
/// When the guest cannot boot, does not finish in time, or its script fails.
pub fn run_in_guest(script: &str, environment: &[(&str, &str)], deadline: Duration) -> Vec<String> {
    let mut boot = Boot::new(script);
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    boot.environment = environment.iter().map(owned).collect();
    boot.deadline = deadline;
    let mut lines = Vec::new();
    let code = boot.run(|line| {
        println!("guest: {line}");
        lines.push(line.to_owned());
    });
    match code {
        Ok(0) => lines,
        Ok(code) => panic!("the guest's script ended with {code}:\n{}", lines.join("\n")),
        Err(error) => panic!("{error}"),
    }
}

/// The daemon of the same build as the running test.
///
/// # Panics
/// When it was not built.
pub fn daemon_binary() -> PathBuf {
    let test = std::env::current_exe().expect("Linux tells the path of a running program");
    let built = test
        .ancestors()
        .skip(1)
        .map(|directory| directory.join("bellwether"));
    let found = std::env::var_os("BELLWETHER")
        .map(PathBuf::from)
        .into_iter()
        .chain(built)
        .find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!("the daemon is not built; run `cargo build -p daemon --bin bellwether` first, or set BELLWETHER to it")
    })
}
