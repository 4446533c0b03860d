//! What a hostile guest costs the others: a hundred well checks in Lua go on while it is asked as fast as it answers.

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Result, bail};
use futures_util::future::{Either, join_all, select};
use model::plan::Limits;
use model::probe::Status;
use plugin::Platform;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::process::memory;
use super::rig;
use crate::sample::Sample;

/// Well checks, and how often each is asked.
const WELL: usize = 100;
const EACH: Duration = Duration::from_millis(100);
/// Who asks the hostile one at once.
const ATTACKERS: usize = 8;
const SLEEPERS: usize = 10_000;

/// Name, act, and how many ask at once.
const GUESTS: [(&str, &str, usize); 9] = [
    ("endless loop", "spin", ATTACKERS),
    ("memory bomb", "eat", ATTACKERS),
    ("deep recursion", "recurse", ATTACKERS),
    ("string bomb", "string-bomb", ATTACKERS),
    ("log flood", "flood", ATTACKERS),
    ("output flood", "output", ATTACKERS),
    ("callback storm", "storm", ATTACKERS),
    ("4 MiB reasons", "long-reason", ATTACKERS),
    ("10,000 sleeping calls", "sleep 30000", SLEEPERS),
];

/// What was seen of the well ones.
struct Seen {
    verdicts: f64,
    bad: u32,
    late: Sample,
}

/// Measures and prints, each guest for `time`.
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
pub(super) async fn measure(time: Duration) -> Result<()> {
    println!(
        "\nHostile guests, {time:?} each: the pace of {WELL} other checks, each every {EACH:?}, to that before; and how\n\
         long their verdicts take, in ms\n"
    );
    println!(
        "{:<12}{:<24}{:>8}{:>10}{:>12}{:>12}{:>8}{:>10}{:>8}",
        "", "", "pace", "not up", "99 %", "worst", "MiB", "attacks", "faults"
    );
    for (runtime, file) in [("Lua", "probe.lua"), ("WebAssembly", "probe.wasm")] {
        for (name, act, abreast) in GUESTS {
            let bytes = if file == "probe.lua" {
                rig::PROBE.into()
            } else {
                rig::component()?
            };
            let platform = rig::platform();
            let well = (
                rig::plan("well", "well.lua", Limits::default()),
                rig::PROBE.into(),
            );
            let hostile = (rig::plan("it", file, Limits::default()), bytes);
            rig::load(&platform, vec![well, hostile]).await?;
            let before = well_ones(&platform, time).await;
            let idle = memory("self")?;
            let attacks = Cell::new(0_u32);
            let attack = join_all((0..abreast).map(|n| attack(&platform, act, n, &attacks)));
            let during = well_ones(&platform, time);
            let during = match select(Box::pin(attack), Box::pin(during)).await {
                Either::Left(_) => bail!("an attack has no end"),
                Either::Right((seen, _)) => seen,
            };
            let faults = platform.status().first().map_or(0, |status| status.faults);
            println!(
                "{runtime:<12}{name:<24}{:>6.1} %{:>10}{:>5.1} <{:>5.1}{:>5.1} <{:>5.1}{:>8.1}{:>10}{faults:>8}",
                100.0 * during.verdicts / before.verdicts,
                during.bad,
                before.late.quantile(0.99),
                during.late.quantile(0.99),
                before.late.quantile(1.0),
                during.late.quantile(1.0),
                (memory("self")? - idle) / 1024.0,
                attacks.get(),
            );
        }
    }
    Ok(())
}

/// Asks the hostile one for ever.
async fn attack(platform: &Platform, act: &str, n: usize, attacks: &Cell<u32>) {
    loop {
        platform.ask(rig::ask("it", n, act, None)).await;
        attacks.set(attacks.get() + 1);
        // One that is benched answers at once: nobody asks a plugin more often than this.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Asks the well ones for some time.
async fn well_ones(platform: &Platform, time: Duration) -> Seen {
    let end = Instant::now() + time;
    let one = |n: usize| async move {
        let (mut late, mut bad) = (Vec::new(), 0);
        let start = Instant::now() + EACH * u32::try_from(n).unwrap_or(0) / 100;
        let mut due = interval_at(start, EACH);
        due.set_missed_tick_behavior(MissedTickBehavior::Skip);
        while Instant::now() < end {
            due.tick().await;
            let asked = Instant::now();
            let verdict = platform.ask(rig::ask("well", n, "kv", None)).await;
            late.push(asked.elapsed().as_secs_f64() * 1e3);
            bad += u32::from(verdict.status != Status::Up);
        }
        (late, bad)
    };
    let mut seen = Seen {
        verdicts: 0.0,
        bad: 0,
        late: Sample::default(),
    };
    for (late, bad) in join_all((0..WELL).map(one)).await {
        seen.verdicts += f64::from(u32::try_from(late.len()).unwrap_or(u32::MAX));
        seen.bad += bad;
        seen.late.extend(late);
    }
    seen
}
