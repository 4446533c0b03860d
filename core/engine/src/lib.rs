//! Decides: elections ([`vrrp`]), states of real servers and the wanted IPVS table ([`lvs`]), and when to ask what
//! ([`probe`]).
//!
//! Deaf, blind and timeless: no socket, file, clock, thread, environment or randomness. One contract for both halves:
//! `handle_*(input, now)`, then `poll_effect()` until it gives `None`, then `poll_timeout()`.

#![forbid(unsafe_code)]

pub mod lvs;
pub mod probe;
pub mod vrrp;
