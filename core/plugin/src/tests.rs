//! The same suite over both runtimes, through the platform's own door.

mod conformance;
mod contract;
mod hooks;
mod hostile;
mod kit;
mod many;
mod messages;
mod resources;
mod rest;
mod shipped;
mod swap;
mod trial;
