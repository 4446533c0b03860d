//! Puts around an advert what proves it, at the moment in which it leaves.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use model::effect::SendAdvert;
use model::seal::Seal;
use wire::ah::{self, AH_PROTOCOL, Cover};
use wire::checksum::VRRP_PROTOCOL;
use wire::trailer;

use super::header::{self, Fields, Header};

/// A packet ready for a socket that brings its own IP header.
#[derive(Debug)]
pub(super) struct Packet<'a> {
    pub(super) header: Header,
    pub(super) payload: Cow<'a, [u8]>,
    pub(super) to: SocketAddr,
}

/// The packet for an advert; `None` when its families do not fit, or it is too long.
pub(super) fn packet(advert: &SendAdvert) -> Option<Packet<'_>> {
    let (source, destination) = (advert.source, advert.destination);
    let (protocol, identification, payload) = match &advert.seal {
        Seal::Bare => (VRRP_PROTOCOL, 0, Cow::Borrowed(&*advert.payload)),
        Seal::Trailer {
            key_id,
            key,
            sequence,
        } => {
            let sealed = trailer::seal(
                &advert.payload,
                *key_id,
                key.bytes(),
                *sequence,
                source,
                destination,
            );
            (VRRP_PROTOCOL, 0, Cow::Owned(sealed))
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
            let sealed = ah::seal(&advert.payload, key.bytes(), *sequence, &cover);
            (AH_PROTOCOL, cover.identification, Cow::Owned(sealed))
        }
    };
    let fields = Fields {
        protocol,
        hop_limit: advert.hop_limit,
        identification,
        payload: payload.len(),
    };
    Some(Packet {
        header: header::build(source, destination, fields)?,
        payload,
        to: match destination {
            IpAddr::V4(to) => SocketAddrV4::new(to, 0).into(),
            IpAddr::V6(to) => SocketAddrV6::new(to, 0, 0, advert.link.0).into(),
        },
    })
}
