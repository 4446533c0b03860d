use std::time::Duration;

use crate::testing::call;

#[tokio::test]
async fn matches_have_groups() {
    let call = call(None, Duration::from_secs(60));
    let find = |pattern: &str, text: &str| {
        let found = call.regex_find(pattern, text.as_bytes()).expect("a pattern");
        found.map(|groups| {
            groups
                .iter()
                .map(|g| String::from_utf8_lossy(g).into_owned())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(
        find(r"(\w+)=(\d+)(x)?", "a b=12"),
        Some(vec!["b=12".into(), "b".into(), "12".into(), String::new()])
    );
    assert_eq!(find("^ok$", "not ok"), None);
    assert_eq!(find("(?i)HEALTHY", "all healthy"), Some(vec!["healthy".into()]));
    let error = call.regex_find("(", b"").expect_err("no pattern");
    insta::assert_snapshot!(error, @r#""(" is no regular expression: unclosed group"#);
}

#[tokio::test]
async fn no_pattern_takes_long() {
    let call = call(None, Duration::from_secs(60));
    let text = vec![b'a'; 60_000];
    assert_eq!(call.regex_find("^(a+)+$b", &text), Ok(None));
    assert!(call.regex_find("(a{1000}){1000}", &text).is_err(), "too large");
}
