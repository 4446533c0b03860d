use super::*;

const MAC: [u8; 6] = [0x00, 0x00, 0x5e, 0x00, 0x01, 0x33];

// holds VRRP-091
#[test]
fn gratuitous_arp_is_the_golden_frame() {
    let frame = gratuitous_arp(MAC, Ipv4Addr::new(198, 51, 100, 1));
    let golden = [
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x5e, 0x00, 0x01, 0x33, 0x08, 0x06, // Ethernet
        0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, // request
        0x00, 0x00, 0x5e, 0x00, 0x01, 0x33, 198, 51, 100, 1, // sender
        0x00, 0x00, 0x5e, 0x00, 0x01, 0x33, 198, 51, 100, 1, // target
    ];
    assert_eq!(frame, golden);
}

// holds VRRP-092
#[test]
fn neighbour_advertisement_says_router_override_and_its_link_layer_address() {
    let address: Ipv6Addr = "2001:db8:1::1".parse().expect("an address");
    let frame = neighbour_advertisement(MAC, address);
    assert_eq!(
        frame[0..14],
        [0x33, 0x33, 0, 0, 0, 1, 0, 0, 0x5e, 0, 1, 0x33, 0x86, 0xdd]
    );
    assert_eq!(frame[14..22], [0x60, 0, 0, 0, 0, 32, 58, 255]);
    assert_eq!(frame[22..38], address.octets());
    assert_eq!(frame[38..54], ALL_NODES.octets());
    assert_eq!(frame[54..56], [136, 0]);
    assert_eq!(frame[58..62], [0xa0, 0, 0, 0]);
    assert_eq!(frame[62..78], address.octets());
    assert_eq!(frame[78..86], [2, 1, 0, 0, 0x5e, 0, 1, 0x33]);
    let over_all = Sum::new()
        .with_pseudo_header(IpAddr::V6(address), IpAddr::V6(ALL_NODES), ICMPV6, NA_MESSAGE)
        .with(&frame[54..]);
    assert!(over_all.is_right());
}
