//! What checks that wait cost in memory.

use std::time::{Duration, Instant};

use anyhow::Result;
use model::plan::Limits;
use model::probe::Status;
use plugin::Platform;
use tokio::sync::mpsc::unbounded_channel;

use super::process::memory;
use super::rig;

const ALL: u32 = 10_000;
/// When all of them wait: those that are first sleep for 20 s.
const LOOKED: Duration = Duration::from_secs(10);

/// Measures and prints.
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
pub(super) async fn measure() -> Result<()> {
    println!("\n{ALL} checks that wait at once: memory above that of the idle platform\n");
    println!("{:<36}{:>10}{:>12}{:>10}", "", "MiB", "at most", "well");
    let limits = Limits {
        calls: 2 * ALL,
        ..Limits::default()
    };
    let lua = rig::with("check.lua", rig::CHECK.into(), limits).await?;
    // Those in Lua sleep all at once, those in WebAssembly as many as there are instances.
    let (memory, well) = wait(&lua, "sleep").await?;
    println!("{:<36}{memory:>10.1}{:>12}{well:>10}", "Lua", 40);
    let wasm = rig::with("probe.wasm", rig::component()?, limits).await?;
    let (memory, well) = wait(&wasm, "sleep 1000").await?;
    println!(
        "{:<36}{memory:>10.1}{:>12}{well:>10}",
        "WebAssembly, the rest queued", 50
    );
    Ok(())
}

/// MiB while they wait, and how many of them ended well.
async fn wait(platform: &Platform, act: &str) -> Result<(f64, u32)> {
    platform
        .ask(rig::ask(
            "it",
            0,
            if act == "sleep" { "count" } else { "digest" },
            None,
        ))
        .await;
    let before = memory("self")?;
    let began = Instant::now();
    // As the worker asks: a question, and whom to tell.
    let (tell, mut verdicts) = unbounded_channel();
    for n in 0..ALL {
        let tell = tell.clone();
        let ask = rig::ask("it", n as usize, act, None);
        platform.tell(ask, move |verdict| {
            // Nobody listens when the measuring failed.
            let _ = tell.send(verdict.status);
        });
    }
    drop(tell);
    let mut most = before;
    while began.elapsed() < LOOKED {
        tokio::time::sleep(Duration::from_millis(500)).await;
        most = most.max(memory("self")?);
    }
    let mut well = 0;
    while let Some(status) = verdicts.recv().await {
        well += u32::from(status == Status::Up);
    }
    Ok(((most - before) / 1024.0, well))
}
