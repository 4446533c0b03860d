//! Whether checks notice that their plugin is swapped: a thousand of them, each once a second.

use std::time::Duration;

use anyhow::{Result, bail};
use futures_util::future::join_all;
use model::plan::Limits;
use model::probe::Status;
use plugin::Platform;
use tokio::time::{Instant, sleep_until};

use super::rig;
use crate::sample::Sample;

const CHECKS: u32 = 1000;
const INTERVAL: Duration = Duration::from_secs(1);
const ROUNDS: u32 = 6;
const SWAPS: u8 = 20;

/// Measures and prints.
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
pub(super) async fn measure() -> Result<()> {
    println!(
        "\n{CHECKS} checks, each once a second, over {ROUNDS} s: how late a verdict is, in ms; at most 50, {SWAPS} swaps\n"
    );
    println!(
        "{:<36}{:>10}{:>10}{:>10}{:>10}{:>10}",
        "", "median", "99 %", "worst", "unknown", "swaps"
    );
    let lua = ("Lua", "check.lua", "count", Vec::from(rig::CHECK));
    for (name, file, act, bytes) in [lua, ("WebAssembly", "probe.wasm", "digest", rig::component()?)] {
        let platform = rig::with(file, bytes.clone(), Limits::default()).await?;
        let (late, unknown) = checks(&platform, act).await;
        let row = |what: &str, late: &Sample, unknown: u32, swaps: u32| {
            println!(
                "{what:<36}{:>10.1}{:>10.1}{:>10.1}{unknown:>10}{swaps:>10}",
                late.quantile(0.5),
                late.quantile(0.99),
                late.quantile(1.0)
            );
        };
        row(name, &late, unknown, 0);
        let ((late, unknown), swaps) = tokio::join!(checks(&platform, act), swap(&platform, file, &bytes));
        row(&format!("{name}, swapped meanwhile"), &late, unknown, swaps?);
    }
    Ok(())
}

/// Milliseconds by which each verdict came after its question was due, and how many were unknown.
async fn checks(platform: &Platform, act: &str) -> (Sample, u32) {
    let began = Instant::now() + Duration::from_millis(10);
    let one = |n: u32| async move {
        let (mut late, mut unknown) = (Vec::new(), 0);
        for round in 0..ROUNDS {
            let due = began + INTERVAL * n / CHECKS + INTERVAL * round;
            sleep_until(due).await;
            let verdict = platform.ask(rig::ask("it", n as usize, act, None)).await;
            late.push(due.elapsed().as_secs_f64() * 1e3);
            unknown += u32::from(verdict.status != Status::Up);
        }
        (late, unknown)
    };
    let (mut late, mut unknown) = (Vec::new(), 0);
    for (more, many) in join_all((0..CHECKS).map(one)).await {
        late.extend(more);
        unknown += many;
    }
    let mut sample = Sample::default();
    sample.extend(late);
    (sample, unknown)
}

/// Swaps again and again; how often.
async fn swap(platform: &Platform, file: &str, bytes: &[u8]) -> Result<u32> {
    let pause = INTERVAL * ROUNDS / u32::from(SWAPS + 2);
    let first = platform.status().first().map_or(0, |status| status.generation);
    let mut changes = platform.changes();
    for mark in 0..SWAPS {
        let mut bytes = bytes.to_vec();
        if file.ends_with(".lua") {
            bytes.extend_from_slice(format!("-- {mark}\n").as_bytes());
        } else {
            // A custom section: id 0, size 3, a name of one byte and one byte of content.
            bytes.extend_from_slice(&[0, 3, 1, b'm', mark]);
        }
        platform.set_code("it".into(), Ok(bytes));
        let wanted = first + u32::from(mark) + 1;
        while platform
            .status()
            .first()
            .is_some_and(|status| status.generation < wanted)
        {
            if let Some(error) = platform.status().into_iter().find_map(|status| status.error) {
                bail!("{error}");
            }
            changes.changed().await?;
        }
        tokio::time::sleep(pause).await;
    }
    Ok(platform.status().first().map_or(0, |status| status.generation) - first)
}
