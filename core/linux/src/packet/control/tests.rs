use proptest::prelude::*;

use super::{HEADER, Told, parse};

fn message(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
    let mut bytes = (HEADER + data.len()).to_ne_bytes().to_vec();
    bytes.extend(level.to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(data);
    bytes.resize(bytes.len().next_multiple_of(size_of::<usize>()), 0);
    bytes
}

#[test]
fn each_kind_is_found_wherever_it_stands() {
    let mut control = message(libc::SOL_SOCKET, 99, &[1]);
    control.extend(message(
        libc::IPPROTO_IPV6,
        libc::IPV6_HOPLIMIT,
        &255i32.to_ne_bytes(),
    ));
    let mut time = 2i64.to_ne_bytes().to_vec();
    time.extend(5i64.to_ne_bytes());
    control.extend(message(libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS, &time));
    control.extend(message(
        libc::IPPROTO_IP,
        libc::IP_PKTINFO,
        &[3, 0, 0, 0, 10, 0, 0, 1, 224, 0, 0, 18],
    ));
    let told = parse(&control);
    let wanted = Told {
        destination: Some([224, 0, 0, 18].into()),
        hop_limit: Some(255),
        wall_nanos: Some(2_000_000_005),
    };
    assert_eq!(told, wanted);
}

#[test]
fn a_length_of_zero_ends_the_reading() {
    assert_eq!(parse(&[0; 64]), Told::default());
}

proptest! {
    #[test]
    fn no_bytes_panic_or_spin(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        parse(&bytes);
    }
}
