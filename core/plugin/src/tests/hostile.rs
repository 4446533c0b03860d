//! A guest that misbehaves ends itself and nobody else.

mod others;

use std::sync::Arc;
use std::time::Duration;

use model::plan::{Limits, NetGrant};
use model::probe::Status;

use super::kit::{act, ask, does, guest, loaded, plan, platform, probes, settled};
use crate::Platform;

/// It is unknown, for this reason, and the next check is well.
async fn ends_itself(platform: &Platform, words: &str, reason: &str) {
    let verdict = does(platform, None, words).await;
    assert_eq!(verdict.status, Status::Unknown, "{words}: {}", verdict.reason);
    assert!(verdict.reason.contains(reason), "{words}: {}", verdict.reason);
    let next = does(platform, None, "digest").await;
    assert_eq!(next.status, Status::Up, "after {words}: {}", next.reason);
}

#[tokio::test]
async fn in_both_runtimes() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        for (words, reason) in [
            ("spin", "it used all of its processor time (500 ms)"),
            ("eat", "it needed more memory than its limit"),
            ("string-bomb", "it needed more memory than its limit"),
            ("storm", "it used all of its processor time (500 ms)"),
            (
                "recurse",
                if file.ends_with("lua") {
                    "stack overflow"
                } else {
                    "it calls itself too deeply"
                },
            ),
            (
                "fail",
                if file.ends_with("lua") {
                    "as asked"
                } else {
                    "it panicked"
                },
            ),
        ] {
            ends_itself(&platform, words, reason).await;
        }
        assert_eq!(does(&platform, None, "flood").await.status, Status::Up);
        let verdict = does(&platform, None, "output").await;
        assert_eq!(
            (verdict.status, verdict.reason.as_str()),
            (Status::Up, "16384"),
            "{file}"
        );
        ends_itself(
            &platform,
            "long-reason",
            "a reason of 4194304 bytes; it must be at most 65536",
        )
        .await;
        assert_eq!(settled(&platform, |_| true).await.faults, 7, "{file}");
    }
}

#[tokio::test]
async fn in_lua() {
    let (file, bytes) = probes()[0].clone();
    let platform = loaded(file, bytes).await;
    for (words, reason) in [
        ("spin_in_pcall", "it used all of its processor time"),
        ("spin_in_pattern", "it used all of its processor time"),
        ("spin_in_coroutine", "it used all of its processor time"),
        ("nested_json", "nested deeper than 64"),
    ] {
        ends_itself(&platform, words, reason).await;
    }
    for what in ["nil", "status", "number", "reason", "table", "metatable"] {
        ends_itself(&platform, &format!("nonsense {what}"), "check returned").await;
    }
    let verdict = does(&platform, None, "break_in").await;
    assert_eq!((verdict.status, verdict.reason.as_str()), (Status::Up, ""));
    let verdict = does(&platform, None, "encode").await;
    assert_eq!(
        (verdict.status, verdict.reason.as_str()),
        (Status::Up, "2.5 true true protocol")
    );
}

#[tokio::test]
async fn calls_above_the_limit_wait_and_then_are_unknown() {
    for (file, bytes) in probes() {
        let platform = Arc::new(loaded(file, bytes).await);
        let mut plan = plan("it", file);
        plan.limits = Limits {
            calls: 1,
            ..plan.limits
        };
        platform.set_plugins(vec![plan]);
        settled(&platform, |status| status.generation == 2).await;
        let first = Arc::clone(&platform);
        let first = tokio::spawn(async move { does(&first, None, "sleep 3000").await });
        let gate = Arc::clone(&platform.slot(&"it".into()).expect("configured").gate);
        while gate.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let mut second = ask("it", None, act("digest"));
        second.timeout = Duration::from_millis(50);
        let verdict = platform.ask(second).await;
        assert_eq!(verdict.status, Status::Unknown, "{file}");
        assert_eq!(verdict.reason, "plugin it: 1 calls were in flight already");
        assert_eq!(first.await.expect("no panic").status, Status::Up);
    }
}

#[tokio::test]
async fn a_guest_that_waits_for_ever_is_ended_at_its_time() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
        let mut silent = ask("it", listener.local_addr().ok(), act("tcp"));
        silent.timeout = Duration::from_millis(400);
        let verdict = platform.ask(silent).await;
        assert!(
            verdict.reason.ends_with("timed out"),
            "{file}: {}",
            verdict.reason
        );
    }
}

#[tokio::test]
async fn it_is_benched_when_it_goes_on() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        for _ in 0..5 {
            does(&platform, None, "eat").await;
        }
        let why = "benched for 1 s: it broke its limits 5 times in a row, last: ";
        let error = settled(&platform, |_| true).await.error.expect("it is told");
        assert!(error.starts_with(why), "{file}: {error}");
        let verdict = does(&platform, None, "digest").await;
        assert_eq!(verdict.status, Status::Unknown, "{file}");
        assert!(
            verdict.reason.starts_with(&format!("plugin it: {why}")),
            "{}",
            verdict.reason
        );
        let again = async {
            while does(&platform, None, "digest").await.status != Status::Up {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), again)
            .await
            .expect("its rest ends");
        assert_eq!(settled(&platform, |_| true).await.error, None, "{file}");
    }
}

#[tokio::test]
async fn a_component_reaches_nothing_while_it_says_what_it_takes() {
    let platform = platform();
    let mut plan = plan("it", "probe.wasm");
    let net = "127.0.0.0/8".parse().expect("a network");
    plan.grants.net.push(NetGrant::Net { net, port: None });
    platform.set_plugins(vec![plan]);
    platform.set_code("it".into(), Ok(guest("probe")));
    let status = settled(&platform, |status| {
        status.generation > 0 || status.error.is_some()
    })
    .await;
    assert_eq!((status.generation, status.error), (1, None));
}
