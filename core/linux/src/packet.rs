//! VRRP on the wire: raw IP sockets of protocol 112.

mod batch;
mod control;
mod header;
mod receiver;
mod sender;

pub use receiver::Receiver;
pub use sender::Sender;

/// IP protocol number of VRRP (RFC 9568 §5.1.1.4).
pub const PROTOCOL: u8 = 112;
