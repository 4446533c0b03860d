//! Every door through which bytes of others come, and what must hold whatever they are.
//!
//! `tests/short.rs` tries some thousand wrong inputs at each door, always the same ones. `libfuzzer/` tries the same
//! doors for as long as one likes:
//! `cargo +nightly fuzz run --fuzz-dir tests/fuzz/libfuzzer frames`.
//! `tests/captures.rs` reads what keepalived, FRR and we were captured to say, and makes each byte of it again.

pub mod capture;
pub mod door;
pub mod mutation;
pub mod packet;
