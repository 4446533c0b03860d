use super::*;

const DAY: u64 = 86_400 * 1_000_000_000;

#[test]
fn clocks_become_sequences() {
    let wall = WallTime::from_nanos((HEADER_EPOCH_S + 3) * 1_000_000_000 + 500_000_000);
    assert_eq!(header_clock(wall), 7);
    assert_eq!(trailer_clock(wall), ((HEADER_EPOCH_S + 3) << 32) | 0x8000_0000);
    assert_eq!(header_clock(WallTime::default()), 0);
    assert_eq!(header_clock(WallTime::from_nanos(u64::MAX)), u32::MAX);
}

#[test]
fn a_renewed_seal_is_later_than_the_clock_and_than_what_it_was() {
    let key = Key::new(b"secret");
    let then = WallTime::from_nanos(HEADER_EPOCH_S * 1_000_000_000 + DAY);
    let now = WallTime::from_nanos(then.as_nanos() + DAY);
    for made in [then, now, WallTime::from_nanos(now.as_nanos() + DAY)] {
        let seal = Seal::Header {
            key: key.clone(),
            sequence: header_clock(made),
        };
        let Seal::Header { sequence, .. } = seal.renewed(now) else {
            panic!("another seal");
        };
        assert!(sequence > header_clock(made) && sequence > header_clock(now));
        let seal = Seal::Trailer {
            key_id: 1,
            key: key.clone(),
            sequence: trailer_clock(made),
        };
        let Seal::Trailer { sequence, .. } = seal.renewed(now) else {
            panic!("another seal");
        };
        assert!(sequence > trailer_clock(made) && sequence > trailer_clock(now));
    }
}

#[test]
fn a_key_keeps_its_bytes_to_itself() {
    let seal = Seal::Header {
        key: Key::new(b"secret"),
        sequence: 1,
    };
    assert_eq!(format!("{seal:?}"), "Header { key: Key(6 bytes), sequence: 1 }");
}
