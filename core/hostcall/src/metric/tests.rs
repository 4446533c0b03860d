use std::time::Duration;

use super::*;
use crate::testing;

#[test]
fn counters_rise_and_gauges_are_set() {
    let call = testing::call(None, Duration::from_secs(1));
    for delta in [None, Some(2.5)] {
        call.metric_count("asked", delta).expect("good");
    }
    for value in [7.0, -1.0] {
        call.metric_set("lag_seconds", value).expect("good");
    }
    let all = call.host.kept.metrics.all();
    let wanted = [
        ("asked".to_owned(), Metric::Counter(3.5)),
        ("lag_seconds".to_owned(), Metric::Gauge(-1.0)),
    ];
    assert_eq!(all, BTreeMap::from(wanted));
}

#[test]
fn nonsense_is_refused() {
    let call = testing::call(None, Duration::from_secs(1));
    call.metric_count("asked", None).expect("good");
    call.metric_set("lag", 1.0).expect("good");
    let told = [
        call.metric_count("Asked", None),
        call.metric_count("", None),
        call.metric_count("asked", Some(-1.0)),
        call.metric_count("asked", Some(f64::NAN)),
        call.metric_count("lag", None),
        call.metric_set("asked", 1.0),
        call.metric_set("lag", f64::INFINITY),
        (0..NAMES_MAX).try_for_each(|n| call.metric_set(&format!("n{n}"), 1.0)),
    ];
    let told = told.map(|result| result.expect_err("nonsense").message);
    insta::assert_snapshot!(told.join("\n"), @r#"
    "Asked" is no name of a metric: lower-case letters, digits and _, a letter first, 64 at most
    "" is no name of a metric: lower-case letters, digits and _, a letter first, 64 at most
    a counter never falls: it cannot count -1
    a counter never falls: it cannot count NaN
    lag is a gauge; set it
    asked is a counter; count it
    inf is no value of a gauge
    there are 64 metrics already; a plugin has no more
    "#);
}
