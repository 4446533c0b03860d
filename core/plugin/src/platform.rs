//! The handle that the worker holds.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use hostcall::node::Instances;
use hostcall::secret::Values;
use hostcall::{Broker, Host, Observer, Roots, Services};
use model::ids::{AskId, PluginName};
use model::link::{HookCall, InstanceFacts, StepCall};
use model::plan::{PluginPlan, PluginSource};
use model::probe::{Ask, Status, Verdict};
use model::status::PluginStatus;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use crate::answer::{Answer, bounded, in_words};
use crate::loader::{self, Load, Loader};
use crate::slot::Slot;
use crate::threads::{self, Job, Question, Reply};
use crate::wasm;

/// Most threads that run plugins: they wait more than they work.
const THREADS_MAX: usize = 2;

/// How a platform is set up.
pub struct Options {
    /// Threads that run plugins.
    pub threads: usize,
    /// Whom TLS trusts.
    pub roots: Roots,
    /// Is told what runs do, instead of the log.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Options {
    /// Reads the system's store of certificate authorities: to be made before files are out of reach.
    pub fn from_system() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            threads: cores.min(THREADS_MAX),
            roots: Roots::from_system(),
            observer: None,
        }
    }
}

/// All plugins and the threads that run them. They end when it is dropped.
pub struct Platform {
    shared: Arc<Shared>,
    loader: Loader,
    threads: Vec<mpsc::Sender<Job>>,
    services: Services,
    /// Held while the set of plugins changes.
    changing: Mutex<()>,
}

type Slots = BTreeMap<PluginName, Arc<Slot>>;

/// What the loading threads know too.
pub(crate) struct Shared {
    slots: ArcSwap<Slots>,
    changes: watch::Sender<u64>,
    pub(crate) wasm: wasm::Engine,
}

impl Shared {
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

impl Platform {
    /// Starts the threads.
    pub fn start(broker: Arc<dyn Broker>, options: Options) -> Self {
        let shared = Arc::new(Shared {
            slots: ArcSwap::default(),
            changes: watch::Sender::new(0),
            wasm: wasm::Engine::default(),
        });
        Self {
            loader: Loader::start(&shared),
            threads: (0..options.threads.max(1)).map(threads::start).collect(),
            shared,
            services: Services {
                broker,
                roots: options.roots,
                observer: options.observer,
                instances: Instances::default(),
            },
            changing: Mutex::new(()),
        }
    }

    /// All plugins there are from now on. Embedded ones load at once; those from files wait for their code. One that
    /// was there before keeps what it kept (kv) and serves on.
    pub fn set_plugins(&self, plans: Vec<PluginPlan>) {
        let _changing = self.changing();
        let old = self.shared.slots.load_full();
        let mut slots = Slots::new();
        let mut loads = Vec::new();
        for plan in plans {
            let name = plan.name.clone();
            let former = old.get(&name);
            if let Some(same) = former.filter(|former| former.plan == plan) {
                slots.insert(name, Arc::clone(same));
                continue;
            }
            let kept = former
                .map(|former| Arc::clone(former.host.kept()))
                .unwrap_or_default();
            let host = Host::new(
                name.clone(),
                plan.grants.clone(),
                plan.limits,
                self.services.clone(),
                kept,
            );
            let slot = Arc::new(Slot::new(plan, Arc::new(host), former.map(|former| &**former)));
            loads.extend(first_load(&slot, former));
            slots.insert(name, slot);
        }
        self.shared.slots.store(Arc::new(slots));
        for load in loads {
            if load.slot.plan.source == PluginSource::Embedded {
                loader::try_load(&self.shared, load);
            } else {
                self.loader.load(load);
            }
        }
        self.shared.changed();
    }

    /// What a plugin's file holds now, or why it could not be read. The same bytes again change nothing.
    pub fn set_code(&self, plugin: PluginName, code: Result<Vec<u8>, String>) {
        let _changing = self.changing();
        let Some(slot) = self.slot(&plugin) else {
            return;
        };
        match code {
            Ok(bytes) => {
                let bytes: Arc<[u8]> = bytes.into();
                if slot.offer(&bytes) {
                    self.loader.load(Load {
                        slot,
                        bytes,
                        anew: false,
                    });
                }
            }
            Err(error) => {
                slot.lost(error);
                self.shared.changed();
            }
        }
    }

