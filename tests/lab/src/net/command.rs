//! Programs in namespaces.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

pub(super) fn in_namespace(namespace: &str, program: &Path) -> Command {
    // Not by `ip netns exec`, which changes mounts, and so fails in a chroot.
    let mut command = Command::new("nsenter");
    command
        .arg(format!("--net=/run/netns/{namespace}"))
        .arg("--")
        .arg(program)
        .process_group(0);
    command
}

pub(super) fn ip_in(namespace: &str, arguments: &[&str]) -> Command {
    let mut command = in_namespace(namespace, Path::new("ip"));
    command.args(arguments);
    command
}

pub(super) fn processes_in(namespace: &str) -> Vec<i32> {
    let output = Command::new("ip")
        .args(["netns", "pids", namespace])
        .stderr(Stdio::null())
        .output();
    let text = output
        .map(|o| String::from_utf8_lossy(&o.stdout).into_owned())
        .unwrap_or_default();
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

pub(super) fn ip(arguments: &[&str]) -> Result<()> {
    run(Command::new("ip").args(arguments))
}

pub(super) fn batch(namespace: &str, lines: &str) -> Result<()> {
    for line in lines.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        run(&mut ip_in(namespace, &words))?;
    }
    Ok(())
}

pub(super) fn run(command: &mut Command) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
