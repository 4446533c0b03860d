//! The way into the election's thread.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use linux::reactor::Waker;
use model::fact::{LinkNews, Outcome, TrackerState};
use model::ids::TrackerName;
use model::plan::Plan;
use model::status::{GroupStatus, InstanceStatus};
use tokio::sync::oneshot;

/// Inputs that wait for the thread. It empties the queue at each turn, so a full one means that it hangs: senders
/// wait then, and are seen to.
const INPUTS: usize = 4096;
/// What elections are told.
#[derive(Debug)]
pub(in crate::router) enum ElectInput {
    Plan(Arc<Plan>),
    Link(LinkNews),
    /// The answers to orders.
    Outcomes(Vec<Outcome>),
    /// Later words about orders that were answered: what they put there had been taken out.
    Kept(Vec<Outcome>),
    Tracker(TrackerName, TrackerState),
    Status(oneshot::Sender<(Vec<InstanceStatus>, Vec<GroupStatus>)>),
    /// Leave gracefully; answered when the last farewell is on the wire and the kernel has taken the addresses off.
    Stop(oneshot::Sender<()>),
}

/// Tells elections things, from any thread.
#[derive(Clone, Debug)]
pub(in crate::router) struct ElectPort {
    queue: SyncSender<ElectInput>,
    waker: Waker,
}

/// The queue of inputs; a port is made of it once the thread has its waker.
pub(super) fn queue() -> (SyncSender<ElectInput>, Receiver<ElectInput>) {
    sync_channel(INPUTS)
}

impl ElectPort {
    pub(super) fn new(queue: SyncSender<ElectInput>, waker: Waker) -> Self {
        Self { queue, waker }
    }

    /// Hands over an input. Waits while the queue is full; false when the thread is gone.
    pub(in crate::router) fn send(&self, input: ElectInput) -> bool {
        let sent = self.queue.send(input).is_ok();
        self.waker.wake();
        sent
    }
}
