//! Control messages: what the kernel tells beside a packet.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes of a `cmsghdr`: a length as wide as a pointer, and two ints.
const HEADER: usize = size_of::<usize>() + 8;

/// What the kernel told beside a packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Destination in the packet's header.
    pub destination: Option<IpAddr>,
    /// Hop limit.
    pub hop_limit: Option<u8>,
    /// When the kernel had the packet, in nanoseconds of CLOCK_REALTIME.
    pub wall_nanos: Option<u64>,
}

/// Reads the control messages that [`Receiver`](super::Receiver) asks for. Others are passed over.
pub fn parse(mut control: &[u8]) -> Told {
    let mut told = Told::default();
    while let Some((level, kind, data, rest)) = next(control) {
        match (level, kind) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                // struct in_pktinfo: interface, local address, address in the header.
                told.destination = array::<4>(data, 8).map(|bytes| Ipv4Addr::from(bytes).into());
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                told.destination = array::<16>(data, 0).map(|bytes| Ipv6Addr::from(bytes).into());
            }
            (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                told.hop_limit =
                    array::<4>(data, 0).and_then(|bytes| i32::from_ne_bytes(bytes).try_into().ok());
            }
            (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => told.wall_nanos = wall_nanos(data),
            _ => {}
        }
        control = rest;
    }
    told
}

/// The first control message: level, kind, data; and the rest.
fn next(control: &[u8]) -> Option<(i32, i32, &[u8], &[u8])> {
    let length = usize::from_ne_bytes(array(control, 0)?);
    let level = i32::from_ne_bytes(array(control, size_of::<usize>())?);
    let kind = i32::from_ne_bytes(array(control, size_of::<usize>() + 4)?);
    let data = control.get(HEADER..length)?;
    let rest = control
        .get(length.next_multiple_of(size_of::<usize>())..)
        .unwrap_or_default();
    Some((level, kind, data, rest))
}

/// A `struct timespec` of two longs.
fn wall_nanos(data: &[u8]) -> Option<u64> {
    let seconds = libc::c_long::from_ne_bytes(array(data, 0)?);
    let nanos = libc::c_long::from_ne_bytes(array(data, size_of::<libc::c_long>())?);
    u64::try_from(seconds)
        .ok()?
        .checked_mul(1_000_000_000)?
        .checked_add(u64::try_from(nanos).ok()?)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

#[cfg(test)]
mod tests;
