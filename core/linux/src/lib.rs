//! Does what the engine decided, on a Linux kernel: raw packets, rtnetlink, IPVS over generic netlink, processes and
//! their confinement. The only room with `unsafe`.

pub mod clock;
pub mod reactor;

pub mod announce;
pub mod packet;
pub mod sending;

pub mod device;
pub mod monitor;
pub mod presence;
pub mod shield;
pub mod tables;

pub mod bound;
pub mod fifo;
pub mod ipvs;

pub mod journal;
pub mod outlet;
pub mod passing;
pub mod process;
pub mod realtime;
pub mod sandbox;
pub mod share;
pub mod watched;

pub mod uml;

mod address;
mod entry;
mod netlink;
mod rtnl;
mod sys;
