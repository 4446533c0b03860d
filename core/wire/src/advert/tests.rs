use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

const GROUP_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
const GROUP_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12));
const STRICT: Leave = Leave {
    empty_list: false,
    any_first_address: false,
    trailer: false,
    summed_to: None,
};
const V1: &str = "31 33 64 01 00 64 40 32 c6 33 64 01";
const V6: &str = "31 33 64 02 00 64 3f 9b \
    fe80 0000 0000 0000 0000 0000 005e 0001 2001 0db8 0001 0000 0000 0000 0000 0001";
const V7: &str = "21 33 64 01 00 01 50 95 c6 33 64 01 00 00 00 00 00 00 00 00";
const V8: &str = "21 33 64 01 01 01 13 49 c6 33 64 01 73 65 63 72 65 74 00 00";

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    let pairs = digits.chunks(2).map(|pair| pair[0] * 16 + pair[1]);
    pairs
        .map(|byte| u8::try_from(byte).expect("two digits"))
        .collect()
}

/// Writes the right checksum of `form` into a message.
fn summed(mut message: Vec<u8>, pseudo: Option<(IpAddr, IpAddr)>) -> Vec<u8> {
    message[6..8].fill(0);
    let mut sum = crate::checksum::Sum::new().with(&message);
    if let Some((source, destination)) = pseudo {
        sum = sum.with_pseudo_header(source, destination, 112, message.len() as u16);
    }
    let checksum = sum.finish().to_be_bytes();
    message[6..8].copy_from_slice(&checksum);
    message
}

struct Golden {
    name: &'static str,
    hex: &'static str,
    source: &'static str,
    destination: &'static str,
    vrid: u8,
    priority: u8,
    interval_cs: u16,
    kind: Kind,
    addresses: &'static [&'static str],
}

const MESSAGE: Kind = Kind::V3(Checksum::MessageOnly);
const PSEUDO: Kind = Kind::V3(Checksum::PseudoHeader);

fn golden() -> Vec<Golden> {
    let v1 = Golden {
        name: "V1",
        hex: V1,
        source: "198.51.100.2",
        destination: "224.0.0.18",
        vrid: 51,
        priority: 100,
        interval_cs: 100,
        kind: MESSAGE,
        addresses: &["198.51.100.1"],
    };
    let like = |name, hex, kind| Golden {
        name,
        hex,
        kind,
        ..v1
    };
    let g = |name, hex, kind| Golden {
        vrid: 10,
        priority: 200,
        source: "192.0.2.251",
        addresses: &["192.0.2.1", "192.0.2.2"],
        ..like(name, hex, kind)
    };
    vec![
        like("V2", "31 33 64 01 00 64 35 6d c6 33 64 01", PSEUDO),
        Golden {
            destination: "198.51.100.3",
            ..like("V3", "31 33 64 01 00 64 eb 48 c6 33 64 01", PSEUDO)
        },
        Golden {
            priority: 0,
            interval_cs: 1,
            ..like("V4", "31 33 00 01 00 01 a4 95 c6 33 64 01", MESSAGE)
        },
        Golden {
            priority: 254,
            interval_cs: 4095,
            addresses: &["198.51.100.1", "198.51.100.9", "203.0.113.7"],
            ..like(
                "V5",
                "31 33 fe 03 0f ff 30 4f c6 33 64 01 c6 33 64 09 cb 00 71 07",
                MESSAGE,
            )
        },
        Golden {
            source: "fe80::2",
            destination: "ff02::12",
            addresses: &["fe80::5e:1", "2001:db8:1::1"],
            ..like("V6", V6, PSEUDO)
        },
        like("V7", V7, Kind::V2(Auth::None)),
        like("V8", V8, Kind::V2(Auth::Pass(*b"secret\0\0"))),
        g(
            "G1",
            "21 0a c8 02 00 01 92 ed c0000201 c0000202 00 00 00 00 00 00 00 00",
            Kind::V2(Auth::None),
        ),
        g("G2", "31 0a c8 02 00 64 82 8a c0000201 c0000202", MESSAGE),
        g("G3", "31 0a c8 02 00 64 de fb c0000201 c0000202", PSEUDO),
        v1,
    ]
}

