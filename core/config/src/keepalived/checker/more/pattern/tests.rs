use insta::assert_snapshot;

use super::translate;

fn all(patterns: &[&str]) -> String {
    let line = |pattern: &&str| match translate(pattern, &[]) {
        Ok(ours) => format!("{pattern}  ->  {ours}\n"),
        Err(what) => format!("{pattern}  has {what}\n"),
    };
    patterns.iter().map(line).collect()
}

#[test]
fn what_both_know_stays_and_what_differs_is_written_anew() {
    assert_snapshot!(all(&[
        "^HTTP/1\\.1 200",
        "OK$",
        r"^\d{3}$|a{2,}b{1,2}",
        r#"{"status": *"up"}"#,
        "[]a[&&x]]",
        "[[:digit:]\\]^-]+",
        r"(?:a|b)*?(?i)c(?<n>d)(?P<m>e)",
        r"end\Z",
        "a++",
        "a?+",
        "a{2}+",
        r"(a)\1",
        "(?=a)",
        "(?<!a)b",
        "(?>a)",
        "(*FAIL)",
        "[a",
        "a\\",
    ]), @r#"
    ^HTTP/1\.1 200  ->  ^HTTP/1\.1 200
    OK$  ->  OK(?:\n?\z)
    ^\d{3}$|a{2,}b{1,2}  ->  ^\d{3}(?:\n?\z)|a{2,}b{1,2}
    {"status": *"up"}  ->  \{"status": *"up"}
    []a[&&x]]  ->  [\]a\[\&\&x]]
    [[:digit:]\]^-]+  ->  [[:digit:]\]^-]+
    (?:a|b)*?(?i)c(?<n>d)(?P<m>e)  ->  (?:a|b)*?(?i)c(?<n>d)(?P<m>e)
    end\Z  ->  end(?:\n?\z)
    a++  has `++`, `*+` or `?+`
    a?+  has `++`, `*+` or `?+`
    a{2}+  has `++`, `*+` or `?+`
    (a)\1  has `\1`
    (?=a)  has `(?=a`
    (?<!a)b  has `(?<!`
    (?>a)  has `(?>a`
    (*FAIL)  has a verb, `(*`
    [a  has a `[` without its `]`
    a\  has a `\` at its end
    "#);
}

#[test]
fn options_are_flags() {
    assert_eq!(
        translate("a$", &["caseless", "multiline"]),
        Ok("(?im)a$".to_owned())
    );
    assert_eq!(translate("a$", &["dollar_endonly"]), Ok(r"a\z".to_owned()));
    assert_eq!(
        translate("a", &["alt_bsux"]),
        Err("the option alt_bsux".to_owned())
    );
}
