use super::{code, code_lines, functions};

#[test]
fn literals_and_comments_become_blanks() {
    let cases: [(&str, &[&str]); 8] = [
        ("a // unsafe\nb", &["// unsafe"]),
        ("a /* x /* y */ z */ b", &["/* x /* y */ z */"]),
        (r#"f("a { \" b") }"#, &[r#""a { \" b""#]),
        (r##"f(r#"a " { "#) }"##, &[r##"r#"a " { "#"##]),
        ("let c = '{'; fn f<'a>()", &["'{'"]),
        (r"let c = '\''; x", &[r"'\''"]),
        (r"b'\n' b'x' x", &[r"b'\n'", "b'x'"]),
        ("br\"{\" bar \"}\"", &["br\"{\"", "\"}\""]),
    ];
    for (source, literals) in cases {
        let blanked = |text: String, literal: &&str| text.replacen(literal, &" ".repeat(literal.len()), 1);
        let wanted = literals.iter().fold(source.to_owned(), blanked);
        assert_eq!(code(source), wanted, "{source}");
    }
}

#[test]
fn only_code_counts() {
    assert_eq!(code_lines("//! a\n\nfn f() {\n    // why\n    g();\n}\n"), 3);
    assert_eq!(code_lines("let a = \"\n  text\n\";\n"), 3);
}

#[test]
fn functions_are_measured_from_name_to_brace() {
    let source =
        "trait T { fn a(&self); fn b() {\n\n} }\nfn c(x: [u8; 4]) -> [u8; 2]\nwhere T: U,\n{ if x { } }\n";
    let found = functions(&code(source));
    let found: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
    assert_eq!(found, [("b", 1, 3), ("c", 4, 3)]);
}