// holds VRRP-020, VRRP-021, VRRP-029, VRRP-033, VRRP-041, VRRP-042, VRRP-044, VRRP-201, VRRP-202, VRRP-203, VRRP-220
#[test]
fn golden_vectors_both_ways() {
    for golden in golden() {
        let (source, destination) = (ip(golden.source), ip(golden.destination));
        let wire = bytes(golden.hex);
        let advert = decode(&wire, source, destination, STRICT).expect(golden.name);
        let addresses: Vec<IpAddr> = golden.addresses.iter().map(|text| ip(text)).collect();
        assert_eq!(
            advert.addresses.iter().collect::<Vec<_>>(),
            addresses,
            "{}",
            golden.name
        );
        assert_eq!(
            (advert.vrid, advert.priority, advert.interval_cs, advert.kind),
            (golden.vrid, golden.priority, golden.interval_cs, golden.kind),
            "{}",
            golden.name
        );
        let outgoing = Outgoing {
            vrid: golden.vrid,
            priority: golden.priority,
            interval_cs: golden.interval_cs,
            kind: golden.kind,
            addresses: &addresses,
            leave: STRICT,
        };
        assert_eq!(
            encode(&outgoing, source, destination),
            Ok(wire),
            "{}",
            golden.name
        );
    }
}

// holds VRRP-043, VRRP-046
#[test]
fn every_single_flipped_bit_is_refused() {
    for golden in golden() {
        let (source, destination) = (ip(golden.source), ip(golden.destination));
        let wire = bytes(golden.hex);
        for bit in 0..wire.len() * 8 {
            let mut flipped = wire.clone();
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            assert!(
                decode(&flipped, source, destination, STRICT).is_err(),
                "{} bit {bit}",
                golden.name
            );
        }
    }
}

// holds VRRP-037, VRRP-038, VRRP-202, VRRP-212
#[test]
fn every_truncation_and_every_extra_byte_is_refused() {
    for golden in golden() {
        let (source, destination) = (ip(golden.source), ip(golden.destination));
        let mut wire = bytes(golden.hex);
        for length in 0..wire.len() {
            let refused = decode(&wire[..length], source, destination, STRICT);
            assert_eq!(refused, Err(Refused::TooShort), "{} cut to {length}", golden.name);
        }
        for _ in 0..46 {
            wire.push(0);
            let refused = decode(&wire, source, destination, STRICT);
            assert_eq!(
                refused,
                Err(Refused::TooLong),
                "{} of {}",
                golden.name,
                wire.len()
            );
        }
    }
}

/// One fixture for each reason, with a right checksum wherever the reason is another one.
// holds VRRP-022, VRRP-023, VRRP-028, VRRP-032, VRRP-035, VRRP-212, VRRP-265
#[test]
fn each_reason_has_its_packet() {
    let with = |hex: &str, at: usize, byte: u8| {
        let mut message = bytes(hex);
        message[at] = byte;
        summed(message, None)
    };
    let v6 = |at: usize, byte: u8| {
        let mut message = bytes(V6);
        message[at] = byte;
        summed(message, Some((ip("fe80::2"), GROUP_V6)))
    };
    let mut fixtures = vec![
        (bytes("31 33"), Refused::TooShort),
        (with(&format!("{V1} 00 00 00 00"), 0, 0x31), Refused::TooLong),
        (with(V1, 0, 0x41), Refused::Version),
        (with(V1, 1, 0), Refused::Vrid),
        (
            summed(bytes("31 33 64 00 00 64 00 00"), None),
            Refused::NoAddresses,
        ),
        (
            summed(bytes("31 33 ff 01 00 00 00 00 c6336401"), None),
            Refused::ZeroInterval,
        ),
        (with(V7, 5, 0), Refused::ZeroInterval),
        (bytes("31 33 64 01 00 64 40 33 c6 33 64 01"), Refused::Checksum),
        (with(V7, 4, 3), Refused::AuthType),
    ];
    fixtures.extend(
        (0..16)
            .filter(|n| *n != 1)
            .map(|n| (with(V1, 0, 0x30 | n), Refused::Type)),
    );
    for (message, reason) in fixtures {
        assert_eq!(
            decode(&message, ip("198.51.100.2"), GROUP_V4, STRICT),
            Err(reason)
        );
    }
    assert_eq!(
        decode(&v6(8, 0x20), ip("fe80::2"), GROUP_V6, STRICT),
        Err(Refused::FirstAddress)
    );
    assert_eq!(
        decode(&v6(0, 0x21), ip("fe80::2"), GROUP_V6, STRICT),
        Err(Refused::Version)
    );
}

