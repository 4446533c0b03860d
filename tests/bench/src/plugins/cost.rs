//! What a realistic check costs: processor time of the threads that run it, above that of plain Rust with the same
//! sockets on threads of the same shape, which are asked in the same way; beside a shell that is started as keepalived's
//! MISC_CHECK starts one.
//!
//! So the overhead is all that a plugin adds: runtime, host API, grants, budget, tracing and the way of the question to
//! its plugin. The kernel's part of a connection is in both. Contenders take turns, so that a machine that is busy for a
//! while is busy for all; what is printed is the median of the turns.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use model::plan::Limits;
use model::probe::Status;
use plugin::Platform;

use super::native::{Native, Style};
use super::process::{spent, spent_by_plugins};
use super::rig;
use crate::sample::Sample;

/// Turns of each contender.
const TURNS: usize = 9;
const PROGRAMS: u32 = 200;
/// More checks than there are places for instances at rest.
const OTHERS: u32 = 64;

/// What a check does.
#[derive(Clone, Copy)]
pub(super) struct Work {
    pub(super) act: &'static str,
    words: &'static str,
    /// Checks at once.
    abreast: u32,
    /// Rounds of a turn.
    rounds: u32,
}

const WORKS: [Work; 2] = [
    Work {
        act: "real",
        words: "connects, reads twice, writes, counts and logs",
        abreast: 16,
        rounds: 40,
    },
    Work {
        act: "waits",
        words: "waits three times for a moment, counts and logs, without a system call of its own",
        abreast: 64,
        rounds: 20,
    },
];

/// Who does it.
enum Contender {
    Native(Native),
    Plugin(Platform),
}

/// Measures and prints.
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
pub(super) async fn measure() -> Result<()> {
    let program = programs()?;
    for work in WORKS {
        let address = rig::server()?;
        let wasm = || async { rig::with("probe.wasm", rig::component()?, Limits::default()).await };
        let fresh = wasm().await?;
        // Nobody of those that are measured finds a place.
        try_join_all((0..OTHERS).map(|n| ask(&fresh, 1000 + n, "digest", None))).await?;
        let lua = rig::with("check.lua", rig::CHECK.into(), Limits::default()).await?;
        let contenders = [
            (
                "plain Rust",
                None,
                Contender::Native(Native::start("plain", Style::Plain)?),
            ),
            (
                "the host's calls in Rust",
                None,
                Contender::Native(Native::start("calls", Style::Calls)?),
            ),
            ("Lua", Some(8), Contender::Plugin(lua)),
            (
                "WebAssembly, own instance again",
                Some(8),
                Contender::Plugin(wasm().await?),
            ),
            ("WebAssembly, fresh instance", Some(30), Contender::Plugin(fresh)),
        ];
        let mut all: Vec<(Sample, Sample)> = contenders.iter().map(|_| Default::default()).collect();
        for turn in 0..=TURNS {
            let mut plain = None;
            for ((_, _, contender), (cost, over)) in contenders.iter().zip(&mut all) {
                let each = contender.turn(work, address).await?;
                let above = each - *plain.get_or_insert(each);
                // The first is to warm up.
                if turn > 0 {
                    cost.extend([each]);
                    over.extend([above]);
                }
            }
        }
        println!(
            "\nA check that {}: microseconds of processor time, {TURNS} turns of {} checks\n",
            work.words,
            work.rounds * work.abreast
        );
        println!(
            "{:<36}{:>10}{:>12}{:>10}{:>10}{:>18}",
            "", "in all", "overhead", "worst", "at most", "sh -c true to it"
        );
        for ((name, most, _), (cost, over)) in contenders.iter().zip(&all) {
            let all = cost.quantile(0.5);
            println!(
                "{name:<36}{all:>10.1}{:>12.1}{:>10.1}{:>10}{:>17.0}x",
                over.quantile(0.5),
                over.quantile(1.0),
                most.map(|most: u32| most.to_string()).unwrap_or_default(),
                program / all
            );
        }
        println!("{:<36}{program:>10.1}  from its start to its end", "sh -c true");
    }
    Ok(())
}

impl Contender {
    /// Microseconds of one check.
    async fn turn(&self, work: Work, address: std::net::SocketAddr) -> Result<f64> {
        let before = self.spent()?;
        let one = |n: u32| async move {
            for _ in 0..work.rounds {
                match self {
                    Self::Native(native) => native.ask(n, work, address).await?,
                    Self::Plugin(platform) => ask(platform, n, work.act, Some(address)).await?,
                }
            }
            Ok::<_, anyhow::Error>(())
        };
        try_join_all((0..work.abreast).map(one)).await?;
        let all = self.spent()?.saturating_sub(before);
        Ok(all.as_secs_f64() * 1e6 / f64::from(work.rounds * work.abreast))
    }

    fn spent(&self) -> Result<std::time::Duration> {
        match self {
            Self::Native(native) => spent(native.name()),
            // Those of other platforms sleep meanwhile.
            Self::Plugin(_) => Ok(spent_by_plugins()? + spent("plugin-ticker")?),
        }
    }
}

async fn ask(platform: &Platform, n: u32, act: &str, address: Option<std::net::SocketAddr>) -> Result<()> {
    let number = usize::try_from(n).context("a small number")?;
    let verdict = platform.ask(rig::ask("it", number, act, address)).await;
    ensure!(verdict.status == Status::Up, "{}", verdict.reason);
    Ok(())
}

/// Microseconds that starting a shell and waiting for it takes.
fn programs() -> Result<f64> {
    let began = Instant::now();
    for _ in 0..PROGRAMS {
        Command::new("/bin/sh").args(["-c", "true"]).status()?;
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / f64::from(PROGRAMS))
}
