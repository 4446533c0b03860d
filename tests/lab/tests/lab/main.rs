//! Real daemons on a segment of their own.

mod author;
mod bfd;
mod bound;
mod conf;
mod crash;
mod fifo;
mod gone;
mod hanging;
mod harness;
mod hooks;
mod letter;
mod machine;
mod mute;
mod own;
mod pair;
mod physical;
mod plugins;
mod real;
mod reload;
mod resources;
mod routes;
mod suite;
mod together;
mod tracking;
mod vmac;
