//! Instances of components that rest between two runs of the same check.

use model::probe::{Ask, Subject};

use super::kit::{act, ask, does, guest, loaded};
use crate::Platform;

/// How many runs the instance has seen that is asked about this.
async fn seen(platform: &Platform, about: &str) -> String {
    let subject = Subject::Tracker(about.into());
    let ask = Ask {
        subject,
        ..ask("it", None, act("again"))
    };
    platform.ask(ask).await.reason
}

#[tokio::test]
async fn a_check_finds_its_own_instance_and_no_others() {
    let platform = loaded("probe.wasm", guest("probe")).await;
    assert_eq!(seen(&platform, "one").await, "1");
    assert_eq!(seen(&platform, "one").await, "2");
    assert_eq!(seen(&platform, "two").await, "1", "another check's");
    assert_eq!(seen(&platform, "one").await, "3");
}

#[tokio::test]
async fn an_instance_ends_with_the_run_that_goes_wrong() {
    let platform = loaded("probe.wasm", guest("probe")).await;
    for wrong in ["recurse", "spin", "eat"] {
        assert_eq!(seen(&platform, "tested").await, "1", "after {wrong}");
        assert_eq!(seen(&platform, "tested").await, "2", "after {wrong}");
        does(&platform, None, wrong).await;
    }
    assert_eq!(seen(&platform, "tested").await, "1");
}

#[tokio::test]
async fn more_checks_than_places_get_fresh_ones() {
    let platform = loaded("probe.wasm", guest("probe")).await;
    for n in 0..100 {
        assert_eq!(seen(&platform, &n.to_string()).await, "1", "{n}");
    }
    assert_eq!(seen(&platform, "0").await, "2", "it has a place");
    assert_eq!(seen(&platform, "99").await, "1", "there was none left");
}

#[tokio::test]
async fn new_code_gets_no_instance_of_the_old() {
    let bytes = guest("probe");
    let platform = loaded("probe.wasm", bytes.clone()).await;
    for run in ["1", "2", "3"] {
        assert_eq!(seen(&platform, "one").await, run);
    }
    let newer = super::swap::other("probe.wasm", &bytes, 1);
    platform.set_code("it".into(), Ok(newer));
    super::kit::settled(&platform, |status| status.generation == 2).await;
    // Nor one of the new code that was asked aside before it served.
    assert_eq!(seen(&platform, "one").await, "1");
}
