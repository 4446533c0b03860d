use super::*;

#[test]
fn a_time_of_day_has_milliseconds() {
    let at = SystemTime::UNIX_EPOCH + Duration::from_millis(86_400_000 * 3 + 3_723_004);
    insta::assert_snapshot!(clock(at), @"01:02:03.004Z");
}
