//! A configured plugin: the version of it that serves, and what became of the newest one.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use hostcall::Host;
use model::plan::{PluginPlan, PluginSource};
use model::probe::Ask;
use model::status::PluginStatus;
use tokio::sync::Semaphore;

use crate::bench::{Bench, Fault};
use crate::lua::Chunk;
use crate::threads::Question;
use crate::wasm;

use trial::Finding;
use versions::Versions;
pub(crate) use versions::{Loaded, Version};

mod trial;
mod versions;

/// How many calls pass before a younger question is remembered.
const LATELY: u64 = 64;

/// Which runtime a plugin's code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Lua,
    Wasm,
}

/// Code that was found good.
#[derive(Clone)]
pub(crate) enum Code {
    Lua(Arc<Chunk>),
    Wasm(Arc<wasm::Guest>),
}

/// A configured plugin.
pub(crate) struct Slot {
    pub(crate) plan: PluginPlan,
    pub(crate) host: Arc<Host>,
    /// One permit for each call that may be in flight.
    pub(crate) gate: Arc<Semaphore>,
    serving: ArcSwapOption<Version>,
    versions: Mutex<Versions>,
    /// Number of the version that is on trial, 0 when none is: nobody else looks at `versions` for each call.
    on_trial: AtomicU32,
    /// A question of late, for new code to try itself on.
    lately: ArcSwapOption<Ask>,
    counters: Arc<Counters>,
    pub(crate) bench: Arc<Bench>,
}

#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) calls: AtomicU64,
    pub(crate) faults: AtomicU64,
}

impl Slot {
    /// A plugin as configured. What a former configuration of it had goes on serving until its code is loaded anew.
    pub(crate) fn new(plan: PluginPlan, host: Arc<Host>, former: Option<&Self>) -> Self {
        let gate = Arc::new(Semaphore::new(plan.limits.calls.max(1) as usize));
        let serving = ArcSwapOption::new(former.and_then(Self::serving));
        let versions = former.map_or_else(Versions::default, |former| former.lock().reconfigured());
        let on_trial = former.map_or(0, |former| former.on_trial.load(Ordering::Relaxed));
        let counters = former
            .map(|former| Arc::clone(&former.counters))
            .unwrap_or_default();
        let bench = former.map(|former| Arc::clone(&former.bench)).unwrap_or_default();
        Self {
            plan,
            host,
            gate,
            serving,
            versions: Mutex::new(versions),
            on_trial: AtomicU32::new(on_trial),
            lately: ArcSwapOption::empty(),
            counters,
            bench,
        }
    }

    /// What serves.
    pub(crate) fn serving(&self) -> Option<Arc<Version>> {
        self.serving.load_full()
    }

    /// What was offered last.
    pub(crate) fn offered(&self) -> Option<Arc<[u8]>> {
        self.lock().offered.clone()
    }

    /// Notes that `bytes` are offered; whether they have to be loaded.
    pub(crate) fn offer(&self, bytes: &Arc<[u8]>) -> bool {
        self.lock().offer(bytes)
    }

    /// Whether these bytes serve.
    pub(crate) fn serves(&self, bytes: &Arc<[u8]>) -> bool {
        self.serving().is_some_and(|version| version.bytes == *bytes)
    }

    /// What serves, to be loaded once more.
    pub(crate) fn served(&self) -> Option<Arc<[u8]>> {
        self.serving().map(|version| Arc::clone(&version.bytes))
    }

    /// Lets good code serve, unless it is what serves already.
    pub(crate) fn accept(&self, loaded: Loaded, anew: bool) {
        let mut versions = self.lock();
        let Some(version) = versions.accept(loaded, self.serving(), anew) else {
            return;
        };
        self.serve(&versions, version);
    }

    fn serve(&self, versions: &Versions, version: Arc<Version>) {
        // New code is innocent, and so is old code that is good.
        self.bench.count(None);
        let generation = version.number.0;
        let on_trial = if versions.is_on_trial() { generation } else { 0 };
        self.serving.store(Some(version));
        self.on_trial.store(on_trial, Ordering::Relaxed);
        let plugin = self.plan.name.as_str();
        tracing::info!(plugin, generation, "plugin loaded");
    }

    /// Keeps what serves, and says why the newest does not.
    pub(crate) fn refuse(&self, error: String) {
        let plugin = self.plan.name.as_str();
        tracing::error!(plugin, error, "plugin not loaded");
        self.lock().error = Some(error);
    }

    /// The file cannot be read: forget what it held, so that the same bytes are taken again.
    pub(crate) fn lost(&self, error: String) {
        self.lock().offered = None;
        self.refuse(error);
    }

