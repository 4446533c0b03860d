use super::*;

fn row(event: &str, good: bool) -> Row {
    Row {
        event: event.to_owned(),
        who: "lb2".to_owned(),
        seen: "312 ms".to_owned(),
        expected: "at most 361 ms".to_owned(),
        good,
    }
}

#[test]
fn long_text_is_broken_at_spaces_only() {
    assert_eq!(wrap("the Master was silent", 10), ["the Master", "was silent"]);
    assert_eq!(
        wrap("/a/path/longer/than/that and so on", 10),
        ["/a/path/longer/than/that", "and so on"]
    );
    assert_eq!(wrap("", 10), [""]);
}

#[test]
fn a_row_survives_the_way_through_a_console() {
    for good in [true, false] {
        let row = row("lb1 loses power", good);
        assert_eq!(decode_row(&format!("{}\r", encode_row(&row))), Some(row));
    }
    assert_eq!(decode_row("     0.412 s  lb1      Master"), None);
    assert_eq!(decode_row("@row\t1\tonly this"), None);
}

#[test]
fn the_table_is_aligned() {
    let text = table(&[row("lb1 loses power", true), row("lb1 is back", false)]);
    insta::assert_snapshot!(text, @r"
         event            by   seen    expected
    ok   lb1 loses power  lb2  312 ms  at most 361 ms
    NOT  lb1 is back      lb2  312 ms  at most 361 ms
    ");
}

#[test]
fn a_story_without_rows_is_not_good() {
    let mut story = Story::new(
        SystemTime::now(),
        Reader::Person { colour: false },
        Duration::ZERO,
    );
    assert!(!story.is_good());
    story.row(row("lb1 loses power", true));
    assert!(story.is_good());
    story.row(row("lb1 is back", false));
    assert!(!story.is_good());
}
