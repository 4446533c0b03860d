//! Where a reading of the configuration is. Reading has no deadline of its own: a call that looks into a mount that
//! hangs cannot be ended. So it is done on a thread of its own, and whoever waits can say for what.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

/// How long a reading may take before it is said that it does.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The path that a reading looked at last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Looking(Arc<Mutex<PathBuf>>);

impl Looking {
    /// Who has to be told each path.
    pub(crate) fn looks(&self) -> config::Looks {
        let at = Arc::clone(&self.0);
        Arc::new(move |path: &Path| path.clone_into(&mut at.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// That it is late.
    pub(crate) fn late(&self) -> String {
        let at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        format!(
            "the configuration is not read yet; it waits at {}: does a mount hang?",
            at.display()
        )
    }
}

/// Reads on a thread of its own.
///
/// # Errors
/// When no thread can be started.
pub(crate) fn begin<T: Send + 'static>(
    read: impl FnOnce(config::Looks) -> T + Send + 'static,
) -> std::io::Result<(Looking, Receiver<T>)> {
    let looking = Looking::default();
    let (looks, (done, result)) = (looking.looks(), channel());
    thread::Builder::new()
        .name("configuration".into())
        .spawn(move || {
            // Who waits no longer has no use for it.
            let _ = done.send(read(looks));
        })?;
    Ok((looking, result))
}

/// Waits for what is read, for as long as it takes; `tell` hears once that it is late.
pub(crate) fn wait<T>(looking: &Looking, result: &Receiver<T>, tell: impl FnOnce(String)) -> Option<T> {
    match result.recv_timeout(PATIENCE) {
        Ok(read) => return Some(read),
        Err(RecvTimeoutError::Timeout) => tell(looking.late()),
        Err(RecvTimeoutError::Disconnected) => return None,
    }
    result.recv().ok()
}

/// Reads the configuration for a command; whoever typed it is told what it waits for.
///
/// # Errors
/// When it cannot be begun.
pub(crate) fn load(paths: Vec<PathBuf>, environment: config::Environment) -> anyhow::Result<config::Loaded> {
    let read = move |looks| {
        let looks = Some(looks);
        config::load(&paths, &config::Environment { looks, ..environment })
    };
    let (looking, result) = begin(read)?;
    let loaded = wait(&looking, &result, |late| eprintln!("{late}"));
    loaded.context("the configuration could not be read")
}

#[cfg(test)]
mod tests;
