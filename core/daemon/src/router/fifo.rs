//! Tells named pipes of what happens, a line for each change, as keepalived writes them (keepalived.conf(5),
//! `notify_fifo`; without the zero byte that ends its lines about servers). Readers run through the guardian.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use model::effect::{ServerChange, ServiceChange};
use model::ids::ExecId;
use model::ipvs::{DestinationKey, ServiceKey};
use model::link::{ExecRequest, HookEvent};
use model::net::Protocol;
use model::plan::FifoPlan;
use model::time::Instant;

/// Lines that wait for a pipe to be opened. When full, the oldest is dropped: newer states matter more.
const WAITING_MAX: usize = 1024;
/// Readers run for as long as they like.
const READER_TIME: Duration = Duration::from_secs(10 * 365 * 86_400);
/// How soon a reader that ended is started again.
const READER_PAUSE: Duration = Duration::from_secs(1);
/// Output of a reader that is kept, in bytes: nobody looks at it.
const OUTPUT_MAX: u32 = 0;

/// All named pipes.
#[derive(Debug, Default)]
pub(super) struct Fifos {
    list: Vec<Fifo>,
    /// Readers that were started. Their numbers count down, those of hooks count up.
    started: u64,
}

#[derive(Debug)]
struct Fifo {
    plan: FifoPlan,
    pipe: Option<OwnedFd>,
    waiting: VecDeque<String>,
    /// Lines that found the pipe full since it was last not.
    lost: u64,
    reader: Reader,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    /// Not before the pipe is there.
    None,
    Runs(ExecId),
    /// It ended.
    Again(Instant),
}

impl Fifos {
    /// Takes a plan. What stays as it was goes on, its reader too.
    pub(super) fn handle_plan(&mut self, plans: &[FifoPlan]) {
        let mut old = std::mem::take(&mut self.list);
        for plan in plans {
            let known = old.iter().position(|fifo| fifo.plan == *plan);
            self.list.push(match known {
                Some(at) => old.swap_remove(at),
                None => Fifo {
                    plan: plan.clone(),
                    pipe: None,
                    waiting: VecDeque::new(),
                    lost: 0,
                    reader: Reader::None,
                },
            });
        }
    }

    /// A pipe is there. What was to be told meanwhile is told; its reader is due.
    pub(super) fn handle_open(&mut self, path: &Path, pipe: OwnedFd, now: Instant) {
        let Some(fifo) = self.list.iter_mut().find(|fifo| fifo.plan.path == path) else {
            return;
        };
        fifo.pipe = Some(pipe);
        if fifo.reader == Reader::None && fifo.plan.reader.is_some() {
            fifo.reader = Reader::Again(now);
        }
        for line in std::mem::take(&mut fifo.waiting) {
            fifo.tell(line);
        }
    }

    /// An instance or a group changed.
    pub(super) fn handle_event(&mut self, event: &HookEvent) {
        self.tell(|plan| plan.elections, &line(event));
    }

    /// How an instance or a group is, after the configuration was read again.
    pub(super) fn handle_reading(&mut self, event: &HookEvent) {
        self.tell(|plan| plan.elections && plan.retells, &line(event));
    }

    /// A real server changed.
    pub(super) fn handle_server(&mut self, change: &ServerChange) {
        let state = if change.up { "UP" } else { "DOWN" };
        let server = server(&change.server, &change.service);
        let line = format!("RS {server} {} {state}\n", service(&change.service));
        self.tell(|plan| plan.services, &line);
    }

    /// A virtual server gained or lost its quorum.
    pub(super) fn handle_service(&mut self, change: &ServiceChange) {
        let state = if change.up { "UP" } else { "DOWN" };
        let line = format!("VS {} {state}\n", service(&change.service));
        self.tell(|plan| plan.services, &line);
    }

    fn tell(&mut self, wants: impl Fn(&FifoPlan) -> bool, line: &str) {
        for fifo in self.list.iter_mut().filter(|fifo| wants(&fifo.plan)) {
            fifo.tell(line.to_owned());
        }
    }

    /// A command ended; true if it was a reader.
    pub(super) fn handle_exec_done(&mut self, id: ExecId, now: Instant) -> bool {
        let runs = |fifo: &&mut Fifo| fifo.reader == Reader::Runs(id);
        let Some(fifo) = self.list.iter_mut().find(runs) else {
            // That of a pipe which is no more has a number of ours all the same.
            return id.0 > u64::MAX - 1 - self.started;
        };
        tracing::warn!(fifo = %fifo.plan.path.display(), "the reader ended; it is started again");
        fifo.reader = Reader::Again(now + READER_PAUSE);
        true
    }

    /// When the next reader is due.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let due = |fifo: &Fifo| match fifo.reader {
            Reader::Again(at) => Some(at),
            Reader::None | Reader::Runs(_) => None,
        };
        self.list.iter().filter_map(due).min()
    }

    /// A reader to start, if one is due.
    pub(super) fn poll_reader(&mut self, now: Instant) -> Option<ExecRequest> {
        let due = |fifo: &&mut Fifo| matches!(fifo.reader, Reader::Again(at) if at <= now);
        let fifo = self.list.iter_mut().find(due)?;
        let id = ExecId(u64::MAX - self.started);
        self.started += 1;
        fifo.reader = Reader::Runs(id);
        let reader = fifo.plan.reader.as_ref()?;
        let mut argv = reader.argv.clone();
        argv.push(fifo.plan.path.display().to_string());
        Some(ExecRequest {
            id,
            argv,
            user: reader.user.clone(),
            timeout: READER_TIME,
            output_max: OUTPUT_MAX,
            reads: Some(fifo.plan.path.clone()),
        })
    }
}

impl Fifo {
    fn tell(&mut self, line: String) {
        let Some(pipe) = &self.pipe else {
            if self.waiting.len() >= WAITING_MAX {
                self.waiting.pop_front();
            }
            return self.waiting.push_back(line);
        };
        let path = self.plan.path.display();
        match linux::fifo::write(pipe, line.as_bytes()) {
            Ok(true) => {
                if std::mem::take(&mut self.lost) > 0 {
                    tracing::info!(fifo = %path, "it is read again");
                }
            }
            Ok(false) => {
                self.lost += 1;
                if self.lost == 1 {
                    tracing::warn!(fifo = %path, "it is full; lines are lost until somebody reads");
                }
            }
            Err(error) => tracing::warn!(fifo = %path, %error, "cannot write"),
        }
    }
}

fn line(event: &HookEvent) -> String {
    let kind = if event.is_group { "GROUP" } else { "INSTANCE" };
    let (name, state, priority) = (&event.name, event.phase.word(), event.priority);
    format!("{kind} \"{name}\" {state} {priority}\n")
}

fn service(key: &ServiceKey) -> String {
    match key {
        ServiceKey::Address {
            protocol,
            address,
            port,
        } => format!("[{address}]:{protocol}:{port}"),
        ServiceKey::Mark { mark, .. } => format!("FWM {mark}"),
    }
}

/// A server of a mark speaks TCP, for keepalived.
fn server(server: &DestinationKey, of: &ServiceKey) -> String {
    let protocol = match of {
        ServiceKey::Address { protocol, .. } => *protocol,
        ServiceKey::Mark { .. } => Protocol::Tcp,
    };
    format!("[{}]:{protocol}:{}", server.address, server.port)
}

#[cfg(test)]
mod tests;
