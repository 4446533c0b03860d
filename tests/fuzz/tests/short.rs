//! A little of what `libfuzzer/` does for hours: the same wrong inputs each time, out of good ones.

use std::fs;
use std::path::Path;
use std::thread;

use fuzz::mutation::{Dice, broken};
use fuzz::{capture, door};
use model::net::Family;

/// Shows the input at which a door panicked.
struct Tried<'a> {
    door: &'a str,
    seed: u64,
    bytes: &'a [u8],
}

impl Drop for Tried<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let Self { door, seed, bytes } = self;
            eprintln!("{door}, seed {seed}: {}", bytes.escape_ascii());
        }
    }
}

fn try_all(name: &str, door: impl Fn(&[u8]), good: &[Vec<u8>], times: u64) {
    assert!(!good.is_empty(), "nothing to begin from at {name}");
    let tried = |seed, bytes: &[u8]| {
        let _shown = Tried {
            door: name,
            seed,
            bytes,
        };
        door(bytes);
    };
    good.iter().for_each(|bytes| tried(0, bytes));
    for seed in 1..=times {
        let mut dice = Dice::new(seed);
        let (one, other) = (&good[dice.below(good.len())], &good[dice.below(good.len())]);
        tried(seed, &broken(one, other, &mut dice));
    }
}

/// Files below a folder with one of these endings.
fn files(folder: &str, ending: &str) -> Vec<Vec<u8>> {
    let folder = Path::new("../..").join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == ending));
    paths.sort();
    paths
        .iter()
        .map(|path| fs::read(path).expect("readable"))
        .collect()
}

// holds VRRP-037, VRRP-045, VRRP-053
#[test]
fn frames() {
    let mut good = Vec::new();
    for name in ["keepalived", "frr", "bellwether"] {
        let bytes = fs::read(format!("captures/{name}.pcap")).expect("a capture");
        let all = capture::parse(&bytes).expect("a capture");
        good.extend(all.into_iter().map(|captured| captured.frame));
    }
    try_all("frames", door::frames, &good, 4000);
}

#[test]
fn keepalived_files() {
    let mut good = files("core/config/tests/keepalived", "conf");
    good.extend(files("core/config/tests/bad", "conf"));
    try_all("keepalived_conf", door::keepalived_conf, &good, 150);
}

#[test]
fn files_of_conf_d() {
    let mut good = files("conf.d", "toml");
    good.extend(files("core/config/tests/bad", "toml"));
    try_all("toml", door::toml, &good, 300);
}

#[test]
fn news_of_interfaces() {
    let whole = fs::read("captures/links.netlink").expect("a dump");
    try_all("links", door::links, &[whole], 1000);
}

#[test]
fn rows_of_the_balancer() {
    assert_eq!(linux::ipvs::rows(SERVICE, Family::V4).0.len(), 1);
    assert_eq!(linux::ipvs::rows(SERVER, Family::V4).1.len(), 1);
    try_all("ipvs", door::ipvs, &[SERVICE.to_vec(), SERVER.to_vec()], 4000);
}

/// A service as the kernel tells it: netlink header, generic header, and in one nest the family, the protocol, the
/// address, the port, the scheduler, the flags, the time-out and the mask (linux/ip_vs.h).
const SERVICE: &[u8] = b"\x5c\0\0\0\x21\0\x02\0\x07\0\0\0\0\0\0\0\x01\x01\0\0\x48\0\x01\0\x06\0\x01\0\x02\0\0\0\
    \x06\0\x02\0\x06\0\0\0\x08\0\x03\0\xc0\0\x02\x01\x06\0\x04\0\0\x50\0\0\x07\0\x06\0rr\0\0\x0c\0\x07\0\x01\0\0\0\xfd\xff\xff\xff\
    \x08\0\x08\0\x3c\0\0\0\x08\0\x09\0\xff\xff\xff\0";
/// A real server: address, port, forwarding, weight, thresholds, family.
const SERVER: &[u8] = b"\x50\0\0\0\x21\0\x02\0\x07\0\0\0\0\0\0\0\x08\x01\0\0\x3c\0\x02\0\x08\0\x01\0\x0a\0\0\x0b\x06\0\x02\0\0\x50\0\0\
    \x08\0\x03\0\0\0\0\0\x08\0\x04\0\x01\0\0\0\x08\0\x05\0\0\0\0\0\x08\0\x06\0\0\0\0\0\x06\0\x0b\0\x02\0\0\0";

#[test]
fn what_stands_beside_a_packet() {
    // One message each: an address, a hop limit, a time.
    let one = |level: i32, kind: i32, data: &[u8]| {
        let mut bytes = (16 + data.len()).to_ne_bytes().to_vec();
        bytes.extend(level.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    };
    let good = [
        one(0, 8, &[2, 0, 0, 0, 192, 0, 2, 2, 224, 0, 0, 18]),
        one(41, 52, &[255, 0, 0, 0]),
        one(1, 35, &[1; 16]),
    ];
    let together = good.concat();
    try_all("control", door::control, &[together], 4000);
}
