//! A configured plugin: the version of it that serves, and what became of the newest one.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwapOption;
use hostcall::Host;
use model::declared::Declared;
use model::ids;
use model::plan::{PluginPlan, PluginSource};
use model::status::PluginStatus;
use tokio::sync::Semaphore;

use crate::bench::{Bench, Fault};
use crate::lua::Chunk;
use crate::wasm;

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

/// One version of a plugin.
pub(crate) struct Version {
    pub(crate) number: ids::Generation,
    pub(crate) code: Code,
    bytes: Arc<[u8]>,
    declared: Option<Vec<Declared>>,
}

/// A configured plugin.
pub(crate) struct Slot {
    pub(crate) plan: PluginPlan,
    pub(crate) host: Arc<Host>,
    /// One permit for each call that may be in flight.
    pub(crate) gate: Arc<Semaphore>,
    serving: ArcSwapOption<Version>,
    newest: Mutex<Newest>,
    counters: Arc<Counters>,
    pub(crate) bench: Arc<Bench>,
}

#[derive(Default)]
struct Newest {
    /// What was offered last, good or bad.
    bytes: Option<Arc<[u8]>>,
    error: Option<String>,
    /// The last number given to a version.
    last: u32,
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
        let last = former.map_or(0, |former| former.lock().last);
        let newest = Mutex::new(Newest {
            last,
            ..Newest::default()
        });
        let counters = former
            .map(|former| Arc::clone(&former.counters))
            .unwrap_or_default();
        let bench = former.map(|former| Arc::clone(&former.bench)).unwrap_or_default();
        Self {
            plan,
            host,
            gate,
            serving,
            newest,
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
        self.lock().bytes.clone()
    }

    /// Notes that `bytes` are offered; whether they have to be loaded.
    pub(crate) fn offer(&self, bytes: &Arc<[u8]>) -> bool {
        let mut newest = self.lock();
        if newest.bytes.as_deref() == Some(&**bytes) {
            return false;
        }
        newest.bytes = Some(Arc::clone(bytes));
        true
    }

    /// Lets good code serve, unless it is what serves already.
    pub(crate) fn accept(&self, bytes: Arc<[u8]>, code: Code, declared: Option<Vec<Declared>>, anew: bool) {
        let mut newest = self.lock();
        newest.error = None;
        let same = self.serving().is_some_and(|version| version.bytes == bytes);
        if same && !anew {
            return;
        }
        // New code is innocent.
        self.bench.count(None);
        newest.last += 1;
        let number = ids::Generation(newest.last);
        let version = Version {
            number,
            code,
            bytes,
            declared,
        };
        self.serving.store(Some(Arc::new(version)));
        let plugin = self.plan.name.as_str();
        tracing::info!(plugin, generation = number.0, "plugin loaded");
    }

    /// Keeps what serves, and says why the newest does not.
    pub(crate) fn refuse(&self, error: String) {
        let plugin = self.plan.name.as_str();
        tracing::error!(plugin, error, "plugin not loaded");
        self.lock().error = Some(error);
    }

    /// The file cannot be read: forget what it held, so that the same bytes are taken again.
    pub(crate) fn lost(&self, error: String) {
        self.lock().bytes = None;
        self.refuse(error);
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

    /// Counts how a run ended; whether the status says something new for it.
    pub(crate) fn count(&self, fault: Option<&Fault>) -> bool {
        self.counters.calls.fetch_add(1, Ordering::Relaxed);
        if fault.is_some() {
            self.counters.faults.fetch_add(1, Ordering::Relaxed);
        }
        let changed = self.bench.count(fault);
        if let Some(why) = self.bench.status().filter(|_| changed) {
            tracing::warn!(plugin = self.plan.name.as_str(), why, "plugin benched");
        }
        changed
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
        PluginStatus {
            name: self.plan.name.to_string(),
            runtime: runtime.to_owned(),
            source,
            generation: self.serving().map_or(0, |version| version.number.0),
            error: self.lock().error.clone().or_else(|| self.bench.status()),
            calls: self.counters.calls.load(Ordering::Relaxed),
            faults: self.counters.faults.load(Ordering::Relaxed),
            metrics: self.host.kept().metrics.all(),
            declared: self.serving().and_then(|version| version.declared.clone()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Newest> {
        // Each change is complete before the lock is given back.
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
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
