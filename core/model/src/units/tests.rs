use super::*;

#[test]
fn ranges_are_held_at_both_ends() {
    for (found, good) in [
        (0, false),
        (1, true),
        (255, true),
        (256, false),
        (u64::MAX, false),
    ] {
        assert_eq!(Vrid::try_from(found).is_ok(), good, "vrid {found}");
        assert_eq!(Priority::try_from(found).is_ok(), good, "priority {found}");
    }
}

// holds VRRP-024, VRRP-025
#[test]
fn weights_move_a_priority_inside_its_range_and_never_the_owners() {
    for (by, want) in [(0, 100), (-500, 1), (500, 254), (-99, 1), (-98, 2), (154, 254)] {
        assert_eq!(Priority::DEFAULT.moved_by(by).get(), want, "100 {by:+}");
        assert!(Priority::OWNER.moved_by(by).is_owner());
    }
}

#[test]
fn a_centisecond_is_ten_milliseconds() {
    assert_eq!(Centis::new(1).as_duration(), Duration::from_millis(10));
    assert_eq!(Centis::new(4095).as_duration(), Duration::from_millis(40_950));
    assert_eq!(Centis::new(25_500).as_duration(), Duration::from_secs(255));
}
