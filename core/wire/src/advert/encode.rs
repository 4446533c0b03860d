use std::fmt;
use std::net::IpAddr;

use super::{AUTH_DATA, Auth, Checksum, HEADER, INTERVAL_CS_MAX, Kind, Leave};
use crate::checksum::{Sum, VRRP_PROTOCOL};

/// An advert to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing<'a> {
    /// Virtual router identifier.
    pub vrid: u8,
    /// Priority; 0 to leave.
    pub priority: u8,
    /// Own interval in hundredths of a second; whole seconds in version 2.
    pub interval_cs: u16,
    /// Version, with authentication or form of the checksum. Over IPv6 the checksum always has a pseudo-header.
    pub kind: Kind,
    /// Virtual addresses in their order, all of one family.
    pub addresses: &'a [IpAddr],
    /// Where the letter of the RFC may be left.
    pub leave: Leave,
}

/// Why an advert cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsendable {
    /// VRID 0.
    Vrid,
    /// No address.
    NoAddresses,
    /// More than 255 addresses.
    TooManyAddresses,
    /// Source, destination and addresses are not all of one family, or version 2 over IPv6.
    Family,
    /// The interval does not fit its field.
    Interval,
    /// The first IPv6 address is not link-local.
    FirstAddress,
}

impl fmt::Display for Unsendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vrid => "its VRID is 0",
            Self::NoAddresses => "it has no virtual address",
            Self::TooManyAddresses => "it has more than 255 virtual addresses",
            Self::Family => "its addresses are not all of one family",
            Self::Interval => "its interval does not fit into the packet",
            Self::FirstAddress => "its first virtual address is not link-local",
        })
    }
}

impl std::error::Error for Unsendable {}

/// Writes an advert with its checksum for a packet from `source` to `destination`.
///
/// # Errors
///
/// What does not fit the format.
pub fn encode(advert: &Outgoing<'_>, source: IpAddr, destination: IpAddr) -> Result<Vec<u8>, Unsendable> {
    let (field, trailer) = checked(advert, source, destination)?;
    let count = u8::try_from(advert.addresses.len()).map_err(|_| Unsendable::TooManyAddresses)?;
    let width = if source.is_ipv4() { 4 } else { 16 };
    let mut bytes = Vec::with_capacity(HEADER + usize::from(count) * width + AUTH_DATA);
    bytes.extend([
        advert.kind.version() << 4 | 1,
        advert.vrid,
        advert.priority,
        count,
    ]);
    bytes.extend(field);
    bytes.extend([0, 0]);
    for address in advert.addresses {
        match address {
            IpAddr::V4(v4) => bytes.extend(v4.octets()),
            IpAddr::V6(v6) => bytes.extend(v6.octets()),
        }
    }
    if let Some(data) = trailer {
        bytes.extend(data);
    }
    let checksum = checksum(&bytes, advert.kind, source, destination);
    if let Some(place) = bytes.get_mut(6..8) {
        place.copy_from_slice(&checksum.to_be_bytes());
    }
    Ok(bytes)
}

/// Bytes 4 and 5, and version 2's authentication data.
fn checked(
    advert: &Outgoing<'_>,
    source: IpAddr,
    destination: IpAddr,
) -> Result<([u8; 2], Option<[u8; AUTH_DATA]>), Unsendable> {
    let one_family = |address: &IpAddr| address.is_ipv4() == source.is_ipv4();
    if !one_family(&destination) || !advert.addresses.iter().all(one_family) {
        return Err(Unsendable::Family);
    }
    if advert.vrid == 0 {
        return Err(Unsendable::Vrid);
    }
    match advert.addresses.first() {
        None if !advert.leave.empty_list => return Err(Unsendable::NoAddresses),
        Some(IpAddr::V6(first)) if !advert.leave.any_first_address && !first.is_unicast_link_local() => {
            return Err(Unsendable::FirstAddress);
        }
        _ => {}
    }
    match advert.kind {
        Kind::V2(_) if source.is_ipv6() => Err(Unsendable::Family),
        Kind::V2(auth) => {
            let data = match auth {
                Auth::None | Auth::Header => [0; AUTH_DATA],
                Auth::Pass(data) => data,
            };
            Ok(([auth.number(), whole_seconds(advert.interval_cs)?], Some(data)))
        }
        Kind::V3(_) if advert.interval_cs == 0 || advert.interval_cs > INTERVAL_CS_MAX => {
            Err(Unsendable::Interval)
        }
        Kind::V3(_) => Ok((advert.interval_cs.to_be_bytes(), None)),
    }
}

fn whole_seconds(interval_cs: u16) -> Result<u8, Unsendable> {
    match u8::try_from(interval_cs / 100) {
        Ok(seconds) if seconds > 0 && interval_cs.is_multiple_of(100) => Ok(seconds),
        _ => Err(Unsendable::Interval),
    }
}

fn checksum(bytes: &[u8], kind: Kind, source: IpAddr, destination: IpAddr) -> u16 {
    let message = Sum::new().with(bytes);
    let pseudo = match kind {
        Kind::V2(_) => false,
        Kind::V3(Checksum::PseudoHeader) => true,
        // RFC 9568 §5.2.8: IPv6 has no other form.
        Kind::V3(Checksum::MessageOnly) => source.is_ipv6(),
    };
    if !pseudo {
        return message.finish();
    }
    let length = u16::try_from(bytes.len()).expect("255 addresses of 16 bytes and a header fit in 16 bits");
    message
        .with_pseudo_header(source, destination, VRRP_PROTOCOL, length)
        .finish()
}
