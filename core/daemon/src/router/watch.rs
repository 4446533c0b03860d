//! Watches the files that the configuration and the plugins are read from.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, NoCache, new_debouncer_opt};
use tokio::sync::mpsc;

use super::Event;

/// Files that are quiet for this long are looked at: editors and package managers write in several steps.
const QUIET: Duration = Duration::from_millis(100);

/// What changed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Changed {
    pub(super) configuration: bool,
    pub(super) code: bool,
    pub(super) numbers: bool,
}

/// The watcher.
pub(super) struct Watch {
    debouncer: Debouncer<RecommendedWatcher, NoCache>,
    /// Shared with the watcher's own thread, which decides what an event is about.
    interest: Arc<Mutex<Interest>>,
}

#[derive(Debug, Default)]
struct Interest {
    configuration: BTreeSet<PathBuf>,
    /// Directories of which each `.toml` counts, also one that is new.
    drop_ins: BTreeSet<PathBuf>,
    code: BTreeSet<PathBuf>,
    numbers: BTreeSet<PathBuf>,
    directories: BTreeSet<PathBuf>,
}

/// Starts to watch; nothing is of interest yet.
pub(super) fn start(events: mpsc::Sender<Event>) -> anyhow::Result<Watch> {
    let interest = Arc::new(Mutex::new(Interest::default()));
    let shared = Arc::clone(&interest);
    let each = move |result: DebounceEventResult| {
        let changed = match result {
            Ok(found) => {
                let interest = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let paths = found
                    .iter()
                    .filter(|event| !event.kind.is_access())
                    .flat_map(|event| &event.paths);
                interest.judge(paths)
            }
            // Something was missed: look at everything.
            Err(errors) => {
                tracing::warn!(?errors, "watching files");
                Changed {
                    configuration: true,
                    code: true,
                    numbers: true,
                }
            }
        };
        if changed.configuration || changed.code || changed.numbers {
            // The loop is over: so is the process.
            let _ = events.blocking_send(Event::Files(changed));
        }
    };
    let debouncer = new_debouncer_opt(QUIET, None, each, NoCache::new(), notify::Config::default())?;
    Ok(Watch { debouncer, interest })
}

impl Watch {
    /// Watches these files from now on, and no others: paths as given on the command line, files read because of
    /// them, plugins' code, and files with numbers.
    pub(super) fn set(
        &mut self,
        paths: &[PathBuf],
        files: Vec<PathBuf>,
        code: Vec<PathBuf>,
        numbers: Vec<PathBuf>,
    ) {
        let mut wanted = Interest::default();
        wanted.drop_ins.extend(
            paths
                .iter()
                .filter(|path| path.is_dir())
                .map(|path| absolute(path)),
        );
        wanted.configuration.extend(
            files
                .iter()
                .chain(paths.iter().filter(|path| !path.is_dir()))
                .map(|path| absolute(path)),
        );
        wanted.code.extend(code.iter().map(|path| absolute(path)));
        wanted.numbers.extend(numbers.iter().map(|path| absolute(path)));
        let parents = wanted
            .configuration
            .iter()
            .chain(&wanted.code)
            .chain(&wanted.numbers)
            .filter_map(|path| path.parent());
        wanted.directories = parents
            .map(Path::to_owned)
            .chain(wanted.drop_ins.iter().cloned())
            .collect();
        let had = std::mem::take(
            &mut self
                .interest
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .directories,
        );
        for gone in had.difference(&wanted.directories) {
            // A directory that was removed is not watched any more anyway.
            let _ = self.debouncer.unwatch(gone);
        }
        // What cannot be watched is tried again with each plan.
        wanted.directories.retain(|directory| {
            if had.contains(directory) {
                return true;
            }
            let watched = self.debouncer.watch(directory, RecursiveMode::NonRecursive);
            if let Err(error) = &watched {
                tracing::warn!(%error, directory = %directory.display(), "cannot watch; changes are seen late, or after a reload by hand");
            }
            watched.is_ok()
        });
        *self.interest.lock().unwrap_or_else(PoisonError::into_inner) = wanted;
    }
}

impl Interest {
    fn judge<'a>(&self, paths: impl Iterator<Item = &'a PathBuf>) -> Changed {
        let mut changed = Changed::default();
        for path in paths {
            let is_drop_in = path.extension() == Some(OsStr::new("toml"))
                && path.parent().is_some_and(|parent| self.drop_ins.contains(parent));
            changed.configuration |= is_drop_in || self.configuration.contains(path);
            changed.code |= self.code.contains(path);
            changed.numbers |= self.numbers.contains(path);
        }
        changed
    }
}

/// As the kernel names it, so that events can be compared.
fn absolute(path: &Path) -> PathBuf {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let parent = parent
        .canonicalize()
        .or_else(|_| std::path::absolute(parent))
        .unwrap_or_else(|_| parent.to_owned());
    match path.file_name() {
        Some(name) => parent.join(name),
        None => parent,
    }
}
