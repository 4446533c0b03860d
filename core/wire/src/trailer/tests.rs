use proptest::prelude::*;

use super::*;
use crate::advert::{Addresses, Kind, Leave, Refused, decode};

const LEAVE: Leave = Leave {
    trailer: true,
    empty_list: false,
    any_first_address: false,
    summed_to: None,
};

/// The images that the authors of the trailer give: key 00..1f, key id 1, VRID 51, priority 200, one address.
const V4: &str = "3133c80100644402 c0000264 010100006800000080000000 1b84bc4e8e43892dc6d98448f8ee2265";
const V6: &str = "3133c8010064a2e9 fe800000000000000000000000000100 010100006800000080000000 \
    c8c56146ebfd66ee10ec4d8186461b78";
const SEQUENCE: u64 = 0x6800_0000_8000_0000;

fn sealed(message: &[u8], key_id: u8, sequence: u64, source: IpAddr, destination: IpAddr) -> Vec<u8> {
    let key = key();
    let sealing = Sealing {
        key_id,
        key: &key,
        sequence,
        source,
        destination,
    };
    let mut packet = Vec::new();
    seal(message, sealing, &mut packet);
    packet
}

fn key() -> Vec<u8> {
    (0..32).collect()
}

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

fn images() -> [(Vec<u8>, IpAddr, IpAddr); 2] {
    [
        (bytes(V4), ip("198.51.100.10"), ip("224.0.0.18")),
        (bytes(V6), ip("fe80::10"), ip("fe80::20")),
    ]
}

#[test]
fn the_published_images_both_ways() {
    for (image, source, destination) in images() {
        let advert = decode(&image, source, destination, LEAVE).expect("a good advert");
        let trailer = advert.trailer.expect("a trailer");
        assert_eq!((trailer.key_id, trailer.sequence), (1, SEQUENCE));
        assert_eq!(
            (advert.vrid, advert.priority, advert.addresses.len()),
            (51, 200, 1)
        );
        assert!(trailer.proves(&image, &key(), source));
        let (message, _) = image.split_at(image.len() - TRAILER);
        let again = sealed(message, 1, SEQUENCE, source, destination);
        assert_eq!(again, image);
    }
}

/// Whether a packet would be believed.
fn believed(packet: &[u8], key: &[u8], source: IpAddr, destination: IpAddr) -> bool {
    decode(packet, source, destination, LEAVE)
        .ok()
        .and_then(|advert| advert.trailer)
        .is_some_and(|trailer| trailer.proves(packet, key, source))
}

/// C6.
#[test]
fn no_single_flipped_bit_is_believed() {
    for (image, source, destination) in images() {
        assert!(believed(&image, &key(), source, destination));
        for bit in 0..image.len() * 8 {
            let mut flipped = image.clone();
            flipped[bit / 8] ^= 0x80 >> (bit % 8);
            assert!(!believed(&flipped, &key(), source, destination), "bit {bit}");
        }
    }
}

/// The checksum does not stand behind the HMAC, nor the HMAC behind the checksum: each bit is covered by one at least
/// even when the other is made right again.
#[test]
fn with_its_checksum_made_right_again_a_changed_message_is_still_not_believed() {
    let (image, source, destination) = images()[1].clone();
    for bit in (0..image.len() * 8).filter(|bit| !(48..64).contains(bit)) {
        let mut flipped = image.clone();
        flipped[bit / 8] ^= 0x80 >> (bit % 8);
        sum(&mut flipped, source, destination);
        assert!(!believed(&flipped, &key(), source, destination), "bit {bit}");
    }
}

#[test]
fn another_sender_and_another_key_prove_nothing() {
    let (image, source, destination) = images()[0].clone();
    let trailer = decode(&image, source, destination, LEAVE)
        .expect("an advert")
        .trailer
        .expect("one");
    assert!(!trailer.proves(&image, &key(), ip("198.51.100.11")));
    assert!(!trailer.proves(&image, &key()[..31], source));
    assert!(!trailer.proves(&[], &key(), source));
}

#[test]
fn a_trailer_is_no_message_where_none_is_asked_for_and_must_be_whole() {
    let (image, source, destination) = images()[0].clone();
    let strict = Leave::default();
    assert_eq!(decode(&image, source, destination, strict), Err(Refused::TooLong));
    for cut in 1..TRAILER {
        let refused = decode(&image[..image.len() - cut], source, destination, LEAVE);
        assert_eq!(refused, Err(Refused::TooLong), "{cut} bytes less");
    }
    let bare = decode(&image[..12], source, destination, LEAVE).expect("an advert without one");
    assert_eq!(bare.trailer, None);
    for (at, byte) in [(12, 2), (14, 1), (15, 1)] {
        let mut other = image.clone();
        other[at] = byte;
        let refused = decode(&other, source, destination, LEAVE);
        assert_eq!(refused, Err(Refused::Trailer), "byte {at}");
    }
}

/// Version 2 has its eight bytes first.
#[test]
fn version_2_carries_one_too() {
    let (source, destination) = (ip("198.51.100.2"), ip("224.0.0.18"));
    let message = bytes("21 33 64 01 00 01 50 95 c6 33 64 01 00 00 00 00 00 00 00 00");
    let packet = sealed(&message, 9, 5, source, destination);
    let advert = decode(&packet, source, destination, LEAVE).expect("an advert");
    assert!(matches!(advert.kind, Kind::V2(_)));
    assert!(matches!(advert.addresses, Addresses::V4([[0xc6, 0x33, 0x64, 1]])));
    assert!(believed(&packet, &key(), source, destination));
}

proptest! {
    #[test]
    fn no_bytes_panic(packet in prop::collection::vec(any::<u8>(), 0..90), v6: bool) {
        let source = if v6 { ip("fe80::1") } else { ip("10.0.0.1") };
        prop_assert_eq!(sealed(&packet, 1, 1, source, source).len(), packet.len() + TRAILER);
        if let Some(last) = packet.last_chunk()
            && let Some(trailer) = Trailer::read(last)
        {
            prop_assert!(!trailer.proves(&packet, &key(), source));
        }
    }
}
