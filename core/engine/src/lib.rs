//! Decides: elections ([`vrrp`]), states of real servers and the wanted IPVS table ([`lvs`]), when to ask what
//! ([`probe`]), what files and processes of this machine mean ([`watch`]), and what is held while Master ([`keep`]).
//!
//! Deaf, blind and timeless: no socket, file, clock, thread, environment or randomness. One contract for all of them:
//! `handle_*(input, now)`, then `poll_effect()` until it gives `None`, then `poll_timeout()`.

#![forbid(unsafe_code)]

pub mod keep;
pub mod lvs;
pub mod probe;
pub mod vrrp;
pub mod watch;
