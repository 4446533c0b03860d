//! Commands that plugins may run are run by the guardian: this asks it, and hands the outcomes out.

use std::collections::BTreeMap;
use std::future::Future;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hostcall::Broker;
use model::ids::ExecId;
use model::link::{ExecOutcome, ExecRequest, FromGuardian, ToGuardian};
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
    last: u64,
    replies: BTreeMap<ExecId, oneshot::Sender<Result<ExecOutcome, String>>>,
}

impl GuardianBroker {
    /// Serves the link to the guardian.
    pub(super) fn serve(end: OwnedFd, events: mpsc::Sender<Event>) -> anyhow::Result<Self> {
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let shared = Arc::clone(&waiting);
        let port = crate::link::serve("guardian", UnixStream::from(end), move |incoming| {
            let event = match incoming {
                Incoming::Frame(FromGuardian::Done { id, result }, _) => {
                    let reply = shared
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .replies
                        .remove(&id);
                    // Whoever asked may have run out of time.
                    let _ = reply.map(|reply| reply.send(result));
                    return;
                }
                Incoming::Frame(FromGuardian::Peer, Some(end)) => Event::Peer(end),
                Incoming::Frame(
                    FromGuardian::Peer | FromGuardian::Fifo(_) | FromGuardian::Reload | FromGuardian::Stop,
                    _,
                ) => return,
                Incoming::Closed(_) => Event::Orphaned,
            };
            // The loop is over: so is the process.
            let _ = events.blocking_send(event);
        })?;
        Ok(Self { port, waiting })
    }
}

impl Broker for GuardianBroker {
    fn run(
        &self,
        argv: Vec<String>,
        timeout: Duration,
        output_max: u32,
    ) -> Pin<Box<dyn Future<Output = Result<ExecOutcome, String>> + Send>> {
        let (reply, outcome) = oneshot::channel();
        let id = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.last += 1;
            let id = ExecId(waiting.last);
            waiting.replies.insert(id, reply);
            id
        };
        let request = ExecRequest {
            id,
            argv,
            user: None,
            timeout,
            output_max,
            reads: None,
        };
        let is_sent = self.port.send(ToGuardian::Exec(request));
        let waiting = Arc::clone(&self.waiting);
        Box::pin(async move {
            if !is_sent {
                waiting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .replies
                    .remove(&id);
                return Err("the guardian does not answer".to_owned());
            }
            outcome
                .await
                .unwrap_or_else(|_| Err("the guardian is gone".to_owned()))
        })
    }
}
