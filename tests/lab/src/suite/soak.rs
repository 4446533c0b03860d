//! Routers on bad lines, for as long as one likes to look.

use std::thread::sleep;
use std::time::Duration;

use super::stage::{Stage, settles};
use super::{Case, remark};
use crate::capture::{self, Packet};

/// Names the seconds that it takes.
const SETTING: &str = "SOAK_SECONDS";
const SECONDS: u64 = 5;
/// Of each line: an advert passes two.
const LOSS_PERCENT: f32 = 1.0;
const JITTER: Duration = Duration::from_millis(5);
/// Adverts that a Master says at most while another one speaks that is to yield to it. Each is lost on its way with
/// two in a hundred, so that by chance alone this many in a row never are.
const TOGETHER_MAX: usize = 10;

/// Whoever becomes Master by bad luck goes when it hears the better one, and that one is Master at the end.
pub(super) fn run(case: Case) {
    let stage = Stage::new(case);
    let _lines = ["a", "b"].map(|name| stage.node(name).lay_bad_line(LOSS_PERCENT, JITTER));
    let (first, second) = stage.pair();
    let before = first.moves() + second.moves();
    let seconds = std::env::var(SETTING).ok().and_then(|text| text.parse().ok());
    let seconds = seconds.unwrap_or(SECONDS);
    sleep(Duration::from_secs(seconds));
    settles(&first, &second);
    stage.only(&[&first, &second], &first);
    let moves = first.moves() + second.moves() - before;
    let packets = stage.finish();
    let (longest, said) = (together(&packets), capture::adverts(&packets).count());
    remark(format!(
        "{case}: {said} adverts in {seconds} s, {LOSS_PERCENT} % of them lost on each of two lines: the states moved \
         {moves} times; two Masters for {longest} adverts of the better one"
    ));
    assert!(
        longest <= TOGETHER_MAX,
        "two Masters for {longest} adverts of the better one"
    );
}

/// The longest time that both of them spoke, in adverts of the better one. Between two words of one reign of the worse
/// one it says two or three.
fn together(packets: &[Packet]) -> usize {
    const PAUSE: usize = 3;
    let (mut longest, mut reign, mut since) = (0, 0, PAUSE + 1);
    for (_, advert) in capture::adverts(packets) {
        match advert.priority {
            150 => since += 1,
            100 => {
                reign = if since > PAUSE { 0 } else { reign + since };
                longest = longest.max(reign);
                since = 0;
            }
            // Priority 0: whoever says it is Master no more.
            _ => {}
        }
    }
    longest
}
