use super::*;

#[test]
fn the_body_follows_the_head() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    assert_eq!(body(answer).expect("a whole answer"), b"{}");
}

#[test]
fn a_refusal_and_half_an_answer_are_errors() {
    insta::assert_snapshot!(
        body(b"HTTP/1.1 403 Forbidden\r\n\r\n").expect_err("refused"),
        @"the daemon refused: HTTP/1.1 403 Forbidden"
    );
    insta::assert_snapshot!(body(b"HTTP/1.1 200 OK\r\n").expect_err("cut"), @"the answer has no end of its head");
}
