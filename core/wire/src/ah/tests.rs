use proptest::prelude::*;

use super::*;

const KEY: [u8; 8] = *b"s3cret\0\0";
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

const COVER: Cover = Cover {
    identification: 7,
    hop_limit: 255,
    source: Ipv4Addr::new(192, 0, 2, 1),
    destination: GROUP,
};

fn sealed(message: &[u8], sequence: u32, cover: &Cover) -> Vec<u8> {
    let mut packet = Vec::new();
    seal(message, &KEY, sequence, cover, &mut packet);
    packet
}

/// RFC 2202 §2, test case 2, to know that the digest below is HMAC-MD5 at all.
#[test]
fn the_digest_is_hmac_md5() {
    let mut mac = Hmac::<Md5>::new_from_slice(b"Jefe").expect("any length");
    mac.update(b"what do ya want for nothing?");
    let wanted = [
        0x75, 0x0c, 0x78, 0x3e, 0x6a, 0xb0, 0xb5, 0x03, 0xea, 0xa8, 0x6e, 0x31, 0x0a, 0x5d, 0xb7, 0x38,
    ];
    assert_eq!(mac.finalize().into_bytes()[..], wanted);
}

// holds VRRP-221
#[test]
fn a_header_is_exactly_this() {
    let packet = sealed(&[0x21, 51, 100, 1], 0x0102_0304, &COVER);
    assert_eq!(packet[..12], [112, 4, 0, 0, 192, 0, 2, 1, 1, 2, 3, 4]);
    let mut mac = Hmac::<Md5>::new_from_slice(&KEY).expect("any length");
    mac.update(&[
        0x45, 0, 0, 48, 0, 7, 0, 0, 255, 51, 0, 0, 192, 0, 2, 1, 224, 0, 0, 18,
    ]);
    mac.update(&packet[..12]);
    mac.update(&[0; 12]);
    mac.update(&[0x21, 51, 100, 1]);
    assert_eq!(packet[12..24], mac.finalize().into_bytes()[..12]);
}

#[test]
fn the_ttl_counts_for_a_group_and_not_for_a_peer_that_may_be_routed() {
    let nearer = |cover: &Cover| Cover {
        hop_limit: 254,
        ..*cover
    };
    let peer = Cover {
        destination: Ipv4Addr::new(192, 0, 2, 2),
        ..COVER
    };
    let packet = sealed(b"message", 9, &COVER);
    assert_eq!(open(&packet, &KEY, &nearer(&COVER)), Err(Unproven::CheckValue));
    let packet = sealed(b"message", 9, &peer);
    assert!(open(&packet, &KEY, &nearer(&peer)).is_ok());
}

proptest! {
    // holds VRRP-221
    #[test]
    fn what_was_sealed_opens_and_no_flipped_bit_does(
        message in prop::collection::vec(any::<u8>(), 0..60), sequence: u32, at: prop::sample::Index,
    ) {
        let mut packet = sealed(&message, sequence, &COVER);
        let wanted = Opened { sequence, message: &message };
        prop_assert_eq!(open(&packet, &KEY, &COVER), Ok(wanted));
        let bit = at.index(packet.len() * 8);
        packet[bit / 8] ^= 0x80 >> (bit % 8);
        prop_assert!(open(&packet, &KEY, &COVER).is_err(), "bit {}", bit);
    }

    #[test]
    fn another_key_sender_destination_or_identification_opens_nothing(
        message in prop::collection::vec(any::<u8>(), 0..60), sequence: u32,
    ) {
        let packet = sealed(&message, sequence, &COVER);
        prop_assert_eq!(open(&packet, b"S3cret\0\0", &COVER), Err(Unproven::CheckValue));
        let source = Ipv4Addr::new(192, 0, 2, 3);
        prop_assert_eq!(open(&packet, &KEY, &Cover { source, ..COVER }), Err(Unproven::Spi));
        let destination = Ipv4Addr::new(224, 0, 0, 19);
        prop_assert_eq!(open(&packet, &KEY, &Cover { destination, ..COVER }), Err(Unproven::CheckValue));
        let identification = 8;
        prop_assert_eq!(open(&packet, &KEY, &Cover { identification, ..COVER }), Err(Unproven::CheckValue));
    }

    #[test]
    fn no_bytes_panic_or_open(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(open(&bytes, &KEY, &COVER).is_err());
    }
}
