use super::*;

/// RFC 9568 §6.1, by hand: (256 - 100) x 100 ms / 256 is 60.9375 ms.
#[test]
fn bounds_are_those_of_the_rfc() {
    for (advert_ms, priority, skew_us, down_us) in [
        (100, 100, 60_937, 360_937),
        (10, 100, 6_093, 36_093),
        (1000, 254, 7_812, 3_007_812),
    ] {
        let advert = Duration::from_millis(advert_ms);
        assert_eq!(skew(advert, priority).as_micros(), skew_us);
        assert_eq!(down_interval(advert, priority).as_micros(), down_us);
    }
}
