//! New code proves itself: aside before it serves, and in its first calls after that.

use model::plan::Limits;
use model::probe::Status;
use model::status::Standing;

use super::kit::{does, loaded, plan, platform, probes, settled};
use super::swap::other;
use crate::Platform;

/// Generation and standing of each version, oldest first.
fn standings(platform: &Platform) -> Vec<(u32, &'static str)> {
    let versions = platform.status().swap_remove(0).versions;
    versions
        .iter()
        .map(|version| (version.generation, version.standing.words()))
        .collect()
}

/// Takes bytes over that serve as `generation`.
async fn swapped(platform: &Platform, bytes: Vec<u8>, generation: u32) {
    platform.set_code("it".into(), Ok(bytes));
    settled(platform, |status| {
        status.generation == generation && status.error.is_none()
    })
    .await;
}

#[tokio::test]
async fn what_fails_in_its_first_calls_gives_its_place_back() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes.clone()).await;
        assert_eq!(does(&platform, None, "kv").await.reason, "1 of 1 kept true");
        let bad = other(file, &bytes, 1);
        swapped(&platform, bad.clone(), 2).await;
        assert_eq!(standings(&platform), [(1, "replaced"), (2, "on trial")], "{file}");
        assert_eq!(does(&platform, None, "digest").await.generation.0, 2);
        for _ in 0..3 {
            let verdict = does(&platform, None, "fail").await;
            assert_eq!(
                (verdict.status, verdict.generation.0),
                (Status::Unknown, 2),
                "{file}"
            );
        }

        let status = settled(&platform, |status| status.rollbacks == 1).await;
        assert_eq!((status.generation, status.rollbacks), (1, 1), "{file}");
        let why = status.error.expect("it is told");
        let begins = "rolled back to generation 1: generation 2 failed in 3 of its first 4 calls, last: ";
        assert!(why.starts_with(begins), "{file}: {why}");
        assert!(why.contains(file), "{file}: {why}");
        assert!(
            why.ends_with("it is tried again when its file changes"),
            "{file}: {why}"
        );
        assert_eq!(standings(&platform), [(1, "good"), (2, "rolled back")], "{file}");
        let verdict = does(&platform, None, "kv").await;
        assert_eq!(
            (verdict.generation.0, verdict.reason.as_str()),
            (1, "2 of 2 kept true"),
            "{file}: what was kept stays"
        );

        // The same file read again is not tried again, under no configuration.
        platform.set_code("it".into(), Err("cannot read it".to_owned()));
        platform.set_code("it".into(), Ok(bad.clone()));
        let status = settled(&platform, |status| status.error.as_ref() == Some(&why)).await;
        assert_eq!(status.generation, 1, "{file}");
        let mut plan = plan("it", file);
        plan.limits = Limits {
            calls: 3,
            ..plan.limits
        };
        platform.set_plugins(vec![plan]);
        settled(&platform, |status| status.generation == 3).await;
        assert_eq!(settled(&platform, |_| true).await.error, Some(why), "{file}");
        assert_eq!(
            does(&platform, None, "kv").await.reason,
            "3 of 3 kept true",
            "{file}"
        );

        swapped(&platform, other(file, &bytes, 2), 4).await;
        assert_eq!(does(&platform, None, "digest").await.generation.0, 4, "{file}");
    }
}

#[tokio::test]
async fn what_an_earlier_worker_took_back_is_not_tried() {
    for (file, bytes) in probes() {
        let platform = platform();
        platform.set_plugins(vec![plan("it", file)]);
        let bad = other(file, &bytes, 1);
        platform.set_code("it".into(), Ok(bytes.clone()));
        platform.condemn(&"it".into(), bad.clone(), "it was rolled back".to_owned());
        // Asked before it is known whether the code is good: who asks waits for that.
        let verdict = does(&platform, None, "digest").await;
        assert_eq!((verdict.status, verdict.generation.0), (Status::Up, 1), "{file}");
        let status = settled(&platform, |status| status.error.is_some()).await;
        assert_eq!(status.error.as_deref(), Some("it was rolled back"), "{file}");

        platform.set_code("it".into(), Ok(bad));
        let status = settled(&platform, |_| true).await;
        assert_eq!(
            (status.generation, status.error.as_deref()),
            (1, Some("it was rolled back"))
        );
        swapped(&platform, other(file, &bytes, 2), 2).await;
    }
}

#[tokio::test]
async fn what_did_well_is_trusted() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes.clone()).await;
        does(&platform, None, "digest").await;
        swapped(&platform, other(file, &bytes, 1), 2).await;
        for _ in 0..20 {
            assert_eq!(does(&platform, None, "digest").await.status, Status::Up);
        }
        let is_good = |standing: &Standing| *standing == Standing::Good;
        let status = settled(&platform, |status| {
            status
                .versions
                .last()
                .is_some_and(|version| is_good(&version.standing))
        });
        assert_eq!(status.await.generation, 2, "{file}");
        for _ in 0..4 {
            does(&platform, None, "fail").await;
        }
        let status = settled(&platform, |_| true).await;
        assert_eq!(
            (status.generation, status.error, status.rollbacks),
            (2, None, 0),
            "{file}"
        );
    }
}

#[tokio::test]
async fn who_has_nothing_to_return_to_stays() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes).await;
        for _ in 0..5 {
            does(&platform, None, "fail").await;
        }
        let status = settled(&platform, |_| true).await;
        assert_eq!((status.generation, status.error), (1, None), "{file}");
        assert_eq!(standings(&platform), [(1, "on trial")], "{file}");
    }
}

#[tokio::test]
async fn what_the_world_does_is_held_against_nobody() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback");
    let refusing = listener.local_addr().expect("bound");
    drop(listener);
    let (file, bytes) = probes()[0].clone();
    let platform = loaded(file, bytes.clone()).await;
    does(&platform, None, "digest").await;
    swapped(&platform, other(file, &bytes, 1), 2).await;
    for _ in 0..5 {
        let verdict = does(&platform, Some(refusing), "tls none").await;
        let raised = format!("connecting to {refusing}: connection refused");
        assert!(verdict.reason.ends_with(&raised), "{}", verdict.reason);
        assert_eq!((verdict.status, verdict.generation.0), (Status::Unknown, 2));
    }
    assert_eq!(settled(&platform, |_| true).await.rollbacks, 0);
}

#[tokio::test]
async fn what_cannot_answer_aside_never_serves() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes.clone()).await;
        // The question that is remembered: good code would answer it.
        does(&platform, None, "fail").await;
        platform.set_code("it".into(), Ok(other(file, &bytes, 1)));
        let status = settled(&platform, |status| status.error.is_some()).await;
        let why = status.error.expect("just seen");
        let ends = "(tried aside, before it was asked for tracker tested)";
        assert!(why.starts_with(file) && why.ends_with(ends), "{why}");
        assert_eq!((status.generation, status.rollbacks), (1, 0), "{file}");
        assert_eq!(does(&platform, None, "digest").await.generation.0, 1, "{file}");
    }
}
