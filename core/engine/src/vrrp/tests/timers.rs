use std::time::Duration;

use model::plan::Version;
use model::units::Centis;

use super::kit::priority;
use crate::vrrp::bucket::Bucket;
use crate::vrrp::timer::{down, skew};

// holds VRRP-070, VRRP-071
#[test]
fn the_table_of_exact_intervals() {
    for (active, number, skew_ns, down_ns) in [
        (1, 1, 9_960_937, 39_960_937),
        (1, 100, 6_093_750, 36_093_750),
        (1, 200, 2_187_500, 32_187_500),
        (1, 254, 78_125, 30_078_125),
        (1, 255, 39_062, 30_039_062),
        (10, 100, 60_937_500, 360_937_500),
        (100, 1, 996_093_750, 3_996_093_750),
        (100, 100, 609_375_000, 3_609_375_000),
        (100, 254, 7_812_500, 3_007_812_500),
        (4095, 100, 24_953_906_250, 147_803_906_250),
    ] {
        let active = Centis::new(active);
        assert_eq!(
            skew(Version::V3, priority(number), active),
            Duration::from_nanos(skew_ns)
        );
        assert_eq!(
            down(Version::V3, priority(number), active, 3),
            Duration::from_nanos(down_ns)
        );
    }
}

/// C5, and the traps of integer skew, of overflow, and of centiseconds taken for seconds: every priority with every
/// interval.
// holds VRRP-070, VRRP-071
#[test]
fn every_interval_is_the_rational_one_floored_and_monotone() {
    for number in 1..=255u64 {
        let mut last = Duration::ZERO;
        for active in 1..=4095u16 {
            let centis = Centis::new(active);
            let exact = u128::from(256 - number) * u128::from(active) * 10_000_000 / 256;
            let skew = skew(Version::V3, priority(number), centis);
            assert_eq!(skew.as_nanos(), exact);
            assert!(skew > Duration::ZERO);
            let down = down(Version::V3, priority(number), centis, 3);
            assert_eq!(down, centis.as_duration() * 3 + skew);
            assert!(down > last);
            last = down;
        }
    }
}

#[test]
fn a_better_priority_waits_less() {
    for number in 2..=255 {
        let active = Centis::new(1);
        assert!(
            skew(Version::V3, priority(number), active) < skew(Version::V3, priority(number - 1), active)
        );
    }
}

// holds VRRP-204, VRRP-205
#[test]
fn version_2_skews_by_seconds_whatever_the_interval() {
    for interval in [100, 1000, 25_500] {
        let interval = Centis::new(interval);
        assert_eq!(
            skew(Version::V2, priority(100), interval),
            Duration::from_micros(609_375)
        );
        let want = interval.as_duration() * 3 + Duration::from_micros(609_375);
        assert_eq!(down(Version::V2, priority(100), interval, 3), want);
    }
}

// holds VRRP-136
#[test]
fn a_bucket_gives_a_few_at_once_and_then_one_each_interval() {
    let mut bucket = Bucket::default();
    let second = Duration::from_secs(1);
    let given =
        (0..10_000u64).filter(|n| bucket.take(second, super::kit::ORIGIN + Duration::from_millis(*n)));
    let given = given.count();
    assert!((10..=14).contains(&given), "{given} in ten seconds");
}