#[test]
fn names_of_counters_are_distinct() {
    let names: std::collections::BTreeSet<_> = Refused::ALL.iter().map(|reason| reason.name()).collect();
    assert_eq!(names.len(), Refused::ALL.len());
}

// holds VRRP-030
#[test]
fn the_reserved_bits_are_ignored_and_do_not_reach_the_interval() {
    let mut message = bytes(V1);
    message[4] = 0xf0;
    let message = summed(message, None);
    let advert = decode(&message, ip("198.51.100.2"), GROUP_V4, STRICT).expect("accepted");
    assert_eq!(advert.interval_cs, 100);
}

#[test]
fn what_the_operators_own_list_leaves_is_left_to_peers() {
    let empty = summed(bytes("31 33 64 00 00 64 00 00"), None);
    let leave = Leave {
        empty_list: true,
        any_first_address: true,
        ..STRICT
    };
    assert!(decode(&empty, ip("198.51.100.2"), GROUP_V4, leave).is_ok());
    let mut global = bytes(V6);
    global[8] = 0x20;
    let global = summed(global, Some((ip("fe80::2"), GROUP_V6)));
    assert!(decode(&global, ip("fe80::2"), GROUP_V6, leave).is_ok());
}

/// KA-004: keepalived to 1.3.6 summed its unicast adverts as if they went to the group.
#[test]
fn the_old_unicast_checksum_is_right_only_where_it_is_asked_for() {
    let (source, peer) = (ip("198.51.100.2"), ip("198.51.100.3"));
    let old = summed(bytes(V1), Some((source, GROUP_V4)));
    let leave = Leave {
        summed_to: Some(GROUP_V4),
        ..STRICT
    };
    assert_eq!(decode(&old, source, peer, STRICT), Err(Refused::Checksum));
    let advert = decode(&old, source, peer, leave).expect("the old form");
    assert_eq!(advert.kind, PSEUDO);
    for bit in 0..old.len() * 8 {
        let mut flipped = old.clone();
        flipped[bit / 8] ^= 0x80 >> (bit % 8);
        assert!(decode(&flipped, source, peer, leave).is_err(), "bit {bit}");
    }
}

// holds VRRP-027, VRRP-031, VRRP-034
#[test]
fn the_encoder_refuses_what_the_format_cannot_say() {
    let address = ip("198.51.100.1");
    let good = Outgoing {
        vrid: 1,
        priority: 100,
        interval_cs: 100,
        kind: MESSAGE,
        addresses: &[address],
        leave: STRICT,
    };
    let many = vec![address; 256];
    let from_v4 = |outgoing: Outgoing<'_>| encode(&outgoing, ip("198.51.100.2"), GROUP_V4).map(|_| ());
    assert_eq!(from_v4(good), Ok(()));
    assert_eq!(from_v4(Outgoing { vrid: 0, ..good }), Err(Unsendable::Vrid));
    assert_eq!(
        from_v4(Outgoing {
            addresses: &[],
            ..good
        }),
        Err(Unsendable::NoAddresses)
    );
    assert_eq!(
        from_v4(Outgoing {
            addresses: &many,
            ..good
        }),
        Err(Unsendable::TooManyAddresses)
    );
    assert_eq!(
        from_v4(Outgoing {
            addresses: &[ip("::1")],
            ..good
        }),
        Err(Unsendable::Family)
    );
    assert_eq!(
        from_v4(Outgoing {
            interval_cs: 0,
            ..good
        }),
        Err(Unsendable::Interval)
    );
    assert_eq!(
        from_v4(Outgoing {
            interval_cs: 4096,
            ..good
        }),
        Err(Unsendable::Interval)
    );
    let v2 = Outgoing {
        kind: Kind::V2(Auth::None),
        ..good
    };
    assert_eq!(
        from_v4(Outgoing {
            interval_cs: 150,
            ..v2
        }),
        Err(Unsendable::Interval)
    );
    assert_eq!(
        from_v4(Outgoing {
            interval_cs: 25_600,
            ..v2
        }),
        Err(Unsendable::Interval)
    );
    let global = Outgoing {
        addresses: &[ip("2001:db8::1")],
        ..good
    };
    assert_eq!(
        encode(&global, ip("fe80::2"), GROUP_V6),
        Err(Unsendable::FirstAddress)
    );
}

