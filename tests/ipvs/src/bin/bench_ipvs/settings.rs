//! How much and how often is measured.

use std::fmt::Display;
use std::str::FromStr;

use anyhow::{Context, Result};

/// From environment variables, which `make bench` hands on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    /// ROUNDS: fresh kernels for each contender.
    pub(crate) rounds: usize,
    /// SERVICES: with ten real servers each.
    pub(crate) services: u16,
    /// SERVERS: checked once a second by TCP and HTTP; a twentieth of them by a script.
    pub(crate) servers: u16,
    /// CHECK_SECONDS: how long they are checked.
    pub(crate) seconds: u64,
}

impl Settings {
    pub(crate) fn from_environment() -> Result<Self> {
        Ok(Self {
            rounds: read("ROUNDS", 3)?,
            services: read("SERVICES", 1000)?,
            servers: read("SERVERS", 500)?,
            seconds: read("CHECK_SECONDS", 10)?,
        })
    }

    /// The same, for the guest.
    pub(crate) fn to_environment(self) -> Vec<(String, String)> {
        let all = [
            ("SERVICES", self.services.to_string()),
            ("SERVERS", self.servers.to_string()),
            ("CHECK_SECONDS", self.seconds.to_string()),
        ];
        all.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }
}

fn read<T: FromStr<Err: Display>>(name: &str, default: T) -> Result<T> {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .ok()
            .with_context(|| format!("cannot read {name}={text} as a number")),
        Err(_) => Ok(default),
    }
}
