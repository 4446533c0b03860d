use super::{What, seen};

const BROADCAST: [u8; 6] = [0xff; 6];
const A: [u8; 6] = [2, 0, 0, 0, 0, 1];
const B: [u8; 6] = [2, 0, 0, 0, 0, 2];

/// An ARP packet (RFC 826) of `from` that has 198.51.100.1 as the sender's and the target's address.
fn arp(to: [u8; 6], from: [u8; 6], operation: u8) -> Vec<u8> {
    let address = [198, 51, 100, 1];
    [
        &to[..],
        &from,
        &[0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, operation],
        &from,
        &address,
        &to,
        &address,
    ]
    .concat()
}

#[test]
fn an_answer_to_an_announcement_is_none() {
    let what = |frame: Vec<u8>| seen(0.0, &frame).map(|seen| (seen.sender, seen.what));
    let announcement = What::Announcement { vrid: 1 };
    // Both ways to announce (RFC 5227 section 3).
    assert_eq!(what(arp(BROADCAST, A, 1)), Some((1, announcement)));
    assert_eq!(what(arp(BROADCAST, A, 2)), Some((1, announcement)));
    // The old Master's kernel, which has the address still, to the new one.
    assert_eq!(what(arp(A, B, 2)), None);
}
