use std::net::IpAddr;

use proptest::prelude::*;

use model::net::{Family, Mac};

use super::{Fields, PacketV4, build, parse_v4};

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

const fn vrrp(payload: usize) -> Fields {
    Fields {
        protocol: 112,
        hop_limit: 255,
        identification: 0,
        payload,
    }
}

// holds VRRP-006, VRRP-017
#[test]
fn a_header_of_ipv4_is_exactly_this() {
    let header = build(ip("192.0.2.1"), ip("224.0.0.18"), vrrp(12)).expect("one family");
    let wanted = [
        0x45, 0xc0, 0, 32, 0, 0, 0, 0, 255, 112, 0, 0, 192, 0, 2, 1, 224, 0, 0, 18,
    ];
    assert_eq!(header.as_bytes(), wanted);
}

#[test]
fn what_an_authentication_covers_goes_through_unchanged() {
    let fields = Fields {
        protocol: 51,
        hop_limit: 64,
        identification: 0x1234,
        payload: 2,
    };
    let header = build(ip("192.0.2.1"), ip("192.0.2.2"), fields).expect("one family");
    let packet = [header.as_bytes(), &[7, 8]].concat();
    let wanted = PacketV4 {
        source: "192.0.2.1".parse().expect("an address"),
        destination: "192.0.2.2".parse().expect("an address"),
        protocol: 51,
        hop_limit: 64,
        identification: 0x1234,
        has_options: false,
        payload: &[7, 8],
    };
    assert_eq!(parse_v4(&packet), Some(wanted));
}

// holds VRRP-012, VRRP-017
#[test]
fn a_header_of_ipv6_is_exactly_this() {
    let header = build(ip("fe80::1"), ip("ff02::12"), vrrp(24)).expect("one family");
    let mut wanted = vec![0x6c, 0, 0, 0, 0, 24, 112, 255];
    wanted.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    wanted.extend([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12]);
    assert_eq!(header.as_bytes(), wanted);
}

#[test]
fn a_frame_of_ipv4_is_exactly_this() {
    let mac = Mac::of_virtual_router(Family::V4, 51);
    let packet = build(ip("192.0.2.1"), ip("224.0.0.18"), vrrp(8)).expect("one family");
    let frame = packet.framed(mac, ip("224.0.0.18")).expect("a group");
    let mut wanted = vec![0x01, 0, 0x5e, 0, 0, 0x12, 0, 0, 0x5e, 0, 1, 51, 8, 0];
    wanted.extend([0x45, 0xc0, 0, 28, 0, 0, 0x40, 0, 255, 112, 0xd8, 0x9d]);
    wanted.extend([192, 0, 2, 1, 224, 0, 0, 18]);
    assert_eq!(frame.as_bytes(), wanted);
}

#[test]
fn a_frame_of_ipv6_is_exactly_this() {
    let mac = Mac::of_virtual_router(Family::V6, 51);
    let packet = build(ip("fe80::1"), ip("ff02::12"), vrrp(24)).expect("one family");
    let frame = packet.framed(mac, ip("ff02::12")).expect("a group");
    let mut wanted = vec![0x33, 0x33, 0, 0, 0, 0x12, 0, 0, 0x5e, 0, 2, 51, 0x86, 0xdd];
    wanted.extend(packet.as_bytes());
    assert_eq!(frame.as_bytes(), wanted);
}

/// What proves the packet covers its identification; the flags stay as they were.
#[test]
fn a_frame_keeps_an_identification() {
    let fields = Fields {
        identification: 7,
        ..vrrp(8)
    };
    let packet = build(ip("192.0.2.1"), ip("224.0.0.18"), fields).expect("one family");
    let frame = packet.framed(Mac::default(), ip("224.0.0.18")).expect("a group");
    assert_eq!(frame.as_bytes()[18..22], [0, 7, 0, 0]);
}

#[test]
fn only_a_group_has_a_frame() {
    let mac = Mac::of_virtual_router(Family::V4, 51);
    let packet = build(ip("192.0.2.1"), ip("192.0.2.2"), vrrp(8)).expect("one family");
    assert_eq!(packet.framed(mac, ip("192.0.2.2")), None);
}

#[test]
fn mixed_families_and_giants_have_no_header() {
    assert_eq!(build(ip("192.0.2.1"), ip("ff02::12"), vrrp(12)), None);
    assert_eq!(build(ip("192.0.2.1"), ip("224.0.0.18"), vrrp(65_516)), None);
    assert_eq!(build(ip("fe80::1"), ip("ff02::12"), vrrp(65_536)), None);
}

// holds VRRP-038, VRRP-039
#[test]
fn options_and_padding_are_no_payload() {
    let mut packet = vec![
        0x46, 0xc0, 0, 26, 0, 0, 0, 0, 255, 112, 0, 0, 192, 0, 2, 1, 224, 0, 0, 18,
    ];
    packet.extend([0x94, 4, 0, 0]); // Router alert.
    packet.extend([7, 8]);
    packet.extend([0; 20]); // Padding of the Ethernet frame.
    let parsed = parse_v4(&packet).expect("a good packet");
    let wanted = PacketV4 {
        source: "192.0.2.1".parse().expect("an address"),
        destination: "224.0.0.18".parse().expect("an address"),
        protocol: 112,
        hop_limit: 255,
        identification: 0,
        has_options: true,
        payload: &[7, 8],
    };
    assert_eq!(parsed, wanted);
}

#[test]
fn lengths_that_lie_are_refused() {
    let good = [
        0x45, 0, 0, 21, 0, 0, 0, 0, 255, 112, 0, 0, 192, 0, 2, 1, 224, 0, 0, 18, 9,
    ];
    assert!(parse_v4(&good).is_some());
    for (at, byte) in [(0, 0x65), (0, 0x44), (0, 0x4f), (3, 22), (3, 19)] {
        let mut bad = good;
        bad[at] = byte;
        assert_eq!(parse_v4(&bad), None, "byte {at} = {byte:#x}");
    }
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        if let Some(packet) = parse_v4(&bytes) {
            prop_assert!(packet.payload.len() <= bytes.len() - 20);
        }
    }
}
