//! A thread of the system that counts while anything runs, so that a guest which holds its thread is still seen. It
//! sleeps without a timer while nothing runs.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::EngineWeak;

/// How far apart ticks are: the turn that a guest gets, and how exactly its bound is held.
const TICK: Duration = Duration::from_millis(5);

static TICKS: AtomicU64 = AtomicU64::new(0);
static RUNNING: AtomicUsize = AtomicUsize::new(0);
/// The thread sleeps, or is about to.
static PARKED: AtomicBool = AtomicBool::new(false);
static ENGINES: Mutex<Vec<EngineWeak>> = Mutex::new(Vec::new());
static THREAD: LazyLock<Option<Thread>> = LazyLock::new(start);
static WARNED: OnceLock<()> = OnceLock::new();

/// Ticks so far.
pub(crate) fn now() -> u64 {
    TICKS.load(Ordering::Relaxed)
}

/// Has an engine's epoch counted too.
pub(crate) fn count_epochs_of(engine: EngineWeak) {
    ENGINES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(engine);
}

/// Ticks are counted while one of these is alive: while a guest is on a processor.
pub(crate) struct Running(());

impl Running {
    pub(crate) fn begin() -> Self {
        let thread = THREAD.as_ref();
        RUNNING.fetch_add(1, Ordering::SeqCst);
        if PARKED.load(Ordering::SeqCst)
            && let Some(thread) = thread
        {
            thread.unpark();
        }
        Self(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::SeqCst);
    }
}

fn start() -> Option<Thread> {
    let thread = thread::Builder::new().name("plugin-ticker".into()).spawn(count);
    match thread {
        Ok(handle) => Some(handle.thread().clone()),
        Err(error) => {
            WARNED.get_or_init(|| {
                tracing::error!(%error, "cannot start the ticker thread: plugins that loop are not stopped");
            });
            None
        }
    }
}

fn count() {
    loop {
        // Told before it looks, as a guest begins before it looks: one of the two sees the other.
        PARKED.store(true, Ordering::SeqCst);
        while RUNNING.load(Ordering::SeqCst) == 0 {
            thread::park();
        }
        PARKED.store(false, Ordering::SeqCst);
        thread::sleep(TICK);
        TICKS.fetch_add(1, Ordering::Relaxed);
        let mut engines = ENGINES.lock().unwrap_or_else(PoisonError::into_inner);
        engines.retain(|weak| weak.upgrade().map(|engine| engine.increment_epoch()).is_some());
    }
}
