//! The kernel does what this room says it does. Each test runs in a network namespace of its own, and needs root.

mod address;
mod announce;
mod bed;
mod device;
mod entry;
mod monitor;
mod packet;
mod presence;
mod process;
mod sandbox;
mod shield;
