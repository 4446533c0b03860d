//! What a hostile guest costs the others: not a verdict, and no memory without a bound. `make bench` prints their pace.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use model::plan::PluginPlan;
use model::probe::Status;
use tokio::task::JoinHandle;

use crate::Platform;
use crate::tests::kit::{PROBE_LUA, act, ask, is_alone, plan, platform, probes, settled};
use crate::tests::many::memory;

/// Who asks the hostile one at once, and how often each.
const ATTACKERS: usize = 8;
const ATTACKS: usize = 2;
/// Bytes that all attacks together may leave: every instance and state at its limit, and room for the allocator.
const MEMORY_MAX: u64 = 256 << 20;

/// Guests of both runtimes.
const GUESTS: [&str; 8] = [
    "spin",
    "eat",
    "recurse",
    "string-bomb",
    "flood",
    "output",
    "storm",
    "long-reason",
];

/// A platform with a well plugin beside the hostile one.
async fn both(hostile: PluginPlan, bytes: Vec<u8>) -> Arc<Platform> {
    let platform = platform();
    platform.set_plugins(vec![hostile, plan("well", "well.lua")]);
    platform.set_code("it".into(), Ok(bytes));
    platform.set_code("well".into(), Ok(PROBE_LUA.into()));
    let all = |platform: &Platform| platform.status().iter().all(|status| status.generation == 1);
    settled(&platform, |_| all(&platform)).await;
    Arc::new(platform)
}

/// Has others asked until the attack is over; how often they were.
async fn go_on(platform: &Platform, attack: JoinHandle<()>, what: &str) -> usize {
    let mut asked = 0;
    while !attack.is_finished() || asked == 0 {
        let verdict = platform.ask(ask("well", None, act("kv"))).await;
        assert_eq!(verdict.status, Status::Up, "{what}: {}", verdict.reason);
        asked += 1;
    }
    attack.await.expect("no panic");
    asked
}

#[tokio::test]
async fn others_keep_their_verdicts_and_memory_is_bounded() {
    if !is_alone("tests::hostile::others::others_keep_their_verdicts_and_memory_is_bounded") {
        return;
    }
    let before = memory();
    for (file, bytes) in probes() {
        for words in GUESTS {
            let mut hostile = plan("it", file);
            hostile.limits.cpu = Duration::from_millis(100);
            let platform = both(hostile, bytes.clone()).await;
            let hostile = Arc::clone(&platform);
            let attack = tokio::spawn(async move {
                let one = async || {
                    for _ in 0..ATTACKS {
                        hostile.ask(ask("it", None, act(words))).await;
                    }
                };
                join_all((0..ATTACKERS).map(|_| one())).await;
            });
            let what = format!("{file} {words}");
            go_on(&platform, attack, &what).await;
            let well = platform.status().swap_remove(1);
            assert_eq!((well.faults, well.error), (0, None), "{what}");
        }
    }
    let now = memory();
    assert!(now < before + MEMORY_MAX, "{before} bytes before, {now} after");
}

#[tokio::test]
async fn ten_thousand_sleepers_leave_room_for_others() {
    for (file, bytes) in probes() {
        let mut hostile = plan("it", file);
        hostile.limits.calls = 20_000;
        hostile.limits.memory = 64 << 20;
        let platform = both(hostile, bytes).await;
        let sleeping = Arc::clone(&platform);
        let attack = tokio::spawn(async move {
            let all = join_all((0..10_000).map(|_| sleeping.ask(ask("it", None, act("sleep 20"))))).await;
            for verdict in all {
                assert_eq!((verdict.status, verdict.reason.as_str()), (Status::Up, "slept"));
            }
        });
        go_on(&platform, attack, file).await;
    }
}
