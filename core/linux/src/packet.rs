//! VRRP on the wire: raw IP sockets of protocol 112, and of 51 where authentication headers stand before it.

mod batch;
mod control;
mod header;
mod receiver;
mod seal;
mod sender;

pub use control::{Told, parse as parse_control};
pub use header::{PacketV4, parse_v4};
pub use receiver::Receiver;
pub use sender::Sender;
