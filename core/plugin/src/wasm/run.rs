//! One run of a component.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hostcall::Call;
use model::declared::{Declared, Kind};
use model::link::HookEvent;
use model::plan::{Limits, Phase};
use model::probe::{Ask, Status};
use model::value::Parameters;
use tokio::sync::OwnedSemaphorePermit;
use wasmtime::component::Instance;
use wasmtime::{Store, Trap, UpdateDeadline};

use super::bindings::bellwether::plugin::types::{Endpoint, Event, Parameter, ParameterKind, State};
use super::bindings::exports::bellwether::plugin::checker::{self, Target, Verdict};
use super::guest::{Guest, one_line};
use super::host::Run;
use crate::answer::{Answer, in_words};
use crate::bench::{Blame, Fault};
use crate::meter::{self, Pace, metered};
use crate::subject;

/// Most memory of an instance that rests, in bytes: what more it took would be held for nothing between two runs.
const RESTING_MEMORY: usize = 2 << 20;

/// An instance, with all that belongs to it.
pub(super) struct Live {
    pub(super) store: Store<Run>,
    pub(super) instance: Option<Instance>,
    /// Its `check`, once it was looked up.
    pub(super) checker: Option<checker::Guest>,
    // Last: it is given back when the instance is gone.
    _slot: OwnedSemaphorePermit,
}

/// Whether an instance may go on after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    /// It is thrown away.
    End,
    /// It waits for the next run about the same.
    Rest,
}

impl Live {
    /// One that is made by its first run.
    fn new(guest: &Guest, run: Run, slot: OwnedSemaphorePermit) -> Self {
        let mut store = Store::new(&guest.made.engine, run);
        store.limiter(|run| &mut run.limits);
        store.epoch_deadline_callback(|_| match meter::pace() {
            Pace::Go => Ok(UpdateDeadline::Continue(1)),
            Pace::Yield => Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))),
            Pace::Stop => Ok(UpdateDeadline::Interrupt),
        });
        Self {
            store,
            instance: None,
            checker: None,
            _slot: slot,
        }
    }

    async fn made(&mut self, guest: &Guest) -> wasmtime::Result<Instance> {
        if let Some(instance) = self.instance {
            return Ok(instance);
        }
        let instance = guest.instance.instantiate_async(&mut self.store).await?;
        self.instance = Some(instance);
        Ok(instance)
    }
}

/// Calls an instance: the one that the last run about the same left, or a new one. After a trap it cannot be used
/// again, and one that holds connections or much memory is not worth it.
pub(super) async fn run<T>(
    guest: &Guest,
    call: Call,
    limits: &Limits,
    after: After,
    work: impl AsyncFnOnce(&mut Live, Instance) -> wasmtime::Result<T>,
) -> Result<T, Fault> {
    let shelf = &guest.made.shelf;
    let rested = match after {
        After::End => None,
        After::Rest => shelf.take(guest.number, call.about()),
    };
    let mut live = match rested {
        Some(mut live) => {
            live.store.data_mut().begin(call);
            live
        }
        None => {
            let slot = slot(guest, &call).await?;
            Live::new(guest, Run::new(call, limits), slot)
        }
    };
    live.store.set_epoch_deadline(1);
    let result = {
        let work = pin!(async {
            let instance = live.made(guest).await?;
            work(&mut live, instance).await
        });
        metered(limits.cpu, work).await
    };
    match result {
        Ok(value) => {
            let run = live.store.data();
            if after == After::Rest && run.is_clean() && run.largest() <= RESTING_MEMORY {
                let about = run.call.about().to_owned();
                shelf.put(guest.number, about, live);
            }
            Ok(value)
        }
        Err(error) => {
            let refused_memory = live.store.data().refused_memory();
            Err(explain(guest, &error, refused_memory, limits))
        }
    }
}

