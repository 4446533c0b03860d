//! One run of a component.

use std::time::Duration;

use hostcall::Call;
use model::declared::{Declared, Kind};
use model::link::HookEvent;
use model::plan::{Limits, Phase};
use model::probe::{Ask, Status};
use model::value::Parameters;
use wasmtime::component::Instance;
use wasmtime::{Store, Trap, UpdateDeadline};

use super::bindings::bellwether::plugin::types::{Endpoint, Event, Parameter, ParameterKind, State};
use super::bindings::exports::bellwether::plugin::checker::{self, Target, Verdict};
use super::guest::{Guest, one_line};
use super::host::Run;
use crate::answer::{Answer, in_words};
use crate::bench::{Blame, Fault};
use crate::meter::{self, Metered, Pace};
use crate::subject;

/// Makes an instance, calls it, throws it away: after a trap it could not be used again, and after a success it is
/// cheaper to make a new one than to know that it is clean.
pub(super) async fn run<T>(
    guest: &Guest,
    call: Call,
    limits: &Limits,
    work: impl AsyncFnOnce(&mut Store<Run>, Instance) -> wasmtime::Result<T>,
) -> Result<T, Fault> {
    let slots = &guest.made.slots;
    let slot = tokio::time::timeout_at(call.deadline(), slots.acquire()).await;
    let _slot = slot.map_err(|_| Fault {
        text: "all WebAssembly instances are in use".to_owned(),
        blame: Blame::World,
    })?;
    let mut store = Store::new(&guest.made.engine, Run::new(call, limits));
    store.limiter(|run| &mut run.limits);
    store.epoch_deadline_callback(|_| match meter::pace() {
        Pace::Go => Ok(UpdateDeadline::Continue(1)),
        Pace::Yield => Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now()))),
        Pace::Stop => Ok(UpdateDeadline::Interrupt),
    });
    store.set_epoch_deadline(1);
    let result = Metered::new(limits.cpu, async {
        let instance = guest.instance.instantiate_async(&mut store).await?;
        work(&mut store, instance).await
    });
    let result = result.await;
    result.map_err(|error| explain(guest, &error, store.data().refused_memory(), limits))
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
        about: subject::about(&ask.subject),
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
