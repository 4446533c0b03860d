use super::split;

fn check(text: &str, words: &[&str]) {
    assert_eq!(split(text).expect("quotes are closed"), words, "{text}");
}

#[test]
fn quotes_and_escapes_but_no_shell() {
    check("/bin/a b  c", &["/bin/a", "b", "c"]);
    check("/bin/a 'b c' \"d e\" f\\ g", &["/bin/a", "b c", "d e", "f g"]);
    check("a '' b", &["a", "", "b"]);
    check("a | b > $HOME", &["a", "|", "b", ">", "$HOME"]);
    check(r"a\tb \x41\101 \#", &["a\tb", "AA", "#"]);
    assert_eq!(split("a 'b"), None);
    assert_eq!(split(r"a \x00"), None);
}
