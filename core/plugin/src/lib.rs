//! The runtimes. Runs a site's Lua and WebAssembly code, swaps it while it runs, and cannot be hurt by it.
//!
//! Contract: [`Platform::ask`] never fails and never lasts longer than asked; whatever goes wrong in a plugin is
//! [`Status::Unknown`](model::probe::Status::Unknown) with the reason. A swap is a transaction: code that does not
//! load, or cannot answer a question aside, leaves the old one serving; code that fails in its first calls gives its
//! place back.
//!
//! [`platform`] is the door; `slot` holds a plugin's versions, `loader` tries new ones, `threads` runs them, `lua` and
//! `wasm` are the two runtimes, `meter` and `ticker` bound what a guest may cost.

#![forbid(unsafe_code)]

mod answer;
mod bench;
mod declared;
mod describe;
mod embedded;
mod loader;
mod lua;
mod meter;
pub mod platform;
mod shadow;
mod slot;
mod subject;
mod threads;
mod ticker;
mod wasm;

#[cfg(test)]
mod tests;

pub use describe::{Description, Exports, describe};
pub use embedded::{Shipped, shipped};
pub use hostcall::{Broker, Observer, Roots};
pub use platform::{Options, Platform};
