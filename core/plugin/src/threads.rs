//! The threads that run plugins. A check goes to the same one each time: its plugin's state is warm there.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use hostcall::Call;
use model::ids::{Generation, PluginName};
use model::link::{HookCall, StepCall};
use model::plan::Via;
use model::probe::Ask;
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};
use tokio::task::LocalSet;
use tokio::time::{Instant, timeout_at};

use crate::answer::{Answer, bounded};
use crate::bench::{Blame, Fault};
use crate::platform::Shared;
use crate::slot::{Code, Slot, Version};
use crate::wasm::After;
use crate::{lua, subject};

/// Questions that wait for a thread, which takes them between two turns of its plugins.
const QUEUE: usize = 8192;

/// Sooner than the deadline of nearly every run, and seldom enough to cost nothing.
const SOONER: Duration = Duration::from_millis(250);

/// What a plugin is to do.
pub(crate) enum Question {
    Check(Ask),
    Hook(HookCall),
    Step(StepCall),
}

/// A question on its way to a thread.
pub(crate) struct Job {
    pub(crate) slot: Arc<Slot>,
    pub(crate) question: Question,
    /// Longest time that the run may take, and when it is ended.
    pub(crate) timeout: Duration,
    pub(crate) deadline: Instant,
    pub(crate) tell: Tell,
    /// Whom to tell when the status changes.
    pub(crate) shared: Weak<Shared>,
}

/// Hears the answer. Called on the thread, so it may not wait.
pub(crate) type Tell = Box<dyn FnOnce(Reply) + Send>;

/// What became of a question.
pub(crate) struct Reply {
    /// The answer, or the plugin's fault in words.
    pub(crate) result: Result<Answer, String>,
    pub(crate) generation: Generation,
}

impl Reply {
    /// No version of the plugin ran, for this reason.
    pub(crate) const fn none(why: String) -> Self {
        Self {
            result: Err(why),
            generation: Generation(0),
        }
    }
}

/// Starts a thread. It ends when the sender is dropped.
pub(crate) fn start(number: usize) -> mpsc::Sender<Job> {
    let (sender, receiver) = mpsc::channel(QUEUE);
    let started = thread::Builder::new()
        .name(format!("plugin-{number}"))
        .spawn(move || serve(receiver));
    if let Err(error) = started {
        tracing::error!(%error, "cannot start a thread that runs plugins");
    }
    sender
}

fn serve(mut jobs: mpsc::Receiver<Job>) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "cannot start a runtime for plugins");
            return;
        }
    };
    let states = Rc::new(States::default());
    let told = Rc::new(Told::default());
    LocalSet::new().block_on(&runtime, async move {
        // Both end with the set.
        tokio::task::spawn_local(tell(Rc::clone(&told)));
        tokio::task::spawn_local(be_first(Rc::clone(&told)));
        while let Some(job) = jobs.recv().await {
            told.asked.set(told.asked.get().wrapping_add(1));
            told.work.notify_one();
            // Owned by nobody here on purpose: it ends by its deadline.
            tokio::task::spawn_local(answer(Rc::clone(&states), job, Rc::clone(&told)));
        }
    });
}

/// Answers of this turn. They are told together, once all who could run have run: whoever hears them is woken once.
#[derive(Default)]
struct Told {
    answers: RefCell<Vec<(Tell, Reply)>>,
    news: Notify,
    /// Questions so far; whoever waits for one is told.
    asked: Cell<u64>,
    work: Notify,
}

async fn tell(told: Rc<Told>) {
    loop {
        told.news.notified().await;
        for (tell, reply) in told.answers.take() {
            tell(reply);
        }
    }
}

/// Keeps a timer that is sooner than the deadlines of runs, while there are any. Tokio wakes its own thread, by a call of
/// the system, for each timer that is sooner than all others: without this one, for both of each run.
async fn be_first(told: Rc<Told>) {
    loop {
        told.work.notified().await;
        let mut before = None;
        while before != Some(told.asked.get()) {
            before = Some(told.asked.get());
            tokio::time::sleep(SOONER).await;
        }
    }
}

async fn answer(states: Rc<States>, job: Job, told: Rc<Told>) {
    // The right to a call is given back before the answer is told.
    let reply = match enter(&job).await {
        Ok((version, _permit)) => run_counted(&states, &job, &version).await,
        Err(why) => Reply::none(why),
    };
    told.answers.borrow_mut().push((job.tell, reply));
    told.news.notify_one();
}

/// Waits until the plugin may run: its version and the right to one more call, or why it is not asked.
async fn enter(job: &Job) -> Result<(Arc<Version>, OwnedSemaphorePermit), String> {
    let slot = &job.slot;
    // The first questions come with the code: they wait for it rather than fail for its sake.
    if slot.is_waiting() && timeout_at(job.deadline, first_load(job)).await.is_err() {
        return Err(slot.why_none());
    }
    let permit = match Arc::clone(&slot.gate).try_acquire_owned() {
        Ok(permit) => permit,
        Err(_) => waited(job).await?,
    };
    Ok((ready(slot, &job.question)?, permit))
}

