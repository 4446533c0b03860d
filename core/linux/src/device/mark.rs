//! The alias of a device of ours: `bellwether 4242 ipv4/arp_ignore=0 ipv4/arp_announce=0`.

use std::collections::BTreeMap;
use std::fmt;

use model::fact::Maker;
use rustix::process::{Pid, getpid, getppid};

const NAME: &str = "bellwether";

/// Whose a device is, and what the interface below had before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// The guardian's process: it outlives routers.
    guardian: i32,
    /// Settings of the interface below, by family and name, as they were before the first device of ours.
    pub(super) before: BTreeMap<String, String>,
}

impl Mark {
    /// Of a new device beside `others` on the same interface: what was before them was before us.
    pub(super) fn new(others: &[Self]) -> Self {
        Self {
            guardian: own_guardian(),
            before: others.iter().flat_map(|other| other.before.clone()).collect(),
        }
    }

    /// What an alias says; `None` when it is not of our kind.
    pub(super) fn parse(alias: &str) -> Option<Self> {
        let mut words = alias.split(' ');
        if words.next() != Some(NAME) {
            return None;
        }
        let guardian = words.next()?.parse().ok()?;
        let pairs = words.filter_map(|word| word.split_once('='));
        Some(Self {
            guardian,
            before: pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        })
    }

    /// Who made it, as far as this process can tell.
    pub(super) fn maker(&self) -> Maker {
        // The router asks, or the guardian itself when there is no router any more.
        if [own_guardian(), Pid::as_raw(Some(getpid()))].contains(&self.guardian) {
            Maker::Us
        } else if is_alive(self.guardian) {
            Maker::Other
        } else {
            Maker::Dead
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME} {}", self.guardian)?;
        for (key, value) in &self.before {
            write!(f, " {key}={value}")?;
        }
        Ok(())
    }
}

/// The parent of the router.
fn own_guardian() -> i32 {
    Pid::as_raw(getppid())
}

/// Whether a guardian with that number lives: numbers are used again, so its name must be ours too, or our guardian's.
fn is_alive(guardian: i32) -> bool {
    let name = |pid: i32| std::fs::read_to_string(format!("/proc/{pid}/comm")).ok();
    let own = [own_guardian(), Pid::as_raw(Some(getpid()))];
    name(guardian).is_some_and(|theirs| own.into_iter().filter_map(name).any(|ours| ours == theirs))
}
