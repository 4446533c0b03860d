//! Who is measured, and the one language in which all of them are told what to do.

use std::fmt::Write as _;

use lab::{Bellwether, Keepalived, Net, until};
use model::transition::State;

/// A program and the way it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contender {
    Keepalived,
    /// With the real-time priority that its manual offers.
    KeepalivedRealTime,
    Bellwether,
    /// Where nobody may have real time.
    BellwetherWithout,
    KeepalivedWithout,
}

/// Virtual routers of one node, and how they speak.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    /// From 1 on; also their VRIDs, and the last part of their addresses.
    pub(crate) instances: u8,
    /// Milliseconds between adverts.
    pub(crate) interval_ms: u32,
}

/// Takes from a program what real time wants.
const WITHOUT: [&str; 6] = [
    "setpriv",
    "--bounding-set=-sys_nice",
    "--inh-caps=-sys_nice",
    "prlimit",
    "--rtprio=0:0",
    "--",
];

pub(crate) const MASTER: u8 = 150;
pub(crate) const BACKUP: u8 = 100;

impl Contender {
    /// Those of a quiet machine.
    pub(crate) const ALL: [Self; 3] = [Self::Keepalived, Self::KeepalivedRealTime, Self::Bellwether];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Keepalived => "keepalived",
            Self::KeepalivedRealTime => "keepalived, vrrp_rt_priority 50",
            Self::Bellwether => "bellwether",
            Self::BellwetherWithout => "bellwether, not allowed real time",
            Self::KeepalivedWithout => "keepalived, not allowed real time",
        }
    }

    fn configuration(self, setup: Setup, priority: u8) -> String {
        let global = match self {
            Self::KeepalivedRealTime => "vrrp_rt_priority 50\n vrrp_rlimit_rttime 100000000\n",
            Self::Keepalived | Self::KeepalivedWithout | Self::Bellwether | Self::BellwetherWithout => "",
        };
        let mut text = format!("global_defs {{\n vrrp_version 3\n {global}}}\n");
        let seconds = f64::from(setup.interval_ms) / 1000.0;
        for vrid in 1..=setup.instances {
            // Writing into a String cannot fail.
            let _ = write!(
                text,
                "vrrp_instance {} {{\n state BACKUP\n interface eth0\n virtual_router_id {vrid}\n priority {priority}\n \
                 advert_int {seconds}\n virtual_ipaddress {{\n {}/32\n }}\n}}\n",
                instance(vrid),
                address(vrid)
            );
        }
        text
    }

    /// Starts it on a node of the segment.
    pub(crate) fn start(self, net: &Net, name: &str, setup: Setup, priority: u8) -> Daemon {
        let (node, text) = (net.node(name), self.configuration(setup, priority));
        let running = match self {
            Self::Keepalived | Self::KeepalivedRealTime => {
                Running::Keepalived(Keepalived::start(&node, &text))
            }
            Self::KeepalivedWithout => Running::Keepalived(Keepalived::start_under(&node, &WITHOUT, &text)),
            Self::Bellwether => Running::Bellwether(Bellwether::start(&node, "keepalived.conf", &text)),
            Self::BellwetherWithout => {
                let path = node.write("keepalived.conf", &text);
                Running::Bellwether(Bellwether::start_under(&node, &WITHOUT, &path))
            }
        };
        Daemon { running, setup }
    }
}

/// Name of an instance.
fn instance(vrid: u8) -> String {
    format!("v{vrid}")
}

/// The virtual address of an instance.
pub(crate) fn address(vrid: u8) -> String {
    format!("198.51.100.{vrid}")
}

/// One of them at work.
pub(crate) struct Daemon {
    running: Running,
    setup: Setup,
}

enum Running {
    Keepalived(Keepalived),
    Bellwether(Bellwether),
}

impl Daemon {
    /// Waits until all its instances are in `state`.
    pub(crate) fn becomes(&self, state: State) {
        let wanted = state.word().to_uppercase();
        until(&format!("all instances to be {state}"), || {
            let there = self.states().filter(|found| *found == wanted).count();
            let all = usize::from(self.setup.instances);
            if there == all {
                Ok(())
            } else {
                Err(format!("{there} of {all} are"))
            }
        });
    }

    /// The states of all instances, in capitals.
    fn states(&self) -> impl Iterator<Item = String> {
        let found: Vec<String> = match &self.running {
            Running::Keepalived(daemon) => daemon.states().into_values().collect(),
            Running::Bellwether(daemon) => {
                let status = daemon.status();
                let instances = status.map(|status| status.instances).unwrap_or_default();
                let states = instances.into_iter().map(|instance| instance.state);
                states.map(|state| state.word().to_uppercase()).collect()
            }
        };
        found.into_iter()
    }

    /// How many times an instance became Master, or ceased to be, since the start.
    pub(crate) fn transitions(&self) -> u64 {
        match &self.running {
            Running::Keepalived(daemon) => daemon.log().matches(") Entering ").count() as u64,
            Running::Bellwether(daemon) => {
                let instances = daemon.says("its counters", |status| Some(status.instances.clone()));
                let counted = instances.iter().flat_map(|instance| &instance.counters);
                let moves = ["became_master", "released_master"];
                counted
                    .filter(|(name, _)| moves.contains(&name.as_str()))
                    .map(|(_, count)| *count)
                    .sum()
            }
        }
    }

    /// What it printed.
    pub(crate) fn log(&self) -> String {
        match &self.running {
            Running::Keepalived(daemon) => daemon.log(),
            Running::Bellwether(daemon) => daemon.log(),
        }
    }

    /// Its first process.
    pub(crate) fn pid(&self) -> i32 {
        match &self.running {
            Running::Keepalived(daemon) => daemon.pid(),
            Running::Bellwether(daemon) => daemon.guardian(),
        }
    }

    /// As a crash ends it: nobody says farewell, the addresses stay.
    pub(crate) fn kill(self) {
        match self.running {
            Running::Keepalived(daemon) => daemon.kill(),
            Running::Bellwether(daemon) => daemon.kill(),
        }
    }

    /// As its operator ends it.
    pub(crate) fn stop(self) {
        match self.running {
            Running::Keepalived(daemon) => daemon.stop(),
            Running::Bellwether(daemon) => daemon.stop(),
        }
    }
}
