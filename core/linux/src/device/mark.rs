//! The alias of a device of ours: `bellwether 1 ipv4/arp_ignore=0 ipv4/arp_announce=0`.

use std::collections::BTreeMap;
use std::fmt;

use model::fact::Maker;

use crate::presence;

const NAME: &str = "bellwether";

/// Whose a device is, and what the interface below had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The number of its daemon, which outlives routers.
    daemon: u32,
    /// Settings of the interface below, by family and name, as they were before the first device of ours.
    pub(super) before: BTreeMap<String, String>,
}

impl Mark {
    /// Of a new device beside `others` on the same interface: what was before them was before us.
    pub(super) fn new(others: &[Self]) -> Self {
        Self {
            daemon: presence::own(),
            before: others.iter().flat_map(|other| other.before.clone()).collect(),
        }
    }

    /// What an alias says; `None` when it is not of our kind.
    pub(super) fn parse(alias: &str) -> Option<Self> {
        let mut words = alias.split(' ');
        if words.next() != Some(NAME) {
            return None;
        }
        let daemon = words.next()?.parse().ok()?;
        let pairs = words.filter_map(|word| word.split_once('='));
        Some(Self {
            daemon,
            before: pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        })
    }

    /// Who made it, as far as this process can tell. A number that nobody has any more may be ours by now: whoever had
    /// it is dead.
    pub(super) fn maker(&self) -> Maker {
        if self.daemon == presence::own() {
            Maker::Us
        } else if presence::is_alive(self.daemon) {
            Maker::Other
        } else {
            Maker::Dead
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME} {}", self.daemon)?;
        for (key, value) in &self.before {
            write!(f, " {key}={value}")?;
        }
        Ok(())
    }
}
