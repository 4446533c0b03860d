use super::*;

#[test]
fn words_for_a_shell() {
    assert_eq!(quote("a b"), "'a b'");
    assert_eq!(quote("it's $HOME"), r"'it'\''s $HOME'");
}

#[test]
fn a_missing_program_names_its_package() {
    let error = modules::find("no-such-program-here", "user-mode-linux").unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot boot User-Mode Linux: no-such-program-here is missing; install it with `apt install user-mode-linux`"
    );
}

#[test]
fn console_lines_lose_their_ends_only() {
    let (send, receive) = mpsc::sync_channel(8);
    read_lines(&b"one\r\n\ntwo \xff\nrest"[..], &send);
    drop(send);
    let lines: Vec<String> = receive.iter().collect();
    assert_eq!(lines, ["one", "", "two \u{fffd}", "rest"]);
}
