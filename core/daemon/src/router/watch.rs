//! Watches the files that the configuration and the plugins are read from.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

use super::Event;
use news::News;

mod news;

/// How often it is looked for what nobody tells: another directory in the place of a watched one, another target of a
/// link, a file system that is silent.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) configuration: bool,
    pub(super) code: bool,
    pub(super) numbers: bool,
}

impl Changed {
    /// Something was missed: everything may have changed.
    const ALL: Self = Self {
        configuration: true,
        code: true,
        numbers: true,
    };

    const fn is_nothing(self) -> bool {
        !(self.configuration || self.code || self.numbers)
    }

    const fn or(self, other: Self) -> Self {
        Self {
            configuration: self.configuration || other.configuration,
            code: self.code || other.code,
            numbers: self.numbers || other.numbers,
        }
    }
}

/// What is to be watched: the paths of the command line, the files that were read because of them, plugins' code and
/// secrets, and files with numbers.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) paths: Vec<PathBuf>,
    pub(super) configuration: Vec<PathBuf>,
    pub(super) code: Vec<PathBuf>,
    pub(super) numbers: Vec<PathBuf>,
}

/// The watcher.
struct Watch {
    watcher: RecommendedWatcher,
    /// Shared with the watcher's own thread, which decides what an event is about.
    interest: Arc<Mutex<Interest>>,
    /// As they were seen last.
    directories: BTreeMap<PathBuf, Option<Stamp>>,
    files: BTreeMap<PathBuf, Option<Stamp>>,
}

/// Device, number and time of change of what a path leads to: another stamp, another content.
type Stamp = (u64, u64, i64, i64);

#[derive(Debug, Default)]
struct Interest {
    configuration: BTreeSet<PathBuf>,
    /// Directories of which each `.toml` counts, also one that is new.
    drop_ins: BTreeSet<PathBuf>,
    code: BTreeSet<PathBuf>,
    numbers: BTreeSet<PathBuf>,
}

/// Starts the thread that watches the files last sent to it, and no others: the look at a mount that hangs, even to watch
/// it, hangs. The channel holds one set for each plan, and the thread takes all of them at each turn.
pub(super) fn start(events: mpsc::Sender<Event>) -> anyhow::Result<Sender<Files>> {
    let watch = open(events.clone())?;
    let (sets, wanted) = channel();
    let follow = move || follow(watch, &wanted, &events);
    thread::Builder::new().name("watch".into()).spawn(follow)?;
    Ok(sets)
}

