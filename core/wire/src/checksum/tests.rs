use super::*;

// holds VRRP-040
#[test]
fn rfc_1071_example_odd_lengths_zeros_and_ones() {
    assert_eq!(
        Sum::new()
            .with(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])
            .finish(),
        0x220d
    );
    assert_eq!(Sum::new().with(&[0x12, 0x34, 0x56]).finish(), !0x6834);
    assert_eq!(Sum::new().with(&[0; 40]).finish(), 0xffff);
    assert_eq!(Sum::new().with(&[0xff; 40]).finish(), 0);
    assert_eq!(Sum::new().finish(), 0xffff);
}

#[test]
fn the_longest_packet_does_not_overflow() {
    assert_eq!(Sum::new().with(&vec![0xff; 65_536]).finish(), 0);
}

#[test]
fn a_sum_over_its_own_checksum_is_right() {
    let mut bytes = [0x31, 0x33, 0x64, 0x01, 0x00, 0x64, 0, 0];
    let checksum = Sum::new().with(&bytes).finish();
    bytes[6..8].copy_from_slice(&checksum.to_be_bytes());
    assert!(Sum::new().with(&bytes).is_right());
}
