//! The story's side of the client that asks for ever: what it saw, and how long it went without an answer.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use super::net::{Machine, Net};
use super::process::Process;
use super::seen::Seen;

/// Lines that may wait for the story; the client waits when it is full, and goes on asking meanwhile.
const WAITING: usize = 1024;

/// A time without an answer.
#[derive(Clone, Copy, Debug)]
struct Gap {
    end: SystemTime,
    length: Duration,
    lost: u64,
}

/// The client, and what it has told.
#[derive(Debug)]
pub(super) struct Watch {
    _process: Process,
    lines: Receiver<Seen>,
    gaps: Vec<Gap>,
    from: Option<(SystemTime, String)>,
    neighbour: Option<String>,
}

impl Watch {
    /// Let the client ask `address` from now on.
    pub(super) fn start(net: &Net, program: &Path, address: SocketAddr) -> Result<Self> {
        let mut command = net.prompt_command(Machine::Client, program);
        command
            .args(["__lab-client", "--watch", &address.to_string()])
            .stdout(Stdio::piped());
        let mut process = Process::start(&mut command)?;
        let stdout = process.stdout().expect("it was asked for above");
        let (sender, lines) = sync_channel(WAITING);
        thread::spawn(move || {
            for seen in BufReader::new(stdout)
                .lines()
                .map_while(Result::ok)
                .filter_map(|line| Seen::parse(&line))
            {
                if sender.send(seen).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            _process: process,
            lines,
            gaps: Vec::new(),
            from: None,
            neighbour: None,
        })
    }

    /// What it saw since the last call.
    pub(super) fn news(&mut self) -> Vec<Seen> {
        let news: Vec<Seen> = self.lines.try_iter().collect();
        for seen in &news {
            match seen {
                Seen::Gap { lost_us, lost, .. } => {
                    let length = Duration::from_micros(*lost_us);
                    self.gaps.push(Gap {
                        end: seen.at(),
                        length,
                        lost: *lost,
                    });
                }
                Seen::From { name, .. } => self.from = Some((seen.at(), name.clone())),
                Seen::Neighbour { mac, .. } => self.neighbour = Some(mac.clone()),
                Seen::Silent { .. } | Seen::Answers { .. } => {}
            }
        }
        news
    }

    /// All the time without an answer that ended after `since`.
    pub(super) fn outage(&self, since: SystemTime) -> Duration {
        self.gaps
            .iter()
            .filter(|gap| gap.end > since)
            .map(|gap| gap.length)
            .sum()
    }

    /// All questions without an answer in gaps that ended after `since`.
    pub(super) fn lost(&self, since: SystemTime) -> u64 {
        self.gaps
            .iter()
            .filter(|gap| gap.end > since)
            .map(|gap| gap.lost)
            .sum()
    }

    /// Who answered last.
    pub(super) fn from(&self) -> Option<&str> {
        self.from.as_ref().map(|(_, name)| name.as_str())
    }

    /// Whose link-layer address the virtual address had last.
    pub(super) fn neighbour(&self) -> Option<Machine> {
        self.neighbour.as_deref().and_then(Machine::by_mac)
    }
}
