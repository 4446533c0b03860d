//! What the worker has no right to is done by the guardian, commands and bound sockets: this asks it, and hands the
//! answers out.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use hostcall::Broker;
use model::ids::{ExecId, SocketId};
use model::link::{ExecOutcome, ExecRequest, FromGuardian, SocketKind, SocketRequest, ToGuardian};
use model::net::Family;
use model::plan::Via;
use tokio::sync::{mpsc, oneshot};

use super::Event;
use crate::link::{Incoming, Port};

/// The way to the guardian.
pub(super) struct GuardianBroker {
    port: Port<ToGuardian>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    commands: Asked<ExecOutcome>,
    sockets: Asked<OwnedFd>,
}

/// Who waits for which answer.
struct Asked<T> {
    last: u64,
    replies: BTreeMap<u64, oneshot::Sender<Result<T, String>>>,
}

impl GuardianBroker {
    /// Serves the link to the guardian.
    pub(super) fn serve(end: OwnedFd, events: mpsc::Sender<Event>) -> anyhow::Result<Self> {
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let shared = Arc::clone(&waiting);
        let tell = move |incoming| match incoming {
            Incoming::Frame(FromGuardian::Done { id, result }, _) => {
                lock(&shared).commands.answer(id.0, result);
                None
            }
            Incoming::Frame(FromGuardian::Socket { id, result }, socket) => {
                let came = || socket.ok_or_else(|| "no socket came with the answer".to_owned());
                lock(&shared).sockets.answer(id.0, result.and_then(|()| came()));
                None
            }
            Incoming::Frame(FromGuardian::Peer, Some(end)) => Some(Event::Peer(end)),
            Incoming::Frame(
                FromGuardian::Peer | FromGuardian::Fifo(_) | FromGuardian::Reload | FromGuardian::Stop,
                _,
            ) => None,
            Incoming::Closed(_) => Some(Event::Orphaned),
        };
        let port = crate::link::serve(UnixStream::from(end), events, tell)?;
        Ok(Self { port, waiting })
    }

    /// Sends a request, and waits for its answer as long as somebody wants it.
    fn ask<T: Send + 'static>(
        &self,
        of: fn(&mut Waiting) -> &mut Asked<T>,
        request: impl FnOnce(u64) -> ToGuardian,
    ) -> BoxFuture<'static, Result<T, String>> {
        let (id, answer) = of(&mut lock(&self.waiting)).ask();
        let is_sent = self.port.send(request(id));
        let waiting = Arc::clone(&self.waiting);
        Box::pin(async move {
            if !is_sent {
                of(&mut lock(&waiting)).replies.remove(&id);
                return Err("the guardian does not answer".to_owned());
            }
            answer
                .await
                .unwrap_or_else(|_| Err("the guardian is gone".to_owned()))
        })
    }
}

impl Broker for GuardianBroker {
    fn run(
        &self,
        argv: Vec<String>,
        timeout: Duration,
        output_max: u32,
    ) -> BoxFuture<'static, Result<ExecOutcome, String>> {
        self.ask(
            |waiting| &mut waiting.commands,
            |id| {
                ToGuardian::Exec(ExecRequest {
                    id: ExecId(id),
                    argv,
                    user: None,
                    timeout,
                    output_max,
                    reads: None,
                })
            },
        )
    }

    fn open(
        &self,
        kind: SocketKind,
        family: Family,
        via: Via,
    ) -> BoxFuture<'static, Result<OwnedFd, String>> {
        self.ask(
            |waiting| &mut waiting.sockets,
            |id| {
                ToGuardian::Socket(SocketRequest {
                    id: SocketId(id),
                    kind,
                    family,
                    via,
                })
            },
        )
    }
}

impl<T> Asked<T> {
    fn ask(&mut self) -> (u64, oneshot::Receiver<Result<T, String>>) {
        let (reply, answer) = oneshot::channel();
        self.last += 1;
        self.replies.insert(self.last, reply);
        (self.last, answer)
    }

    fn answer(&mut self, id: u64, result: Result<T, String>) {
        let reply = self.replies.remove(&id);
        // Whoever asked may have run out of time.
        let _ = reply.map(|reply| reply.send(result));
    }
}

impl<T> Default for Asked<T> {
    fn default() -> Self {
        let replies = BTreeMap::new();
        Self { last: 0, replies }
    }
}

/// Each change is one entry more or less.
fn lock(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}
