//! The host API: each capability once, for every runtime. A runtime hands over plain values and gets plain values back;
//! grants, deadlines and bounds are checked here and nowhere else.
//!
//! Contract: everything a plugin passes in is hostile. No call lasts longer than its run ([`Call::remaining`]), none
//! returns more than its bound, and none touches what [`Host`]'s grants do not name. Dropping a future ends its work
//! at once: sockets close with it.

#![forbid(unsafe_code)]

pub mod certificate;
pub mod clock;
pub mod codec;
pub mod dns;
pub mod error;
pub mod files;
pub mod grant;
pub mod host;
pub mod http;
pub mod icmp;
pub mod json;
pub mod kv;
pub mod log;
pub mod metric;
pub mod node;
pub mod pattern;
pub mod process;
pub mod prometheus;
pub mod secret;
pub mod systemd;
pub mod tcp;
pub mod tls;
pub mod trace;
pub mod udp;

mod bound;

#[cfg(test)]
mod testing;

pub use error::{Code, Error};
pub use host::{Call, Host, Kept, Services};
pub use process::Broker;
pub use tls::Roots;
pub use trace::Observer;
