//! Bytes and values of VRRP: adverts of version 2 and 3 ([`advert`]), what proves them ([`ah`], [`trailer`]), and the
//! frames by which a new Master tells its segment ([`announce`]).
//!
//! Knows no other room and does nothing but translate. Whatever comes from the network is hostile: nothing here
//! panics, and nothing is allocated while decoding.

#![forbid(unsafe_code)]

pub mod advert;
pub mod ah;
pub mod announce;
pub mod checksum;
pub mod trailer;
