//! `bellwether lab`: a demonstration on real parts. It builds a network of its own in namespaces, starts real daemons
//! in it, breaks and changes things, and tells what happens as it happens. What was to be expected is checked, so that
//! it serves as a test too.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};

mod balancing;
mod client;
mod conf;
mod control;
mod director;
mod elections;
mod machine;
mod net;
mod news;
mod process;
mod reloading;
mod seen;
mod server;
mod signals;
mod stage;
mod story;
mod tail;
mod watch;

pub use client::{Options as ClientOptions, run as client};
pub use server::{Options as ServerOptions, run as server};

use signals::Signals;
use story::{Reader, Story};

/// Options of the demonstration.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Which part to show.
    #[arg(long, value_enum, default_value_t = Part::All)]
    part: Part,
    /// Do not rest between the acts.
    #[arg(long)]
    fast: bool,
    /// Leave configuration and logs in /run/bellwether-lab-* until the next one.
    #[arg(long)]
    keep: bool,
    /// Told to another lab through a console: when its story began (milliseconds since the epoch).
    #[arg(long, hide = true)]
    began_ms: Option<u64>,
    /// Told likewise: how many acts there were before.
    #[arg(long, hide = true, default_value_t = 0)]
    acts: u32,
    /// Colour although standard output is no terminal.
    #[arg(long, hide = true)]
    colour: bool,
}

/// A part of the demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Both.
    All,
    /// Elections, hooks, plugins and configuration.
    Elections,
    /// The kernel's balancer; in User-Mode Linux where this kernel has none.
    Balancing,
}

/// Show it. An error when anything was not as expected.
pub fn run(options: Options) -> Result<()> {
    check_prerequisites(options.part)?;
    let signals = Signals::watch()?;
    let mut story = begin(&options);
    let is_guest = options.began_ms.is_some();
    let mut result = Ok(());
    if options.part != Part::Balancing {
        result = elections::show(&mut story, options.keep, &signals);
    }
    if options.part != Part::Elections {
        result = result.and(balancing::show(&mut story, options.keep, &signals));
    }
    if is_guest {
        return result;
    }
    story.table();
    result?;
    if !story.is_good() {
        bail!("not everything was as expected: see the lines marked NOT");
    }
    story
        .say("\n    Everything was as expected. Where to go from here: README.md for a first configuration,");
    story.say("    conf.d/ for examples, sdk/ for plugins of your own, ARCHITECTURE.md for how it works.\n");
    Ok(())
}

fn begin(options: &Options) -> Story {
    // The console of a guest is a terminal, but not the reader's.
    let is_guest = options.began_ms.is_some();
    let colour = options.colour || !is_guest && Story::terminal_takes_colour();
    // A person needs a moment to read; a log does not.
    let rests = std::io::stdout().is_terminal() && !options.fast && !is_guest;
    let pause = if rests {
        Duration::from_millis(1500)
    } else {
        Duration::ZERO
    };
    let mut story = match options.began_ms {
        Some(ms) => Story::new(
            UNIX_EPOCH + Duration::from_millis(ms),
            Reader::Lab { colour },
            pause,
        ),
        None => Story::new(SystemTime::now(), Reader::Person { colour }, pause),
    };
    story.count_from(options.acts);
    story
}

/// Whatever is missing, in one message with its cure.
fn check_prerequisites(part: Part) -> Result<()> {
    let mut missing = Vec::new();
    if !rustix::process::geteuid().is_root() {
        missing.push("root, to make network namespaces: run it with sudo".to_owned());
    }
    if Command::new("ip").arg("-V").output().is_err() {
        missing.push("the command ip: apt-get install iproute2".to_owned());
    }
    if part != Part::Elections && !balancing::kernel_has_it() {
        missing.extend(machine::missing());
    }
    if missing.is_empty() {
        return Ok(());
    }
    bail!("the demonstration needs:\n  - {}", missing.join("\n  - "));
}

/// This program, for the machines of the demonstration to run.
fn program() -> Result<std::path::PathBuf> {
    let program = std::env::current_exe()?;
    // The name of a file that was replaced since we began ends in " (deleted)".
    if !Path::new(&program).exists() {
        bail!(
            "{} was replaced while this ran; start the demonstration again",
            program.display()
        );
    }
    Ok(program)
}
