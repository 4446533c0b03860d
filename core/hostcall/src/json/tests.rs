use super::*;

#[test]
fn a_pointer_leads_to_every_kind_of_value() {
    let text = br#"{"a":[{"b/c":"x"},2.5,true,null],"n":-3}"#;
    let at = |pointer: &str| find(text, pointer).expect("JSON");
    assert_eq!(at("/a/0/b~1c"), Some(Found::Text("x".to_owned())));
    assert_eq!(at("/a/1"), Some(Found::Number(2.5)));
    assert_eq!(at("/a/2"), Some(Found::Boolean(true)));
    assert_eq!(at("/a/3"), None);
    assert_eq!(at("/a/4"), None);
    assert_eq!(at("/n"), Some(Found::Number(-3.0)));
    assert_eq!(at("/a/0"), Some(Found::Json(r#"{"b/c":"x"}"#.to_owned())));
}

#[test]
fn what_cannot_be_looked_into_is_told() {
    let told = |text: &[u8], pointer: &str| find(text, pointer).expect_err("refused").to_string();
    let all = [
        told(b"{", "/a"),
        told(b"{}", "a"),
        told(&vec![b' '; BYTES_MAX + 1], "/a"),
        told("[".repeat(200).as_bytes(), "/0"),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    not JSON: EOF while parsing an object at line 1 column 1
    "a" is no JSON pointer: it begins with /, such as "/members/0/state"
    a JSON document has at most 20000 values and 262144 bytes
    not JSON: recursion limit exceeded at line 1 column 128
    "#);
}
