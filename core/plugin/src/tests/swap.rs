//! New code takes over whole, or not at all.

use std::sync::Arc;

use model::plan::{Limits, PluginSource};
use model::probe::Status;

use super::kit::{act, ask, does, guest, loaded, plan, platform, probes, settled};

/// The same code with other bytes.
pub(super) fn other(file: &str, bytes: &[u8], mark: u8) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if file.ends_with(".lua") {
        bytes.extend_from_slice(format!("-- {mark}\n").as_bytes());
    } else {
        // A custom section: id 0, size 3, a name of one byte and one byte of content.
        bytes.extend_from_slice(&[0, 3, 1, b'm', mark]);
    }
    bytes
}

#[tokio::test]
async fn a_hundred_checks_do_not_notice() {
    for (file, bytes) in probes() {
        let platform = Arc::new(loaded(file, bytes.clone()).await);
        let flying: Vec<_> = (0..100)
            .map(|_| {
                let platform = Arc::clone(&platform);
                tokio::spawn(async move { does(&platform, None, "sleep 300").await })
            })
            .collect();
        let gate = Arc::clone(&platform.slot(&"it".into()).expect("configured").gate);
        let free = Limits::default().calls as usize - 100;
        while gate.available_permits() > free {
            tokio::task::yield_now().await;
        }
        // Answered after all of them began: a thread takes its questions in order.
        assert_eq!(does(&platform, None, "digest").await.generation.0, 1);
        platform.set_code("it".into(), Ok(other(file, &bytes, 1)));
        settled(&platform, |status| status.generation == 2).await;
        let next = does(&platform, None, "kv").await;
        assert_eq!((next.status, next.generation.0), (Status::Up, 2), "{file}");
        for check in flying {
            let verdict = check.await.expect("no panic");
            assert_eq!(
                (verdict.status, verdict.reason.as_str()),
                (Status::Up, "slept"),
                "{file}"
            );
            assert_eq!(
                verdict.generation.0, 1,
                "{file}: it finishes on what it began with"
            );
        }
        for _ in 0..100 {
            let verdict = does(&platform, None, "digest").await;
            assert_eq!((verdict.status, verdict.generation.0), (Status::Up, 2), "{file}");
        }
    }
}

#[tokio::test]
async fn what_was_kept_is_there_after_a_swap() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes.clone()).await;
        assert_eq!(does(&platform, None, "kv").await.reason, "1 of 1 kept true");
        platform.set_code("it".into(), Ok(other(file, &bytes, 1)));
        settled(&platform, |status| status.generation == 2).await;
        assert_eq!(
            does(&platform, None, "kv").await.reason,
            "2 of 2 kept true",
            "{file}"
        );
        let mut plan = plan("it", file);
        plan.limits = Limits {
            calls: 3,
            ..plan.limits
        };
        platform.set_plugins(vec![plan]);
        settled(&platform, |status| status.generation == 3).await;
        assert_eq!(
            does(&platform, None, "kv").await.reason,
            "3 of 3 kept true",
            "{file}"
        );
    }
}

#[tokio::test]
async fn a_broken_file_keeps_the_old_and_a_good_one_mends_it() {
    for (file, bytes) in probes() {
        let platform = loaded(file, bytes.clone()).await;
        let broken = bytes[..bytes.len() / 2].to_vec();
        platform.set_code("it".into(), Ok(broken));
        let status = settled(&platform, |status| status.error.is_some()).await;
        assert_eq!(status.generation, 1);
        let error = status.error.expect("just seen");
        assert!(error.starts_with(file), "{error}");
        assert_eq!(does(&platform, None, "digest").await.generation.0, 1);
        platform.set_code("it".into(), Ok(bytes));
        let status = settled(&platform, |status| status.error.is_none()).await;
        assert_eq!(status.generation, 1, "the same code again is no new version");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_keeps_the_old_too() {
    let (file, bytes) = probes()[0].clone();
    let platform = loaded(file, bytes.clone()).await;
    platform.set_code(
        "it".into(),
        Err("cannot read probe.lua: permission denied".to_owned()),
    );
    let status = settled(&platform, |status| status.error.is_some()).await;
    assert_eq!(
        (status.generation, status.error.as_deref()),
        (1, Some("cannot read probe.lua: permission denied"))
    );
    platform.set_code("it".into(), Ok(bytes));
    assert_eq!(
        settled(&platform, |status| status.error.is_none())
            .await
            .generation,
        1
    );
}

#[tokio::test]
async fn a_file_takes_over_from_a_shipped_plugin_of_its_name() {
    let platform = platform();
    let mut shipped = plan("http", "");
    shipped.source = PluginSource::Embedded;
    platform.set_plugins(vec![shipped]);
    assert_eq!(platform.status()[0].generation, 1, "embedded ones load at once");
    platform.set_plugins(vec![plan("http", "/etc/bellwether/plugins/http.wasm")]);
    assert_eq!(
        platform.status()[0].generation,
        1,
        "the shipped one serves until the file is there"
    );
    platform.set_code("http".into(), Ok(guest("http")));
    let status = settled(&platform, |status| status.generation == 2).await;
    assert_eq!(
        (status.runtime.as_str(), status.source.as_str()),
        ("wasm", "/etc/bellwether/plugins/http.wasm")
    );
}

#[tokio::test]
async fn a_plugin_that_is_gone_is_not_asked() {
    let (file, bytes) = probes()[0].clone();
    let platform = loaded(file, bytes).await;
    platform.set_plugins(vec![]);
    let verdict = platform.ask(ask("it", None, act("digest"))).await;
    assert_eq!((verdict.status, verdict.generation.0), (Status::Unknown, 0));
    insta::assert_snapshot!(verdict.reason, @"plugin it is not configured");
}

#[tokio::test]
async fn the_first_question_waits_for_the_code() {
    for (file, bytes) in probes() {
        let platform = Arc::new(platform());
        platform.set_plugins(vec![plan("it", file)]);
        let asking = Arc::clone(&platform);
        let question = tokio::spawn(async move { does(&asking, None, "digest").await });
        tokio::task::yield_now().await;
        platform.set_code("it".into(), Ok(bytes));
        let verdict = question.await.expect("no panic");
        assert_eq!(
            (verdict.status, verdict.generation.0),
            (Status::Up, 1),
            "{file}: {}",
            verdict.reason
        );
    }
}
