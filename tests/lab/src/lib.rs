//! A laboratory of network namespaces: real daemons, ours, keepalived and FRR, on a segment of their own, captured and
//! dissected. Nothing leaves the namespaces, and nothing of them is left when a test ends, however it ends.
//!
//! Waiting is for a state, with a deadline that only tells a hang from a slow machine; no time is asserted.

pub mod asker;
pub mod bellwether;
pub mod capture;
pub mod claims;
pub mod frr;
pub mod keepalived;
pub mod net;
pub mod process;
pub mod router;
pub mod stranger;
pub mod suite;
pub mod wait;

pub use asker::Asker;
pub use bellwether::Bellwether;
pub use capture::{Capture, Checksum, Packet};
pub use frr::{Bfd, Frr};
pub use keepalived::Keepalived;
pub use net::{Net, Node};
pub use router::{Form, Make, Router, Wanted};
pub use stranger::{Message, Stranger};
pub use wait::{PATIENCE, until};
