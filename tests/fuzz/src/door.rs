//! The doors. Each takes any bytes, and panics only when something is wrong with us.

mod files;
mod frames;
mod netlink;

pub use files::{keepalived_conf, toml};
pub use frames::frames;
pub use netlink::{control, ipvs, links};
