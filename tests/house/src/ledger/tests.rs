use super::*;

#[test]
fn a_marker_names_its_clauses_and_the_test_below_it() {
    let text = [
        "/// What it shows.",
        "// holds VRRP-001, VRRP-028",
        "#[test]",
        "fn one() {}",
        "// holds VRRP-002",
        "fn helper() {}",
        "// VRRP-003 is only mentioned.",
        "#[test]",
        "fn two() {}",
    ]
    .join("\n");
    let found = marks_in(Path::new("x.rs"), &text);
    let found: Vec<_> = found
        .iter()
        .map(|m| (m.line, m.ids.join(" "), m.test.clone()))
        .collect();
    assert_eq!(
        found,
        [
            (2, "VRRP-001 VRRP-028".to_owned(), Some("one".to_owned())),
            (5, "VRRP-002".to_owned(), None),
        ]
    );
}

#[test]
fn a_row_that_says_too_little_or_too_much_is_refused() {
    let row = |more: &str| clauses(&format!("VRRP-001 = {{ level = \"M\", section = \"1\"{more} }}"));
    assert!(row(", says = \"a\"").is_ok_and(|rows| rows.len() == 1));
    for (more, wrong) in [
        ("", "says is missing"),
        (", says = 1", "no text"),
        (", says = \"a\", why = \"b\"", "no key why"),
        (", says = \"a\", gap = \"b\", partly = \"c\"", "one of"),
    ] {
        let error = row(more).expect_err(wrong);
        assert!(error.contains(wrong), "{error}");
    }
}
