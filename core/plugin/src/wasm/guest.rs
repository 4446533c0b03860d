//! A component that was found good.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hostcall::{Call, Host};
use model::declared::Declared;
use model::link::{HookCall, Step, StepCall};
use model::plan::{Limits, PluginPlan};
use model::probe::Ask;
use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use super::bindings::{Plugin, exports::bellwether::plugin as exports};
use super::engine::{Engine, MEMORY_MAX, Made};
use super::host::Run;
use super::inspect::{self, VERSION};
use super::run::{self, After};
use crate::answer::Answer;
use crate::bench::Fault;
use crate::declared::checked;
use crate::describe::Exports;

/// Longest time for the first run.
const FIRST_RUN: Duration = Duration::from_secs(5);

static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// Compiled, linked and type-checked: runs make instances of it.
pub(crate) struct Guest {
    /// Tells its instances from those of other code.
    pub(super) number: u64,
    pub(super) file: String,
    pub(super) made: Made,
    pub(super) instance: InstancePre<Run>,
    pub(super) checker: Option<exports::checker::GuestIndices>,
    pub(super) hook: Option<exports::hook::GuestIndices>,
    pub(super) keeper: Option<exports::keeper::GuestIndices>,
    described: Option<exports::described::GuestIndices>,
}

/// Compiles a component and looks whether it fits what the host offers and the plan grants.
pub(crate) fn load(engine: &Engine, file: &str, bytes: &[u8], plan: &PluginPlan) -> Result<Guest, String> {
    inspect::bytes(file, bytes)?;
    if plan.limits.memory > MEMORY_MAX as u64 {
        return Err(format!(
            "{file}: the memory limit of plugin {} is above {MEMORY_MAX} bytes",
            plan.name
        ));
    }
    let made = engine.get()?;
    let component = Component::from_binary(&made.engine, bytes)
        .map_err(|error| format!("{file}: not a valid component: {}", one_line(&error)))?;
    inspect::imports(file, &component, plan)?;
    let mut linker = Linker::new(&made.engine);
    Plugin::add_to_linker::<Run, HasSelf<Run>>(&mut linker, |run| run)
        .map_err(|error| format!("{file}: cannot link: {}", one_line(&error)))?;
    let instance = linker.instantiate_pre(&component).map_err(|error| {
        format!(
            "{file}: it does not fit the host API of this version: {}",
            one_line(&error)
        )
    })?;
    let checker = exports::checker::GuestIndices::new(&instance).ok();
    let hook = exports::hook::GuestIndices::new(&instance).ok();
    let keeper = exports::keeper::GuestIndices::new(&instance).ok();
    let described = exports::described::GuestIndices::new(&instance).ok();
    if checker.is_none() && hook.is_none() && keeper.is_none() {
        return Err(format!(
            "{file}: it exports none of checker, hook and keeper of bellwether:plugin, version {VERSION}"
        ));
    }
    Ok(Guest {
        number: NUMBERS.fetch_add(1, Ordering::Relaxed),
        file: file.to_owned(),
        made,
        instance,
        checker,
        hook,
        keeper,
        described,
    })
}

/// What a component says that it takes: its first run, before it serves. The host should grant nothing: no word about
/// parameters needs a server or a secret.
pub(crate) fn declared(guest: &Guest, host: Host, limits: &Limits) -> Result<Option<Vec<Declared>>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("{}: cannot ask it: {error}", guest.file))?;
    runtime.block_on(async {
        let deadline = tokio::time::Instant::now() + FIRST_RUN;
        let call = Call::new(Arc::new(host), "loading".to_owned(), None, deadline);
        let asked = tokio::time::timeout_at(deadline, guest.declared(call, limits));
        let late = |_| format!("{}: it did not say its parameters in time", guest.file);
        asked.await.map_err(late)?.map_err(|fault| fault.text)
    })
}

impl Guest {
    /// What it can be asked.
    pub(crate) fn exports(&self) -> Exports {
        Exports {
            checks: self.checker.is_some(),
            hooks: self.hook.is_some(),
            keeps: self.keeper.is_some(),
        }
    }

    /// Interfaces of the host that it imports.
    pub(crate) fn imports(&self) -> impl Iterator<Item = String> {
        inspect::interfaces(self.instance.component()).into_iter()
    }

    /// What it says that it takes; `None` when it takes anything.
    async fn declared(&self, call: Call, limits: &Limits) -> Result<Option<Vec<Declared>>, Fault> {
        let Some(described) = &self.described else {
            return Ok(None);
        };
        let result = run::run(self, call, limits, After::End, async |live, instance| {
            let guest = described.load(&mut live.store, &instance)?;
            guest.call_parameters(&mut live.store).await
        });
        let Some(all) = result.await? else { return Ok(None) };
        let all = all.into_iter().map(run::declared).collect();
        let checked = checked(all).map_err(|why| format!("{}: {why}", self.file))?;
        Ok(Some(checked))
    }

    /// Asks `check`.
    pub(crate) async fn check(
        &self,
        call: Call,
        ask: &Ask,
        limits: &Limits,
        after: After,
    ) -> Result<Answer, Fault> {
        let checker = self
            .checker
            .as_ref()
            .ok_or_else(|| format!("{}: it does not export checker", self.file))?;
        let target = run::target(ask, &call);
        let verdict = run::run(self, call, limits, after, async |live, instance| {
            let guest = match live.checker.clone() {
                Some(guest) => guest,
                None => checker.load(&mut live.store, &instance)?,
            };
            let verdict = guest.call_check(&mut live.store, &target).await;
            live.checker = Some(guest);
            verdict
        });
        run::verdict(verdict.await?).map_err(|why| format!("{}: {why}", self.file).into())
    }

    /// Tells `on-change`.
    pub(crate) async fn on_change(
        &self,
        call: Call,
        hook: &HookCall,
        limits: &Limits,
    ) -> Result<Answer, Fault> {
        let indices = self
            .hook
            .as_ref()
            .ok_or_else(|| format!("{}: it does not export hook", self.file))?;
        let event = run::event(&hook.event, &hook.parameters);
        let result = run::run(self, call, limits, After::End, async |live, instance| {
            let guest = indices.load(&mut live.store, &instance)?;
            guest.call_on_change(&mut live.store, &event).await
        });
        Ok(Answer::Hook(result.await?))
    }

    /// Takes a step of a resource.
    pub(crate) async fn step(&self, call: Call, step: &StepCall, limits: &Limits) -> Result<Answer, Fault> {
        let indices = self
            .keeper
            .as_ref()
            .ok_or_else(|| format!("{}: it does not export keeper", self.file))?;
        let event = run::event(&step.event, &step.parameters);
        let result = run::run(self, call, limits, After::End, async |live, instance| {
            let store = &mut live.store;
            let guest = indices.load(&mut *store, &instance)?;
            Ok(match step.step {
                Step::Verify => guest.call_verify(store, &event).await?,
                Step::Apply => guest.call_apply(store, &event).await?.map(|()| true),
                Step::Undo => guest.call_undo(store, &event).await?.map(|()| false),
            })
        });
        Ok(Answer::Step(result.await?))
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.made.shelf.end_all(self.number);
    }
}

/// An error and its causes on one line.
pub(super) fn one_line(error: &wasmtime::Error) -> String {
    let text = format!("{error:#}");
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
