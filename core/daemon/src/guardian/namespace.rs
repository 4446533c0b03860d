//! The network namespace that the configuration asks for. All of the daemon has to be in it before anything is opened,
//! and so does whatever it starts; but the guardian reads no configuration. A child reads it, says the name, and ends.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;

use anyhow::Context as _;
use linux::process::{Output, Signal, Spawn};
use rustix::process::{WaitOptions, waitpid};

use crate::router::{environment, load_configuration};

/// Longer than the name of any file.
const NAME_MAX: u64 = 256;

/// Enters the namespace that the configuration at these paths, given as arguments, asks for, and gives its name.
/// Mistakes in the configuration are left to the router, which tells them.
///
/// # Errors
/// When there is no such namespace, or it cannot be entered; the message names the cure.
pub fn enter(arguments: &[String]) -> anyhow::Result<Option<String>> {
    let name = ask(arguments).context("cannot find out which network namespace is wanted")?;
    if name.is_empty() {
        return Ok(None);
    }
    linux::bound::enter(&name).map_err(anyhow::Error::msg)?;
    tracing::info!(netns = name, "in the network namespace of the configuration");
    Ok(Some(name))
}

fn ask(arguments: &[String]) -> io::Result<String> {
    let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
    let words = ["__netns".to_owned()]
        .into_iter()
        .chain(arguments.iter().cloned());
    let child = linux::process::spawn(Spawn {
        args: words.map(Into::into).collect(),
        // On a mount that hangs it would stay for ever.
        parent_death_signal: Some(Signal::KILL),
        stdout: Output::To(write),
        ..Spawn::new("/proc/self/exe")
    })?;
    let mut name = String::new();
    File::from(read).take(NAME_MAX).read_to_string(&mut name)?;
    waitpid(Some(child.pid), WaitOptions::empty())?;
    Ok(name)
}

/// Says which namespace the configuration at these paths asks for, and nothing where it has none, or mistakes.
///
/// # Errors
/// When reading cannot be begun.
pub fn tell(paths: Vec<PathBuf>) -> anyhow::Result<()> {
    let loaded = load_configuration(paths, environment())?;
    if let Some(name) = loaded.plan.and_then(|plan| plan.machine.namespace) {
        print!("{name}");
    }
    Ok(())
}