    /// A plugin's file holds this, which is not to be tried: it failed in its first calls before, for this reason. What
    /// was offered before it goes on.
    pub fn condemn(&self, plugin: &PluginName, code: Vec<u8>, why: String) {
        let _changing = self.changing();
        if let Some(slot) = self.slot(plugin) {
            slot.condemn(code.into(), why);
            self.shared.changed();
        }
    }

    /// Asks a plugin. Trouble of any kind is `Unknown` with the reason.
    pub async fn ask(&self, ask: Ask) -> Verdict {
        let began = Instant::now();
        let (id, plugin, timeout) = (ask.id, ask.plugin.clone(), ask.timeout);
        let place = place(&ask.subject);
        let reply = self.run(&plugin, Question::Check(ask), timeout, place).await;
        verdict(id, &plugin, began, reply)
    }

    /// Asks a plugin, and has `tell` called with the verdict: soon after the question's timeout at the latest, but for a
    /// thread that others hold up. It is called on the plugin's thread, so it may not wait.
    pub fn tell(&self, ask: Ask, tell: impl FnOnce(Verdict) + Send + 'static) {
        let began = Instant::now();
        let (id, plugin, timeout) = (ask.id, ask.plugin.clone(), ask.timeout);
        let place = place(&ask.subject);
        let of = plugin.clone();
        let tell = move |reply| tell(verdict(id, &of, began, reply));
        let (thread, job) = match self.job(&plugin, Question::Check(ask), began, timeout, place, tell) {
            Ok(found) => found,
            Err((tell, why)) => return tell(Reply::none(why)),
        };
        match thread.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => (job.tell)(Reply::none(no_answer(&plugin, timeout))),
            Err(TrySendError::Closed(job)) => (job.tell)(Reply::none(NO_THREAD.to_owned())),
        }
    }

    /// A plugin's secrets are these from now on. A plugin that is not configured has none.
    pub fn set_secrets(&self, plugin: &PluginName, values: Values) {
        if let Some(slot) = self.slot(plugin) {
            slot.host.set_secrets(values);
        }
    }

    /// These are this node's instances from now on.
    pub fn set_instances(&self, all: Vec<InstanceFacts>) {
        self.services.instances.set(all);
    }

    /// Calls a hook; what went wrong, in words.
    pub async fn hook(&self, call: HookCall) -> Result<(), String> {
        let (plugin, timeout) = (call.plugin.clone(), call.timeout);
        let place = place(&call.event.name);
        let reply = self.run(&plugin, Question::Hook(call), timeout, place).await;
        match reply.result {
            Ok(Answer::Hook(result)) => result,
            Ok(Answer::Verdict { .. } | Answer::Step(_)) => {
                Err(format!("plugin {plugin} answered a hook as something else"))
            }
            Err(fault) => Err(bounded(&fault)),
        }
    }

    /// Has a plugin take a step of a resource: whether that is so now, or what went wrong, in words.
    pub async fn step(&self, call: StepCall) -> Result<bool, String> {
        let (plugin, timeout) = (call.plugin.clone(), call.timeout);
        let place = place(&call.event.name);
        let reply = self.run(&plugin, Question::Step(call), timeout, place).await;
        match reply.result {
            Ok(Answer::Step(result)) => result,
            Ok(Answer::Verdict { .. } | Answer::Hook(_)) => {
                Err(format!("plugin {plugin} answered a step as something else"))
            }
            Err(fault) => Err(bounded(&fault)),
        }
    }

    /// All plugins as they are now, in order of name.
    pub fn status(&self) -> Vec<PluginStatus> {
        self.shared
            .slots
            .load()
            .values()
            .map(|slot| slot.status())
            .collect()
    }

