//! The program `bellwether`: three processes, and the commands an operator types.
//!
//! [`guardian`] starts and watches the other two, [`router`] holds elections and balances, [`worker`] runs plugins.
//! They talk over [`link`]s. Deciding is the engine's work; what is decided is carried out here, each effect in one
//! place.

#![forbid(unsafe_code)]

pub mod cli;

pub mod guardian;
pub mod router;
pub mod worker;

pub mod lab;
pub mod link;
pub mod log;
