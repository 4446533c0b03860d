//! Packets that must not count, from somebody who would win the election if they did.

use std::net::IpAddr;
use std::thread::sleep;
use std::time::Duration;

use model::net::Family;

use super::stage::{Stage, nobody_moves};
use super::{Case, remark};
use crate::process;
use crate::router::{Form, Router};
use crate::stranger::{Message, Stranger};

/// Rounds of every kind.
const ROUNDS: usize = 1000;
/// Between rounds: it is not the point whether this machine can send faster than it can receive.
const PAUSE: Duration = Duration::from_millis(1);
/// Between adverts: longer than is usual here, for the same reason.
const INTERVAL: Duration = Duration::from_millis(500);
/// More than any allocator keeps for a while, less than what a thousandth of the flood would need if it were kept.
const GROWTH_KB_MAX: u64 = 16 << 10;
/// Lines that all of it together may add to the log.
const LINES_MAX: usize = 100;

/// State, timers, learned values, memory and log are as if nothing had been sent.
pub(super) fn run(case: Case) {
    let stage = Stage::with(case, &["a", "b", "stranger"]);
    let [mut of_a, mut of_b] = [150, 100].map(|priority| stage.wanted(priority));
    for wanted in [&mut of_a, &mut of_b] {
        wanted.interval = wanted.interval.max(INTERVAL);
    }
    let (first, second) = stage.elect(&of_a, &of_b);
    let ours = first.ours().expect("ours is first");
    let stranger = Stranger::on(&stage.node("stranger"), case.form.family());
    let (lines, memory) = (ours.log().lines().count(), memory_kb(&first));
    let count = |what: &str| {
        let counters = ours
            .instance("web")
            .map(|found| found.counters)
            .unwrap_or_default();
        let chosen = counters.iter().filter(|(name, _)| name.starts_with(what));
        chosen.map(|(_, count)| *count).sum::<u64>()
    };
    let packets = packets(case.form, &stranger);
    let from_others = count("adverts_received");
    nobody_moves(&[&first, &second], || {
        for _ in 0..ROUNDS {
            for (bytes, hops, destination) in &packets {
                stranger.leave_hops(*hops);
                stranger.sends(bytes, *destination);
            }
            sleep(PAUSE);
        }
    });
    let dropped = count("dropped");
    assert!(dropped > 0, "it heard nothing of it");
    assert_eq!(count("adverts_received"), from_others, "some of it counted");
    let found = ours.instance("web").expect("it answers");
    assert_eq!(
        found.master.map(|master| master.to_string()),
        Some(own_source(&stage, case.form))
    );
    let grown = memory_kb(&first).saturating_sub(memory);
    assert!(grown < GROWTH_KB_MAX, "it grew by {grown} kB");
    let said = ours.log().lines().count() - lines;
    assert!(said < LINES_MAX, "{said} lines in the log");
    first.stop();
    second.becomes(model::transition::State::Master);
    let sent = ROUNDS * packets.len();
    remark(format!(
        "{case}: {sent} packets of {} kinds; {dropped} reached us, {said} lines in the log, {grown} kB more",
        packets.len()
    ));
}

fn own_source(stage: &Stage, form: Form) -> String {
    match form.family() {
        Family::V4 => stage.node("a").ipv4(),
        Family::V6 => stage.node("a").link_local(),
    }
}

/// Bytes, hops left and destination of one packet of each kind. But for what is wrong, each is a better Master's.
fn packets(form: Form, stranger: &Stranger) -> Vec<(Vec<u8>, u8, IpAddr)> {
    let good = match form {
        Form::V2 => Message::v2(254, &["192.0.2.100"]),
        Form::V3 | Form::V3MessageOnly => Message::v3(254, &["192.0.2.100"]),
        Form::V6 => Message::v3(254, &["fe80::100", "2001:db8::100"]),
    };
    let (source, group) = (stranger.source, stranger.group);
    let mut packets: Vec<_> = wrong(form, &good)
        .iter()
        .map(|message| (message.bytes(source, group), 255, group))
        .collect();
    let bytes = good.bytes(source, group);
    packets.push((bytes.clone(), 254, group));
    packets.push((bytes.get(..7).unwrap_or_default().to_owned(), 255, group));
    packets.push((vec![0xff; 1400], 255, group));
    packets
}

/// Messages with one thing wrong in each.
fn wrong(form: Form, good: &Message) -> Vec<Message> {
    let mut wrong = vec![
        Message {
            checksum_error: 1,
            ..good.clone()
        },
        Message {
            version_and_type: good.version_and_type + 1,
            ..good.clone()
        },
        Message {
            version_and_type: 0x41,
            ..good.clone()
        },
        Message {
            version_and_type: good.version_and_type ^ 0x10,
            ..good.clone()
        },
        Message {
            count: 0,
            addresses: Vec::new(),
            ..good.clone()
        },
        Message {
            count: 200,
            ..good.clone()
        },
        Message {
            tail: vec![0; 9],
            ..good.clone()
        },
        Message {
            vrid: 0,
            ..good.clone()
        },
        Message {
            interval: [0, 0],
            ..good.clone()
        },
    ];
    if form == Form::V2 {
        // Authentication that nobody asked for, of a kind that there is and of one that there is not.
        wrong.push(Message {
            interval: [1, 1],
            ..good.clone()
        });
        wrong.push(Message {
            interval: [9, 1],
            ..good.clone()
        });
        wrong.push(Message {
            interval: [0, 2],
            ..good.clone()
        });
    }
    if form == Form::V6 {
        wrong.push(Message::v3(254, &["2001:db8::100", "fe80::100"]));
    }
    wrong
}

/// Memory of all its processes.
fn memory_kb(router: &Router) -> u64 {
    router
        .node()
        .processes()
        .into_iter()
        .map(process::memory_kb)
        .sum()
}