    /// Told at each change of the set, a generation or an error: read [`Platform::status`] again.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes()
    }

    async fn run(&self, plugin: &PluginName, question: Question, timeout: Duration, place: u64) -> Reply {
        let (reply, answer) = oneshot::channel();
        // Whoever asked may be gone; nobody else wants the answer.
        let tell = |told| drop(reply.send(told));
        let (thread, job) = match self.job(plugin, question, Instant::now(), timeout, place, tell) {
            Ok(found) => found,
            Err((_, why)) => return Reply::none(why),
        };
        let late = || Reply::none(no_answer(plugin, timeout));
        let deadline = job.deadline;
        match timeout_at(deadline, thread.send(job)).await {
            Err(_) => return late(),
            Ok(Err(_)) => return Reply::none(NO_THREAD.to_owned()),
            Ok(Ok(())) => {}
        }
        // The thread ends the run itself; only one that is held up by others needs this.
        let slack = Duration::from_millis(100);
        match timeout_at(deadline + slack, answer).await {
            Err(_) => late(),
            Ok(Err(_)) => Reply::none(format!(
                "plugin {plugin}: its run broke off inside the host; see the log"
            )),
            Ok(Ok(reply)) => reply,
        }
    }

    /// A question ready for its thread, or why there is none.
    fn job<T: FnOnce(Reply) + Send + 'static>(
        &self,
        plugin: &PluginName,
        question: Question,
        now: Instant,
        timeout: Duration,
        place: u64,
        tell: T,
    ) -> Result<(&mpsc::Sender<Job>, Job), (T, String)> {
        let Some(slot) = self.slot(plugin) else {
            return Err((tell, format!("plugin {plugin} is not configured")));
        };
        let index = usize::try_from(place).unwrap_or(0) % self.threads.len();
        let Some(thread) = self.threads.get(index) else {
            return Err((tell, NO_THREAD.to_owned()));
        };
        let job = Job {
            slot,
            question,
            timeout,
            deadline: now + timeout,
            tell: Box::new(tell),
            shared: Arc::downgrade(&self.shared),
        };
        Ok((thread, job))
    }

    pub(crate) fn slot(&self, plugin: &PluginName) -> Option<Arc<Slot>> {
        self.shared.slots.load().get(plugin).cloned()
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const NO_THREAD: &str = "the thread that runs plugins is gone; restart the worker";

fn no_answer(plugin: &PluginName, timeout: Duration) -> String {
    format!("plugin {plugin}: no answer within {}", in_words(timeout))
}

/// Which thread, by what the question is about.
fn place(about: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    about.hash(&mut hasher);
    hasher.finish()
}

fn verdict(ask: AskId, plugin: &PluginName, began: Instant, reply: Reply) -> Verdict {
    let (status, reason, weight) = match reply.result {
        Ok(Answer::Verdict {
            status,
            reason,
            weight,
        }) => (status, reason, weight),
        Ok(Answer::Hook(_) | Answer::Step(_)) => (
            Status::Unknown,
            format!("plugin {plugin} answered a check as something else"),
            None,
        ),
        Err(fault) => (Status::Unknown, bounded(&fault), None),
    };
    Verdict {
        ask,
        status,
        reason,
        weight,
        took: began.elapsed(),
        generation: reply.generation,
    }
}

/// What a new slot loads by itself: shipped code, or what its file held under the former configuration.
fn first_load(slot: &Arc<Slot>, former: Option<&Arc<Slot>>) -> Option<Load> {
    let anew = former.is_some();
    let bytes = if slot.plan.source == PluginSource::Embedded {
        match loader::embedded(slot) {
            Ok(bytes) => bytes,
            Err(error) => {
                slot.refuse(error);
                return None;
            }
        }
    } else {
        former
            .filter(|former| former.plan.source == slot.plan.source)?
            .offered()?
    };
    // What was taken back is not tried again: what it gave its place to goes on, as configured now.
    let bytes = if slot.offer(&bytes) { bytes } else { slot.served()? };
    Some(Load {
        slot: Arc::clone(slot),
        bytes,
        anew,
    })
}
