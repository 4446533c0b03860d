use std::net::{IpAddr, Ipv6Addr};

use super::{AUTH_DATA, Addresses, Advert, Auth, Checksum, HEADER, Kind, Leave, Refused};
use crate::checksum::{Sum, VRRP_PROTOCOL};

/// Reads an advert: `payload` is everything after the IP header by that header's own length, `source` and
/// `destination` are of that header.
///
/// # Errors
///
/// The first check that fails, cheapest first: length, version, type, VRID, count, exact length, checksum, interval,
/// first address, authentication type.
pub fn decode(
    payload: &[u8],
    source: IpAddr,
    destination: IpAddr,
    leave: Leave,
) -> Result<Advert<'_>, Refused> {
    let Some((header, rest)) = payload.split_first_chunk::<HEADER>() else {
        return Err(Refused::TooShort);
    };
    let [version_type, vrid, priority, count, fifth, sixth, _, _] = *header;
    let version = version_type >> 4;
    let is_v2 = match (version, source) {
        (2, IpAddr::V4(_)) => true,
        (3, _) => false,
        // RFC 3768 §1: version 2 is for IPv4 only.
        _ => return Err(Refused::Version),
    };
    if version_type & 0x0f != 1 {
        return Err(Refused::Type);
    }
    if vrid == 0 {
        return Err(Refused::Vrid);
    }
    if count == 0 && !leave.empty_list {
        return Err(Refused::NoAddresses);
    }
    let (addresses, trailer) = split_addresses(rest, usize::from(count), source)?;
    let (kind, interval_cs) = if is_v2 {
        let auth = v2_auth(payload, trailer, fifth)?;
        (Kind::V2(auth), u16::from(sixth) * 100)
    } else {
        // RFC 9568 §5.2.6: the upper four bits are reserved and ignored.
        let interval_cs = u16::from_be_bytes([fifth & 0x0f, sixth]);
        (
            Kind::V3(v3_checksum(payload, trailer, source, destination)?),
            interval_cs,
        )
    };
    if interval_cs == 0 {
        return Err(Refused::ZeroInterval);
    }
    if !leave.any_first_address && !begins_well(addresses) {
        return Err(Refused::FirstAddress);
    }
    Ok(Advert {
        vrid,
        priority,
        interval_cs,
        kind,
        addresses,
    })
}

/// RFC 9568 §5.2.9: the family of the list is that of the IP header.
fn split_addresses(rest: &[u8], count: usize, source: IpAddr) -> Result<(Addresses<'_>, &[u8]), Refused> {
    let width = match source {
        IpAddr::V4(_) => 4,
        IpAddr::V6(_) => 16,
    };
    let (list, trailer) = rest.split_at_checked(count * width).ok_or(Refused::TooShort)?;
    let addresses = match source {
        IpAddr::V4(_) => Addresses::V4(list.as_chunks().0),
        IpAddr::V6(_) => Addresses::V6(list.as_chunks().0),
    };
    Ok((addresses, trailer))
}

fn v2_auth(payload: &[u8], trailer: &[u8], auth_type: u8) -> Result<Auth, Refused> {
    let Some((data, beyond)) = trailer.split_first_chunk::<AUTH_DATA>() else {
        return Err(Refused::TooShort);
    };
    if !beyond.is_empty() {
        return Err(Refused::TooLong);
    }
    // RFC 3768 §5.3.8: the whole message, no pseudo-header.
    if !Sum::new().with(payload).is_right() {
        return Err(Refused::Checksum);
    }
    match auth_type {
        0 => Ok(Auth::None),
        1 => Ok(Auth::Pass(*data)),
        _ => Err(Refused::AuthType),
    }
}

fn v3_checksum(
    payload: &[u8],
    trailer: &[u8],
    source: IpAddr,
    destination: IpAddr,
) -> Result<Checksum, Refused> {
    if !trailer.is_empty() {
        return Err(Refused::TooLong);
    }
    let message = Sum::new().with(payload);
    // RFC 9568 §5.2.8 wants no pseudo-header over IPv4, and most of what is deployed has one: both are right.
    if source.is_ipv4() && message.is_right() {
        return Ok(Checksum::MessageOnly);
    }
    let length = u16::try_from(payload.len()).map_err(|_| Refused::TooLong)?;
    if message
        .with_pseudo_header(source, destination, VRRP_PROTOCOL, length)
        .is_right()
    {
        return Ok(Checksum::PseudoHeader);
    }
    Err(Refused::Checksum)
}

fn begins_well(addresses: Addresses<'_>) -> bool {
    match addresses {
        Addresses::V4(_) => true,
        Addresses::V6(list) => list
            .first()
            .is_none_or(|first| Ipv6Addr::from(*first).is_unicast_link_local()),
    }
}
