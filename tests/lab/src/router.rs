//! A router of any make, so that one scenario serves for all of them.

mod wanted;

use model::transition::State;

pub use wanted::{Form, Wanted};

use crate::bellwether::Bellwether;
use crate::frr::Frr;
use crate::keepalived::Keepalived;
use crate::net::Node;
use crate::process::{self, send};
use rustix::process::Signal;

/// Whose program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Make {
    /// bellwether.
    Ours,
    /// keepalived, as Debian ships it.
    Keepalived,
    /// FRR's vrrpd, as Debian ships it.
    Frr,
}

impl Make {
    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ours => "bellwether",
            Self::Keepalived => "keepalived",
            Self::Frr => "FRR",
        }
    }

    /// Whether it can speak `form`: Debian's keepalived 2.2.7 and FRR 8.4 know one checksum of version 3 over IPv4.
    pub const fn speaks(self, form: Form) -> bool {
        !matches!((self, form), (Self::Keepalived | Self::Frr, Form::V3MessageOnly))
    }
}

/// A running router. Killed when dropped.
#[derive(Debug)]
pub enum Router {
    /// bellwether.
    Ours(Bellwether),
    /// keepalived.
    Keepalived(Keepalived),
    /// FRR.
    Frr(Frr),
}

impl Router {
    /// Starts it. Ours and keepalived read one and the same text.
    ///
    /// # Panics
    /// When it is not there.
    pub fn start(make: Make, node: &Node, wanted: &Wanted) -> Self {
        let text = wanted.keepalived();
        match make {
            Make::Ours => Self::Ours(Bellwether::start(node, "keepalived.conf", &text)),
            Make::Keepalived => Self::Keepalived(Keepalived::start(node, &text)),
            Make::Frr => Self::Frr(Frr::start(node, wanted)),
        }
    }

    /// Ours, when it is.
    pub const fn ours(&self) -> Option<&Bellwether> {
        match self {
            Self::Ours(daemon) => Some(daemon),
            Self::Keepalived(_) | Self::Frr(_) => None,
        }
    }

    /// Where it runs.
    pub fn node(&self) -> &Node {
        match self {
            Self::Ours(daemon) => daemon.node(),
            Self::Keepalived(daemon) => daemon.node(),
            Self::Frr(daemon) => daemon.node(),
        }
    }

    /// Waits until its instance `web` is in `state`.
    ///
    /// # Panics
    /// When that does not happen.
    #[track_caller]
    pub fn becomes(&self, state: State) {
        self.instance_becomes("web", state);
    }

    /// Waits until its instance of that name is in `state`. FRR has only one.
    ///
    /// # Panics
    /// When that does not happen.
    #[track_caller]
    pub fn instance_becomes(&self, name: &str, state: State) {
        match self {
            Self::Ours(daemon) => drop(daemon.becomes(name, state)),
            Self::Keepalived(daemon) => daemon.becomes(name, &state.word().to_uppercase()),
            Self::Frr(daemon) => daemon.becomes(state),
        }
    }

    /// Whether `web` is in `state` now.
    pub fn is(&self, state: State) -> bool {
        match self {
            Self::Ours(daemon) => daemon.instance("web").is_ok_and(|found| found.state == state),
            Self::Keepalived(daemon) => daemon.state("web") == Some(state.word().to_uppercase()),
            Self::Frr(daemon) => daemon.is(state),
        }
    }

    /// How many times `web` has moved from state to state since its start.
    pub fn moves(&self) -> usize {
        match self {
            Self::Ours(daemon) => daemon.moves("web"),
            Self::Keepalived(daemon) => daemon.transitions("web"),
            Self::Frr(daemon) => daemon.transitions(),
        }
    }

    /// Whether it answers for `address`. FRR leaves addresses on an interface that it takes down.
    pub fn carries(&self, address: &str) -> bool {
        match self {
            Self::Ours(_) | Self::Keepalived(_) => self.node().holds(address),
            Self::Frr(daemon) => daemon.is(State::Master),
        }
    }

    /// SIGTERM, and waits for its end: it says priority 0 when it is Master.
    pub fn stop(self) {
        match self {
            Self::Ours(daemon) => daemon.stop(),
            Self::Keepalived(daemon) => daemon.stop(),
            Self::Frr(daemon) => daemon.stop(),
        }
    }

    /// kill -9 to all its processes at once. Of other makes, what a crash leaves on the interface is removed: a power
    /// cut would. Ours has to clean up after itself when it comes back.
    pub fn kill(self) {
        let node = self.node().clone();
        match self {
            Self::Ours(daemon) => daemon.kill(),
            Self::Keepalived(daemon) => {
                daemon.kill();
                node.forget_virtual_addresses();
            }
            Self::Frr(daemon) => daemon.kill(),
        }
    }

    /// SIGSTOP to all its processes.
    pub fn freeze(&self) {
        self.node()
            .processes()
            .into_iter()
            .for_each(|pid| send(pid, Signal::STOP));
    }

    /// SIGCONT to all its processes.
    pub fn thaw(&self) {
        self.node()
            .processes()
            .into_iter()
            .for_each(|pid| send(pid, Signal::CONT));
    }

    /// Whether all its processes live.
    pub fn lives(&self) -> bool {
        let all = self.node().processes();
        !all.is_empty() && all.into_iter().all(process::is_alive)
    }
}
