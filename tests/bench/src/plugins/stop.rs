//! How long a guest that never ends is on the processor after its time.

use std::time::Duration;

use anyhow::Result;
use model::plan::Limits;
use plugin::Platform;

use super::process::spent_by_plugins;
use super::rig;
use crate::sample::Sample;

const RUNS: usize = 10;
const LUA: [(&str, &str); 5] = [
    ("a loop", "spin"),
    ("inside pcall", "spin_in_pcall"),
    ("in a pattern match", "spin_in_pattern"),
    ("in a nested coroutine", "spin_in_coroutine"),
    ("asking the host again and again", "storm"),
];
const WASM: [(&str, &str); 2] = [("a loop", "spin"), ("asking the host again and again", "storm")];

/// Measures and prints.
#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
pub(super) async fn measure() -> Result<()> {
    println!(
        "\nA guest that never ends: processor time above its {:?}, in ms; at most 10\n",
        Limits::default().cpu
    );
    println!("{:<12}{:<36}{:>10}{:>10}{:>8}", "", "", "median", "worst", "runs");
    // Threads that end take their account along.
    let mut kept = Vec::new();
    for (runtime, file, acts) in [
        ("Lua", "probe.lua", &LUA[..]),
        ("WebAssembly", "probe.wasm", &WASM[..]),
    ] {
        for (name, act) in acts {
            let bytes = if file == "probe.lua" {
                rig::PROBE.into()
            } else {
                rig::component()?
            };
            let platform = rig::with(file, bytes, Limits::default()).await?;
            let over = over(&platform, act).await?;
            println!(
                "{runtime:<12}{name:<36}{:>10.1}{:>10.1}{:>8}",
                over.quantile(0.5),
                over.quantile(1.0),
                over.count()
            );
            kept.push(platform);
        }
    }
    Ok(())
}

/// Milliseconds of each run. After some it rests, and is asked again when it may.
async fn over(platform: &Platform, act: &str) -> Result<Sample> {
    let mut over = Sample::default();
    let limit = Limits::default().cpu.as_secs_f64();
    for _ in 0..RUNS {
        let before = spent_by_plugins()?;
        let verdict = platform.ask(rig::ask("it", 1, act, None)).await;
        if verdict.reason.contains("processor time") && !verdict.reason.contains("benched") {
            let spent = spent_by_plugins()?.saturating_sub(before).as_secs_f64();
            over.extend([(spent - limit) * 1e3]);
        } else {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(over)
}