fn follow(mut watch: Watch, wanted: &Receiver<Files>, events: &mpsc::Sender<Event>) {
    loop {
        match wanted.recv_timeout(LOOK_EVERY) {
            Ok(next) => watch.set(&wanted.try_iter().last().unwrap_or(next)),
            Err(RecvTimeoutError::Timeout) => {
                let changed = watch.look();
                if !changed.is_nothing() && events.blocking_send(Event::Files(changed)).is_err() {
                    return;
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Nothing is of interest yet. What changes is told by a task of the running runtime.
fn open(events: mpsc::Sender<Event>) -> anyhow::Result<Watch> {
    let (interest, news) = (
        Arc::new(Mutex::new(Interest::default())),
        Arc::new(News::default()),
    );
    tokio::spawn(tell(Arc::clone(&news), events));
    let shared = Arc::clone(&interest);
    let each = move |result: notify::Result<notify::Event>| match result {
        Ok(event) if event.need_rescan() => news.add(Changed::ALL),
        Ok(event) if event.kind.is_access() => {}
        Ok(event) => news.add(lock(&shared).judge(event.paths.iter())),
        Err(error) => {
            tracing::warn!(%error, "watching files");
            news.add(Changed::ALL);
        }
    };
    Ok(Watch {
        watcher: notify::recommended_watcher(each)?,
        interest,
        directories: BTreeMap::new(),
        files: BTreeMap::new(),
    })
}

async fn tell(news: Arc<News>, events: mpsc::Sender<Event>) {
    // When nobody hears it the loop is over, and so is the process.
    while events.send(Event::Files(news.next().await)).await.is_ok() {}
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    /// Watches these files from now on, and no others.
    fn set(&mut self, files: &Files) {
        let all =
            |paths: &[PathBuf]| -> BTreeSet<PathBuf> { paths.iter().map(|path| absolute(path)).collect() };
        let (folders, single): (Vec<PathBuf>, Vec<PathBuf>) =
            files.paths.iter().cloned().partition(|path| path.is_dir());
        let mut wanted = Interest {
            configuration: all(&files.configuration),
            drop_ins: all(&folders),
            code: all(&files.code),
            numbers: all(&files.numbers),
        };
        wanted.configuration.extend(all(&single));
        self.set_interest(wanted);
    }

    fn set_interest(&mut self, wanted: Interest) {
        let files = wanted.configuration.iter().chain(&wanted.code);
        let parents = files.clone().chain(&wanted.numbers);
        let parents = parents.filter_map(|path| path.parent());
        let directories = parents.map(Path::to_owned).chain(wanted.drop_ins.iter().cloned());
        self.files = files.map(|path| (path.clone(), stamp(path))).collect();
        let mut had = std::mem::take(&mut self.directories);
        for directory in directories {
            let seen = had.remove(&directory).flatten();
            self.directories.entry(directory).or_insert(seen);
        }
        for gone in had.keys() {
            // A directory that was removed is not watched any more anyway.
            let _ = self.watcher.unwatch(gone);
        }
        for directory in self.watch_anew() {
            if self.directories.get(&directory) == Some(&None) {
                tracing::warn!(directory = %directory.display(), "cannot watch; changes are seen late");
            }
        }
        *lock(&self.interest) = wanted;
    }

    /// Watches the directories that are others than those that were seen last, and gives them. One that cannot be
    /// watched counts as not seen.
    fn watch_anew(&mut self) -> Vec<PathBuf> {
        let mut others = Vec::new();
        for (directory, seen) in &mut self.directories {
            // Its time says what is in it; that is told.
            let now = stamp(directory).map(|(device, number, ..)| (device, number, 0, 0));
            if now.is_some() && now == *seen {
                continue;
            }
            // It was not watched, or is not there any more.
            let _ = self.watcher.unwatch(directory);
            let watched = self.watcher.watch(directory, RecursiveMode::NonRecursive);
            *seen = now.filter(|_| watched.is_ok());
            others.push(directory.clone());
        }
        others
    }

    /// Looks for what nobody told. What is gone is told when something else is in its place.
    fn look(&mut self) -> Changed {
        let others = self.watch_anew();
        let others = others
            .iter()
            .filter(|directory| self.directories.get(*directory) != Some(&None));
        let mut changed: Vec<PathBuf> = others.cloned().collect();
        for (file, seen) in &mut self.files {
            let now = stamp(file);
            if now.is_some() && now != *seen {
                *seen = now;
                changed.push(file.clone());
            }
        }
        lock(&self.interest).judge(changed.iter())
    }
}

/// Of what a path leads to; `None` where it leads nowhere.
fn stamp(path: &Path) -> Option<Stamp> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.dev(), found.ino(), found.mtime(), found.mtime_nsec()))
}

impl Interest {
    fn judge<'a>(&self, paths: impl Iterator<Item = &'a PathBuf>) -> Changed {
        let mut changed = Changed::default();
        for path in paths {
            let is_drop_in = path.extension() == Some(OsStr::new("toml"))
                && path.parent().is_some_and(|parent| self.drop_ins.contains(parent));
            let is_directory = self.drop_ins.contains(path);
            changed.configuration |= is_drop_in || is_directory || self.configuration.contains(path);
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

#[cfg(test)]
mod tests;
