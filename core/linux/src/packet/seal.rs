//! Puts around an advert what proves it, at the moment in which it leaves.

use std::net::IpAddr;

use model::effect::SendAdvert;
use model::seal::Seal;
use wire::ah::{self, AH_PROTOCOL, Cover};
use wire::checksum::VRRP_PROTOCOL;
use wire::trailer::{self, Sealing};

use super::header::{self, ETHERNET, Fields};

/// Appends the packet for an advert, from the IP header on, or the frame where it has a link-layer source of its own. `None` when its families do not fit, or it is too long;
/// what was appended is of no use then.
pub(super) fn packet(advert: &SendAdvert, into: &mut Vec<u8>) -> Option<()> {
    // The header is made last: it says how long the rest is.
    let start = into.len();
    let length = header_length(advert);
    into.resize(start + length, 0);
    let (protocol, identification) = payload(advert, into)?;
    let fields = Fields {
        protocol,
        hop_limit: advert.hop_limit,
        identification,
        payload: into.len().checked_sub(start + length)?,
    };
    let header = header::build(advert.source, advert.destination, fields)?;
    let header = match advert.mac {
        Some(mac) => header.framed(mac, advert.destination)?,
        None => header,
    };
    into.get_mut(start..start + length)?
        .copy_from_slice(header.as_bytes());
    Some(())
}

fn header_length(advert: &SendAdvert) -> usize {
    let before = advert.mac.map_or(0, |_| ETHERNET);
    match advert.destination {
        IpAddr::V4(_) => before + 20,
        IpAddr::V6(_) => before + 40,
    }
}

/// Appends what follows the IP header. Gives protocol and identification.
fn payload(advert: &SendAdvert, into: &mut Vec<u8>) -> Option<(u8, u16)> {
    let (source, destination) = (advert.source, advert.destination);
    match &advert.seal {
        Seal::Bare => {
            into.extend(&*advert.payload);
            Some((VRRP_PROTOCOL, 0))
        }
        Seal::Trailer {
            key_id,
            key,
            sequence,
        } => {
            let sealing = Sealing {
                key_id: *key_id,
                key: key.bytes(),
                sequence: *sequence,
                source,
                destination,
            };
            trailer::seal(&advert.payload, sealing, into);
            Some((VRRP_PROTOCOL, 0))
        }
        Seal::Header { key, sequence } => {
            let (IpAddr::V4(source), IpAddr::V4(destination)) = (source, destination) else {
                return None;
            };
            let [_, _, high, low] = sequence.to_be_bytes();
            let cover = Cover {
                // The kernel replaces a 0, and the header would prove nothing.
                identification: u16::from_be_bytes([high, low]).max(1),
                hop_limit: advert.hop_limit,
                source,
                destination,
            };
            ah::seal(&advert.payload, key.bytes(), *sequence, &cover, into);
            Some((AH_PROTOCOL, cover.identification))
        }
    }
}
