//! A new configuration again and again.

use super::stage::{Stage, nobody_moves};
use super::{Case, remark};
use crate::capture;

/// How many times.
const RELOADS: usize = 200;

/// Each time with another priority, so that each is more than a look: nobody moves.
pub(super) fn run(case: Case) {
    let stage = Stage::new(case);
    let (first, second) = stage.pair();
    let daemon = first.ours().expect("ours is first");
    let texts = [151, 150].map(|priority| stage.wanted(priority).keepalived());
    nobody_moves(&[&first, &second], || {
        for text in texts.iter().cycle().take(RELOADS) {
            daemon.node().write("keepalived.conf", text);
            let (content, said) = daemon.reload();
            assert!(content, "{said}");
        }
    });
    stage.only(&[&first, &second], &first);
    let packets = stage.finish();
    let mut said: Vec<(f64, u8)> = Vec::new();
    for (packet, advert) in capture::adverts(&packets) {
        assert_eq!(advert.source, "192.0.2.1", "somebody else was Master");
        said.push((packet.at, advert.priority));
    }
    let changes = said.windows(2).filter(|pair| pair[0].1 != pair[1].1).count();
    assert!(changes > 0, "no reload reached the adverts");
    let gap = said
        .windows(2)
        .map(|pair| pair[1].0 - pair[0].0)
        .fold(0.0, f64::max);
    remark(format!(
        "{case}: {RELOADS} reloads, {} adverts, the longest gap {:.0} ms at an interval of 100 ms",
        said.len(),
        gap * 1000.0
    ));
}
