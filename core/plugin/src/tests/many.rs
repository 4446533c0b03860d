//! A thousand swaps leave nothing behind.

use std::fs;

use model::probe::Status;

use super::kit::{PROBE_LUA, act, ask, guest, is_alone, loaded, settled};
use super::swap::other;

const SETTLED: u32 = 200;
const SWAPS: u32 = 1000;
/// Bytes that 800 swaps may add: less than the smallest thing that one could leave behind.
const GROWTH_MAX: u64 = 8 << 20;

/// What a process holds.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    files: usize,
    threads: usize,
}

fn held() -> Held {
    let count = |path: &str| fs::read_dir(path).expect("procfs").count();
    Held {
        files: count("/proc/self/fd"),
        threads: count("/proc/self/task"),
    }
}

/// Bytes of memory that are this process' own (proc(5), `RssAnon`).
pub(super) fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("procfs");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    kilobytes
        .expect("a size")
        .trim()
        .parse::<u64>()
        .expect("a number")
        << 10
}

/// Two editions of a plugin take turns, each with other bytes than any before it and asked once.
async fn swap_and_swap(file: &str, bytes: &[u8], status: Status) {
    let platform = loaded(file, bytes.to_vec()).await;
    let mut before = None;
    for n in 2..=SWAPS {
        let mark = u8::try_from(n % 250).expect("small");
        platform.set_code("it".into(), Ok(other(file, bytes, mark)));
        settled(&platform, |status| status.generation == n).await;
        let verdict = platform.ask(ask("it", None, act("digest"))).await;
        assert_eq!(
            (verdict.status, verdict.generation.0),
            (status, n),
            "{}",
            verdict.reason
        );
        if n == SETTLED {
            before = Some((memory(), held()));
        }
    }
    let (bytes, before) = before.expect("it went by");
    assert_eq!(held(), before, "{file}");
    let now = memory();
    assert!(
        now <= bytes + GROWTH_MAX,
        "{file}: {bytes} bytes after {SETTLED} swaps, {now} after {SWAPS}"
    );
}

#[tokio::test]
async fn a_thousand_swaps_in_lua_leave_nothing() {
    if is_alone("tests::many::a_thousand_swaps_in_lua_leave_nothing") {
        swap_and_swap("probe.lua", PROBE_LUA.as_bytes(), Status::Up).await;
    }
}

#[tokio::test]
async fn a_thousand_swaps_of_a_component_leave_nothing() {
    if is_alone("tests::many::a_thousand_swaps_of_a_component_leave_nothing") {
        // The smallest there is, for each edition is compiled. It is asked about no address, and says so.
        swap_and_swap("skeleton.wasm", &guest("skeleton"), Status::Unknown).await;
    }
}
