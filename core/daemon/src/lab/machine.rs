//! The machine for what this kernel cannot do: User-Mode Linux, which runs this same program as its only work.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use linux::uml::Boot;

use super::story::Story;

/// The guest is ended after this long.
const DEADLINE: Duration = Duration::from_secs(90);
/// Lines of its console that an error shows.
const TAIL: usize = 25;
/// Memory of the guest.
const MEMORY_MIB: u32 = 768;

/// What is missing to run it, with the cure.
pub(super) fn missing() -> Option<String> {
    let there = Command::new("linux.uml").arg("--version").output().is_ok();
    (!there).then(|| {
        "the kernel's ip_vs (modprobe ip_vs), or User-Mode Linux: apt-get install user-mode-linux".to_owned()
    })
}

/// Tell the part about balancing from inside. Its rows end up in `story`.
pub(super) fn show_inside(story: &mut Story, program: &Path) -> Result<()> {
    let began = story
        .began()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    let colour = if story.has_colour() { " --colour" } else { "" };
    let (began_ms, acts) = (began.as_millis(), story.acts());
    let script =
        format!("exec \"$BELLWETHER\" lab --part balancing --began-ms {began_ms} --acts {acts}{colour}");
    let environment = vec![("BELLWETHER".to_owned(), program.to_string_lossy().into_owned())];
    let boot = Boot {
        environment,
        memory_mib: MEMORY_MIB,
        deadline: DEADLINE,
        ..Boot::new(script)
    };
    let mut others = VecDeque::new();
    let code = boot.run(|line| {
        if !story.relay(line) {
            others.truncate(TAIL - 1);
            others.push_front(line.to_owned());
        }
    })?;
    if code != 0 {
        let tail: Vec<String> = others.into_iter().rev().collect();
        bail!(
            "the demonstration inside User-Mode Linux failed; the end of its console:\n{}",
            tail.join("\n")
        );
    }
    Ok(())
}