/// The right to a call, once another gives it back. Apart, for most do not wait: a clock is not set for them.
async fn waited(job: &Job) -> Result<OwnedSemaphorePermit, String> {
    let slot = &job.slot;
    match timeout_at(job.deadline, Arc::clone(&slot.gate).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => {
            let (name, calls) = (&slot.plan.name, slot.plan.limits.calls);
            Err(format!("plugin {name}: {calls} calls were in flight already"))
        }
    }
}

/// Waits until a plugin serves, or the reason why it does not is known.
async fn first_load(job: &Job) {
    let Some(shared) = job.shared.upgrade() else {
        return;
    };
    let mut changes = shared.changes();
    drop(shared);
    while job.slot.is_waiting() && changes.changed().await.is_ok() {}
}

async fn run_counted(states: &States, job: &Job, version: &Arc<Version>) -> Reply {
    let result = told(&job.slot, run(states, job, version).await);
    if job.slot.count(version, &job.question, result.as_ref().err())
        && let Some(shared) = job.shared.upgrade()
    {
        shared.changed();
    }
    Reply {
        result: result.map_err(|fault| fault.text),
        generation: version.number,
    }
}

/// What is to run, or why nothing does. Looked at when it is a question's turn, not when it was asked: those that wait
/// behind one that breaks its limits are not run after it.
fn ready(slot: &Slot, question: &Question) -> Result<Arc<Version>, String> {
    let version = slot.serving().ok_or_else(|| slot.why_none())?;
    // A hook is asked for once: it gets its chance, whatever became of others.
    if let Question::Check(_) = question {
        let name = &slot.plan.name;
        slot.bench
            .admit()
            .map_err(|why| format!("plugin {name}: {why}"))?;
    }
    Ok(version)
}

/// What became of a run, without its secrets. Words are cut after that: half a secret would not be known for one.
fn told(slot: &Slot, result: Result<Answer, Fault>) -> Result<Answer, Fault> {
    let black = |text: &str| slot.host.without_secrets(text).into_owned();
    match result {
        Ok(answer) => Ok(answer.map_words(|text| bounded(&black(text)))),
        Err(fault) => Err(Fault {
            text: black(&fault.text),
            ..fault
        }),
    }
}

async fn run(states: &States, job: &Job, version: &Arc<Version>) -> Result<Answer, Fault> {
    let Job {
        slot,
        question,
        timeout,
        deadline,
        ..
    } = job;
    let (deadline, timeout) = (*deadline, *timeout);
    let (about, target, via) = match question {
        Question::Check(ask) => (subject::about(&ask.subject), ask.target, ask.via.clone()),
        Question::Hook(hook) => (hook.event.name.clone(), None, Via::default()),
        Question::Step(step) => (step.event.name.clone(), None, Via::default()),
    };
    // Host calls end a little before the run, so that "it did not answer in time" is still the plugin's to say.
    let early = (timeout / 20).min(Duration::from_millis(200));
    let call_deadline = deadline.checked_sub(early).unwrap_or(deadline);
    let call = Call::new(Arc::clone(&slot.host), about, target, call_deadline).leaving(via);
    let cpu = slot.plan.limits.cpu;
    let work = async {
        match &version.code {
            Code::Lua(chunk) => {
                let state = states.get(slot, version, chunk)?;
                let run = lua::Run::new(call);
                match question {
                    Question::Check(ask) => state.check(run, ask, cpu).await,
                    Question::Hook(hook) => state.on_change(run, hook, cpu).await,
                    Question::Step(step) => state.step(run, step, cpu).await,
                }
            }
            // In boxes: a run takes the room of the largest of these, and each call in Lua would have it too.
            Code::Wasm(guest) => match question {
                Question::Check(ask) => {
                    Box::pin(guest.check(call, ask, &slot.plan.limits, After::Rest)).await
                }
                Question::Hook(hook) => Box::pin(guest.on_change(call, hook, &slot.plan.limits)).await,
                Question::Step(step) => Box::pin(guest.step(call, step, &slot.plan.limits)).await,
            },
        }
    };
    match timeout_at(deadline, work).await {
        Ok(result) => result,
        Err(_) => {
            let time = crate::answer::in_words(timeout);
            Err(Fault {
                text: format!("{}: it did not answer within {time}", slot.file()),
                blame: Blame::World,
            })
        }
    }
}

/// The Lua states of one thread.
#[derive(Default)]
struct States(RefCell<HashMap<PluginName, (Generation, Rc<lua::State>)>>);

impl States {
    /// The state for a version; runs in flight keep an older one alive until they end.
    fn get(&self, slot: &Slot, version: &Version, chunk: &lua::Chunk) -> Result<Rc<lua::State>, String> {
        let mut states = self.0.borrow_mut();
        if let Some((generation, state)) = states.get(&slot.plan.name)
            && *generation == version.number
            && !state.is_broken()
        {
            return Ok(Rc::clone(state));
        }
        let state = Rc::new(lua::State::new(chunk, &slot.plan.limits)?);
        states.insert(slot.plan.name.clone(), (version.number, Rc::clone(&state)));
        Ok(state)
    }
}
