use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::testing::host;

fn runs() -> (Call, Call) {
    let host = host();
    let end = Instant::now() + Duration::from_secs(60);
    let one = Call::new(Arc::clone(&host), "one".to_owned(), None, end);
    (one, Call::new(host, "two".to_owned(), None, end))
}

#[tokio::test]
async fn a_targets_entries_are_its_own_and_a_plugins_are_everybodys() {
    let (one, two) = runs();
    one.kv_set(Scope::Target, "k", b"1".to_vec()).expect("room");
    one.kv_set(Scope::Plugin, "k", b"p".to_vec()).expect("room");
    assert_eq!(two.kv_get(Scope::Target, "k"), None);
    assert_eq!(two.kv_get(Scope::Plugin, "k").as_deref(), Some(&b"p"[..]));
    assert!(one.kv_delete(Scope::Target, "k") && !one.kv_delete(Scope::Target, "k"));
}

#[tokio::test]
async fn numbers_add_up_and_text_does_not() {
    let (one, _) = runs();
    assert_eq!(one.kv_increment(Scope::Target, "n", 2), Ok(2));
    assert_eq!(one.kv_increment(Scope::Target, "n", -5), Ok(-3));
    one.kv_set(Scope::Target, "n", b"x".to_vec()).expect("room");
    let error = one.kv_increment(Scope::Target, "n", 1).expect_err("text");
    insta::assert_snapshot!(error, @r#"kv key "n" does not hold a whole number"#);
}

#[tokio::test]
async fn it_is_bounded_and_room_comes_back() {
    let (one, _) = runs();
    let half = vec![0; KV_MAX / 2];
    one.kv_set(Scope::Plugin, "a", half.clone()).expect("room");
    let error = one.kv_set(Scope::Plugin, "b", half.clone()).expect_err("full");
    assert_eq!(error.code, Code::TooLarge);
    one.kv_set(Scope::Plugin, "a", half.clone())
        .expect("replacing needs no more room");
    one.kv_delete(Scope::Plugin, "a");
    one.kv_set(Scope::Plugin, "b", half).expect("room came back");
}

#[tokio::test(start_paused = true)]
async fn what_nobody_asks_about_makes_room() {
    let (one, two) = runs();
    let third = vec![0; KV_MAX / 3];
    one.kv_set(Scope::Target, "gone", third.clone()).expect("room");
    one.kv_set(Scope::Plugin, "shared", third.clone()).expect("room");
    let error = two.kv_set(Scope::Target, "new", third.clone()).expect_err("full");
    assert_eq!(error.code, Code::TooLarge);
    tokio::time::advance(STALE).await;
    two.kv_set(Scope::Target, "new", third)
        .expect("the old target's is dropped");
    assert_eq!(one.kv_get(Scope::Target, "gone"), None);
    assert!(one.kv_get(Scope::Plugin, "shared").is_some());
}
