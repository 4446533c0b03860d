use std::net::{IpAddr, Ipv6Addr};

use super::{AUTH_DATA, Addresses, Advert, Auth, Checksum, HEADER, Kind, Leave, Refused};
use crate::checksum::{Sum, VRRP_PROTOCOL};
use crate::trailer::{TRAILER, Trailer};

/// Reads an advert: `payload` is everything after the IP header by that header's own length, `source` and
/// `destination` are of that header.
///
/// # Errors
///
/// The first check that fails, cheapest first: length, version, type, VRID, count, exact length, trailer, checksum,
/// authentication type, interval, first address.
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
    let (addresses, rest) = split_addresses(rest, usize::from(count), source)?;
    let (auth_data, beyond) = split_auth_data(rest, is_v2)?;
    let trailer = trailer(beyond, leave)?;
    // The checksum of IPv4 ends with the message, that of IPv6 with the packet.
    let summed = match source {
        IpAddr::V4(_) => payload.get(..payload.len() - beyond.len()).unwrap_or(payload),
        IpAddr::V6(_) => payload,
    };
    let (kind, interval_cs) = match auth_data {
        Some(data) => (v2(summed, fifth, data)?, u16::from(sixth) * 100),
        // RFC 9568 §5.2.6: the upper four bits are reserved and ignored.
        None => (
            Kind::V3(v3_checksum(summed, source, destination, leave.summed_to)?),
            u16::from_be_bytes([fifth & 0x0f, sixth]),
        ),
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
        trailer,
    })
}

/// RFC 9568 §5.2.9: the family of the list is that of the IP header.
fn split_addresses(rest: &[u8], count: usize, source: IpAddr) -> Result<(Addresses<'_>, &[u8]), Refused> {
    let width = match source {
        IpAddr::V4(_) => 4,
        IpAddr::V6(_) => 16,
    };
    let (list, rest) = rest.split_at_checked(count * width).ok_or(Refused::TooShort)?;
    let addresses = match source {
        IpAddr::V4(_) => Addresses::V4(list.as_chunks().0),
        IpAddr::V6(_) => Addresses::V6(list.as_chunks().0),
    };
    Ok((addresses, rest))
}

/// Version 2's authentication data, and what follows the message.
fn split_auth_data(rest: &[u8], is_v2: bool) -> Result<(Option<&[u8; AUTH_DATA]>, &[u8]), Refused> {
    if !is_v2 {
        return Ok((None, rest));
    }
    let (data, beyond) = rest.split_first_chunk().ok_or(Refused::TooShort)?;
    Ok((Some(data), beyond))
}

/// What follows the message: nothing, or one trailer where that is allowed.
fn trailer(beyond: &[u8], leave: Leave) -> Result<Option<Trailer>, Refused> {
    if beyond.is_empty() {
        return Ok(None);
    }
    match <&[u8; TRAILER]>::try_from(beyond) {
        Ok(bytes) if leave.trailer => Trailer::read(bytes).map(Some).ok_or(Refused::Trailer),
        Ok(_) | Err(_) => Err(Refused::TooLong),
    }
}

fn v2(message: &[u8], auth_type: u8, data: &[u8; AUTH_DATA]) -> Result<Kind, Refused> {
    // RFC 3768 §5.3.8: the whole message, no pseudo-header.
    if !Sum::new().with(message).is_right() {
        return Err(Refused::Checksum);
    }
    match auth_type {
        0 => Ok(Kind::V2(Auth::None)),
        1 => Ok(Kind::V2(Auth::Pass(*data))),
        2 => Ok(Kind::V2(Auth::Header)),
        _ => Err(Refused::AuthType),
    }
}

fn v3_checksum(
    summed: &[u8],
    source: IpAddr,
    destination: IpAddr,
    summed_to: Option<IpAddr>,
) -> Result<Checksum, Refused> {
    let message = Sum::new().with(summed);
    // RFC 9568 §5.2.8 wants no pseudo-header over IPv4, and most of what is deployed has one: both are right.
    if source.is_ipv4() && message.is_right() {
        return Ok(Checksum::MessageOnly);
    }
    let length = u16::try_from(summed.len()).map_err(|_| Refused::TooLong)?;
    let is_right = |destination| {
        message
            .with_pseudo_header(source, destination, VRRP_PROTOCOL, length)
            .is_right()
    };
    if is_right(destination) || summed_to.is_some_and(is_right) {
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
