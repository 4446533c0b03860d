//! Two routers that are not configured the same.

use std::time::Duration;

use model::transition::State;

use super::Case;
use super::stage::{Stage, nobody_moves};

/// The Backup has one address more: no reason for two Masters.
pub(super) fn addresses(case: Case) {
    let stage = Stage::new(case);
    let mut of_b = stage.wanted(100);
    of_b.addresses.push("192.0.2.101/24".to_owned());
    let (first, second) = stage.elect(&stage.wanted(150), &of_b);
    nobody_moves(&[&first, &second], || ());
    first.stop();
    second.becomes(State::Master);
    assert!(second.carries("192.0.2.101"));
    stage.finish();
}

/// The Backup learns the Master's interval, be it longer or shorter than its own.
pub(super) fn interval(case: Case) {
    for (of_master, of_backup) in [(100, 300), (300, 100)] {
        let stage = Stage::new(case);
        let [mut of_a, mut of_b] = [150, 100].map(|priority| stage.wanted(priority));
        of_a.interval = Duration::from_millis(of_master);
        of_b.interval = Duration::from_millis(of_backup);
        let (first, second) = stage.elect(&of_a, &of_b);
        nobody_moves(&[&first, &second], || ());
        first.kill();
        second.becomes(State::Master);
        stage.finish();
    }
}

/// Version 2 drops such adverts (RFC 3768 §7.1), so both are Master until somebody reads the log.
pub(super) fn interval_of_version_2(case: Case) {
    let stage = Stage::new(case);
    let mut of_b = stage.wanted(100);
    of_b.interval = Duration::from_secs(2);
    let first = stage.first(&stage.wanted(150));
    let second = stage.second(&of_b);
    first.becomes(State::Master);
    second.becomes(State::Master);
    let ours = first.ours().expect("ours is first");
    ours.says("that intervals differ", |status| {
        let dropped = status
            .instances
            .first()?
            .counters
            .get("dropped_interval_mismatch");
        dropped.filter(|count| **count > 0).map(|_| ())
    });
    stage.finish();
}