// holds VRRP-220
#[test]
fn passwords_are_equal_only_when_every_byte_is() {
    assert!(same_password(b"secret\0\0", b"secret\0\0"));
    for n in 0..8 {
        let mut other = *b"secret\0\0";
        other[n] ^= 1;
        assert!(!same_password(b"secret\0\0", &other));
    }
}

fn outgoing_v4() -> impl Strategy<Value = (u8, u8, u16, Kind, Vec<IpAddr>)> {
    let v3 = (1u16..=4095, prop_oneof![Just(MESSAGE), Just(PSEUDO)]);
    let auth = prop_oneof![
        Just(Auth::None),
        Just(Auth::Header),
        any::<[u8; 8]>().prop_map(Auth::Pass)
    ];
    let v2 = (1u16..=255, auth).prop_map(|(seconds, auth)| (seconds * 100, Kind::V2(auth)));
    let addresses = prop::collection::vec(any::<Ipv4Addr>().prop_map(IpAddr::V4), 1..=255);
    (1u8.., any::<u8>(), prop_oneof![v3, v2], addresses)
        .prop_map(|(vrid, priority, (interval, kind), list)| (vrid, priority, interval, kind, list))
}

proptest! {
    /// C1: no bytes make it panic.
    #[test]
    fn decode_takes_any_bytes(wire in prop::collection::vec(any::<u8>(), 0..600), v6: bool) {
        let (source, destination) = if v6 { (ip("fe80::2"), GROUP_V6) } else { (ip("10.0.0.2"), GROUP_V4) };
        let leave = Leave { empty_list: true, any_first_address: true, trailer: true, summed_to: None };
        if let Ok(advert) = decode(&wire, source, destination, leave) {
            prop_assert!(advert.addresses.len() <= 255);
        }
    }

    /// C2 and C3: what looks like an advert is accepted only when an independent reading agrees, and encodes to itself.
    // holds VRRP-036, VRRP-045
    #[test]
    fn accepted_means_every_condition_holds(
        head in any::<[u8; 3]>(), count in 0u8..4, field in any::<[u8; 2]>(), extra in 0usize..2, pseudo: bool,
        body in any::<[u8; 21]>(), version in prop_oneof![Just(0x31u8), Just(0x21), Just(0x30), Just(0x11)],
    ) {
        let (source, destination) = (ip("10.0.0.2"), GROUP_V4);
        let auth = if version == 0x21 { 8 } else { 0 };
        let length = usize::from(count) * 4 + auth + extra;
        let field = [field[0] & 3, field[1]];
        let mut message = vec![version, head[0], head[1], count, field[0], field[1], 0, 0];
        message.extend(&body[..length]);
        let message = summed(message, pseudo.then_some((source, destination)));
        let good = head[0] != 0 && count != 0 && extra == 0 && match version {
            0x31 => field != [0, 0],
            0x21 => field[0] < 3 && field[1] != 0 && !pseudo,
            _ => false,
        };
        let read = decode(&message, source, destination, STRICT);
        prop_assert_eq!(read.is_ok(), good, "{:?}", read);
        if let Ok(advert) = read {
            let list: Vec<IpAddr> = advert.addresses.iter().collect();
            let outgoing = Outgoing {
                vrid: advert.vrid, priority: advert.priority, interval_cs: advert.interval_cs,
                kind: advert.kind, addresses: &list, leave: STRICT,
            };
            let ignored = matches!(advert.kind, Kind::V2(Auth::None | Auth::Header));
            if !ignored {
                prop_assert_eq!(encode(&outgoing, source, destination), Ok(message));
            }
        }
    }

    /// C3: what is written is read again.
    // holds VRRP-031
    #[test]
    fn decode_undoes_encode((vrid, priority, interval_cs, kind, addresses) in outgoing_v4()) {
        let (source, destination) = (ip("10.0.0.2"), GROUP_V4);
        let outgoing = Outgoing { vrid, priority, interval_cs, kind, addresses: &addresses, leave: STRICT };
        let wire = encode(&outgoing, source, destination).expect("within the format");
        let advert = decode(&wire, source, destination, STRICT).expect("what we send we accept");
        prop_assert_eq!(advert.addresses.iter().collect::<Vec<_>>(), addresses);
        prop_assert_eq!((advert.vrid, advert.priority, advert.interval_cs), (vrid, priority, interval_cs));
        prop_assert_eq!(advert.kind, kind);
    }
}
