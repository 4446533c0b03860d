use linux::{monitor, packet};
use model::net::Family;

/// A datagram about interfaces and addresses.
pub fn links(bytes: &[u8]) {
    // What is not understood is asked anew.
    let _ = monitor::links(bytes);
}

/// A datagram about services and real servers.
pub fn ipvs(bytes: &[u8]) {
    for family in [Family::V4, Family::V6] {
        linux::ipvs::rows(bytes, family);
    }
}

/// What the kernel tells beside a packet.
pub fn control(bytes: &[u8]) {
    packet::parse_control(bytes);
}