    /// What the file holds is not to be tried.
    pub(crate) fn condemn(&self, bytes: Arc<[u8]>, why: String) {
        let plugin = self.plan.name.as_str();
        tracing::warn!(plugin, why, "plugin not tried again");
        let mut versions = self.lock();
        let serves = self.serving.load().is_some();
        versions.condemn(bytes, why, serves);
    }

    /// Whether it is not known yet if its code is good.
    pub(crate) fn is_waiting(&self) -> bool {
        self.serving.load().is_none() && self.lock().error.is_none()
    }

    /// Why nothing serves.
    pub(crate) fn why_none(&self) -> String {
        let name = &self.plan.name;
        match &self.lock().error {
            Some(error) => format!("plugin {name} did not load: {error}"),
            None => format!("plugin {name} is not loaded yet"),
        }
    }

    /// Counts how a run of `version` ended; whether the status says something new for it.
    pub(crate) fn count(&self, version: &Version, question: &Question, fault: Option<&Fault>) -> bool {
        let calls = self.counters.calls.fetch_add(1, Ordering::Relaxed);
        if let Question::Check(ask) = question
            && (calls.is_multiple_of(LATELY) || self.lately.load().is_none())
        {
            self.lately.store(Some(Arc::new(ask.clone())));
        }
        if fault.is_some() {
            self.counters.faults.fetch_add(1, Ordering::Relaxed);
        }
        let judged = self.judge(version, fault);
        if judged == Finding::Bad {
            return true;
        }
        let changed = self.bench.count(fault);
        if let Some(why) = self.bench.status().filter(|_| changed) {
            tracing::warn!(plugin = self.plan.name.as_str(), why, "plugin benched");
        }
        changed || judged == Finding::Good
    }

    /// What a call says of the version that is on trial.
    fn judge(&self, version: &Version, fault: Option<&Fault>) -> Finding {
        if self.on_trial.load(Ordering::Relaxed) != version.number.0 {
            return Finding::Open;
        }
        let mut versions = self.lock();
        // Another call, or new code, may have come first.
        if self.on_trial.load(Ordering::Relaxed) != version.number.0 {
            return Finding::Open;
        }
        let finding = versions.judge(fault);
        match (finding, fault) {
            (Finding::Open, _) | (Finding::Bad, None) => {}
            (Finding::Good, _) => self.on_trial.store(0, Ordering::Relaxed),
            (Finding::Bad, Some(fault)) => {
                if let Some((good, why)) = versions.roll_back(version, fault) {
                    tracing::error!(plugin = self.plan.name.as_str(), why, "plugin rolled back");
                    self.serve(&versions, good);
                }
            }
        }
        finding
    }

    /// A question of late.
    pub(crate) fn lately(&self) -> Option<Arc<Ask>> {
        self.lately.load_full()
    }

    pub(crate) fn kind(&self) -> Result<Kind, String> {
        kind(&self.plan.source)
    }

    /// How messages name the code.
    pub(crate) fn file(&self) -> String {
        match &self.plan.source {
            PluginSource::Embedded => format!("{}.lua", self.plan.name),
            PluginSource::File(path) => path.display().to_string(),
        }
    }

    pub(crate) fn status(&self) -> PluginStatus {
        let runtime = match self.kind() {
            Ok(Kind::Lua) => "lua",
            Ok(Kind::Wasm) => "wasm",
            Err(_) => "none",
        };
        let source = match &self.plan.source {
            PluginSource::Embedded => "embedded".to_owned(),
            PluginSource::File(path) => path.display().to_string(),
        };
        let versions = self.lock();
        PluginStatus {
            name: self.plan.name.to_string(),
            runtime: runtime.to_owned(),
            source,
            generation: self.serving().map_or(0, |version| version.number.0),
            error: versions.error.clone().or_else(|| self.bench.status()),
            versions: versions.told.iter().cloned().collect(),
            rollbacks: versions.rollbacks,
            calls: self.counters.calls.load(Ordering::Relaxed),
            faults: self.counters.faults.load(Ordering::Relaxed),
            metrics: self.host.kept().metrics.all(),
            declared: self.serving().and_then(|version| version.declared.clone()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Versions> {
        // Each change is complete before the lock is given back.
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which runtime code from there is for.
pub(crate) fn kind(source: &PluginSource) -> Result<Kind, String> {
    match source {
        PluginSource::Embedded => Ok(Kind::Lua),
        PluginSource::File(path) => match path.extension().and_then(|extension| extension.to_str()) {
            Some("lua") => Ok(Kind::Lua),
            Some("wasm") => Ok(Kind::Wasm),
            _ => Err(format!("{} is neither .lua nor .wasm", path.display())),
        },
    }
}