/// The right to one more instance, which those at rest give up for those that run.
async fn slot(guest: &Guest, call: &Call) -> Result<OwnedSemaphorePermit, Fault> {
    let slots = &guest.made.slots;
    if let Ok(slot) = Arc::clone(slots).try_acquire_owned() {
        return Ok(slot);
    }
    guest.made.shelf.end_one();
    let slot = tokio::time::timeout_at(call.deadline(), Arc::clone(slots).acquire_owned()).await;
    match slot {
        Ok(Ok(slot)) => Ok(slot),
        _ => Err(Fault {
            text: "all WebAssembly instances are in use".to_owned(),
            blame: Blame::World,
        }),
    }
}

fn explain(guest: &Guest, error: &wasmtime::Error, refused_memory: bool, limits: &Limits) -> Fault {
    let file = &guest.file;
    let trap = error.downcast_ref::<Trap>();
    let what = match trap {
        _ if refused_memory => format!("it needed more memory than its limit: {} bytes", limits.memory),
        Some(Trap::Interrupt) => {
            let time = in_words(limits.cpu);
            format!("stopped: it used all of its processor time ({time})")
        }
        Some(Trap::StackOverflow) => "it calls itself too deeply: the stack is used up".to_owned(),
        Some(Trap::UnreachableCodeReached) => {
            "it panicked (unreachable was executed); see the log".to_owned()
        }
        Some(trap) => trap.to_string(),
        None => one_line(error),
    };
    let blame = match trap {
        _ if refused_memory => Blame::Limit,
        Some(Trap::Interrupt) => Blame::Limit,
        Some(_) => Blame::Code,
        None => Blame::World,
    };
    Fault {
        text: format!("{file}: {what}"),
        blame,
    }
}

/// What `check` is given.
pub(super) fn target(ask: &Ask, call: &Call) -> Target {
    Target {
        about: call.about().to_owned(),
        address: ask.target.map(|address| Endpoint {
            host: address.ip().to_string(),
            port: address.port(),
        }),
        parameters: subject::json(&ask.parameters),
        timeout: subject::millis(call.remaining()),
    }
}

/// What `check` returned.
pub(super) fn verdict(verdict: Verdict) -> Result<Answer, String> {
    let status = match verdict.status {
        checker::Status::Up => Status::Up,
        checker::Status::Down => Status::Down,
        checker::Status::Unknown => Status::Unknown,
    };
    Answer::verdict(status, &verdict.reason, verdict.weight.map(i64::from))
}

/// A parameter as `described` tells of it.
pub(super) fn declared(one: Parameter) -> Declared {
    Declared {
        name: one.name,
        kind: match one.kind {
            ParameterKind::Text => Kind::Text,
            ParameterKind::Number => Kind::Number,
            ParameterKind::Whole => Kind::Whole,
            ParameterKind::Flag => Kind::Flag,
            ParameterKind::List => Kind::List,
            ParameterKind::Table => Kind::Table,
        },
        required: one.required,
        min: one.min,
        max: one.max,
        one_of: one.one_of,
        meaning: one.meaning,
    }
}

/// What hooks and resources are given.
pub(super) fn event(event: &HookEvent, parameters: &Parameters) -> Event {
    Event {
        is_group: event.is_group,
        name: event.name.clone(),
        state: match event.phase {
            Phase::Master | Phase::LowerMaster | Phase::MasterPriority => State::Master,
            Phase::Backup | Phase::BackupPriority => State::Backup,
            Phase::Fault => State::Fault,
            Phase::Stop | Phase::Deleted => State::Stop,
        },
        previous: event.previous.word().to_owned(),
        cause: event.cause.clone(),
        priority: event.priority,
        network_interface: event.interface.clone(),
        addresses: event.addresses.iter().map(ToString::to_string).collect(),
        parameters: subject::json(parameters),
    }
}

/// Milliseconds of the contract.
pub(super) fn time(millis: Option<u32>) -> Option<Duration> {
    millis.map(|millis| Duration::from_millis(millis.into()))
}
