//! One run of a Lua plugin.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;

use hostcall::Call;
use mlua::{MultiValue, Table};
use model::link::{HookCall, Step, StepCall};
use model::probe::Ask;
use tokio::sync::Mutex;

use super::state::State;
use super::{convert, error};
use crate::answer::{Answer, in_words};
use crate::bench::{Blame, Fault};
use crate::meter::metered;

tokio::task_local! {
    static RUN: Rc<Run>;
}

/// What host functions find out about the run that calls them.
pub(crate) struct Run {
    pub(super) call: Call,
    /// Connections it opened. Closed with it, for Lua's collector would come later.
    pub(super) open: RefCell<Vec<Rc<Mutex<hostcall::tcp::Connection>>>>,
}

impl Run {
    pub(crate) fn new(call: Call) -> Rc<Self> {
        Rc::new(Self {
            call,
            open: RefCell::new(Vec::new()),
        })
    }

    /// The run that is on this thread now.
    pub(super) fn current() -> mlua::Result<Rc<Self>> {
        RUN.try_with(Rc::clone).map_err(|_| {
            mlua::Error::runtime(
                "the host can only be called from `check` and `on_change`, not while loading",
            )
        })
    }

    fn close(&self) {
        for connection in self.open.take() {
            // Whoever held it was dropped with the run.
            if let Ok(mut connection) = connection.try_lock() {
                connection.close();
            }
        }
    }
}

/// Closes what a run left open, however it ends.
struct Closing(Rc<Run>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl State {
    /// Asks `check`.
    pub(crate) async fn check(
        &self,
        run: Rc<Run>,
        ask: &Ask,
        cpu: std::time::Duration,
    ) -> Result<Answer, Fault> {
        let check = self
            .check
            .as_ref()
            .ok_or_else(|| format!("{}: it has no function `check`", self.file))?;
        let target = convert::target(&self.lua, ask, &run.call).map_err(|error| self.explain(&error, cpu))?;
        let returned = self.call(check, target, run, cpu).await?;
        convert::verdict(&returned).map_err(|why| format!("{}: {why}", self.file).into())
    }

    /// Tells `on_change`.
    pub(crate) async fn on_change(
        &self,
        run: Rc<Run>,
        hook: &HookCall,
        cpu: std::time::Duration,
    ) -> Result<Answer, Fault> {
        let function = self
            .on_change
            .as_ref()
            .ok_or_else(|| format!("{}: it has no function `on_change`", self.file))?;
        let event = convert::event(&self.lua, &hook.event, &hook.parameters)
            .map_err(|error| self.explain(&error, cpu))?;
        let returned = self.call(function, event, run, cpu).await?;
        Ok(Answer::Hook(convert::hook_result("on_change", &returned)))
    }

    /// Takes a step of a resource.
    pub(crate) async fn step(
        &self,
        run: Rc<Run>,
        step: &StepCall,
        cpu: std::time::Duration,
    ) -> Result<Answer, Fault> {
        let keeper = self
            .keeper
            .as_ref()
            .ok_or_else(|| format!("{}: it has no function `{}`", self.file, step.step.word()))?;
        let function = match step.step {
            Step::Verify => &keeper.verify,
            Step::Apply => &keeper.apply,
            Step::Undo => &keeper.undo,
        };
        let event = convert::event(&self.lua, &step.event, &step.parameters)
            .map_err(|error| self.explain(&error, cpu))?;
        let returned = self.call(function, event, run, cpu).await?;
        Ok(Answer::Step(match step.step {
            Step::Verify => convert::verified(&returned),
            Step::Apply => convert::hook_result("apply", &returned).map(|()| true),
            Step::Undo => convert::hook_result("undo", &returned).map(|()| false),
        }))
    }

    async fn call(
        &self,
        function: &mlua::Function,
        argument: Table,
        run: Rc<Run>,
        cpu: std::time::Duration,
    ) -> Result<MultiValue, Fault> {
        let _closing = Closing(Rc::clone(&run));
        let work = pin!(function.call_async::<MultiValue>(argument));
        let result = RUN.scope(Rc::clone(&run), metered(cpu, work)).await;
        result.map_err(|error| {
            if let Some(traceback) = error::traceback(&error) {
                run.call.tell_traceback(&traceback);
            }
            self.explain(&error, cpu)
        })
    }

    fn explain(&self, error: &mlua::Error, cpu: std::time::Duration) -> Fault {
        let text = error::explain(error, &self.file);
        let broke = |text| Fault {
            text,
            blame: Blame::Limit,
        };
        if error::is_memory(error) {
            self.broken.set(true);
            return broke(format!("{text}: {} bytes", self.memory));
        }
        if error::is_stop(error) {
            return broke(format!("{text} ({})", in_words(cpu)));
        }
        let blame = if error::is_worldly(error) {
            Blame::World
        } else {
            Blame::Code
        };
        Fault { text, blame }
    }
}
