//! What keepalived 2.2.7, FRR 8.4 and bellwether said on a segment of two namespaces (`captures/make` says how), both
//! ways: the files, and the adverts in them.

use std::fs;
use std::path::Path;

use fuzz::{capture, packet};

fn captured(name: &str) -> (Vec<u8>, Vec<capture::Captured>) {
    let file = Path::new("captures").join(name);
    let bytes = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let all = capture::parse(&bytes).unwrap_or_else(|| panic!("{} is no capture", file.display()));
    (bytes, all)
}

/// How many adverts, and how many of them of priority 0, each file holds.
// holds VRRP-004, VRRP-010, VRRP-041, VRRP-042, VRRP-203
#[test]
fn every_captured_byte_is_made_again() {
    for (name, adverts, farewells) in [
        ("keepalived.pcap", 24, 6),
        ("frr.pcap", 11, 3),
        ("bellwether.pcap", 36, 9),
    ] {
        let (bytes, all) = captured(name);
        assert!(
            capture::print(&all) == bytes,
            "{name} is not printed as it was read"
        );
        let mut leaving = 0;
        for (n, captured) in all.iter().enumerate() {
            let packet = packet::open(&captured.frame).unwrap_or_else(|| panic!("{name} {n} is no advert"));
            assert_eq!(packet.hop_limit, 255, "{name} {n}");
            let rebuilt = packet::rebuilt(&packet);
            assert_eq!(rebuilt.as_deref(), Some(packet.payload), "{name} {n}");
            let message = match packet.envelope {
                model::fact::Envelope::Bare => Some(packet.payload),
                model::fact::Envelope::Authenticated { .. } => wire::ah::message(packet.payload),
            };
            leaving += usize::from(message.and_then(|message| message.get(2)) == Some(&0));
        }
        assert_eq!((all.len(), leaving), (adverts, farewells), "{name}");
    }
}

#[test]
fn a_capture_that_ends_too_early_is_none() {
    let (bytes, all) = captured("frr.pcap");
    let whole: Vec<usize> = all
        .iter()
        .scan(24, |end, captured| {
            let start = *end;
            *end += 16 + captured.frame.len();
            Some(start)
        })
        .chain([bytes.len()])
        .collect();
    for end in 0..=bytes.len() {
        assert_eq!(
            capture::parse(&bytes[..end]).is_some(),
            whole.contains(&end),
            "{end}"
        );
    }
}
