//! Files that others write, read aside: one on a mount that hangs holds up nobody but who needs it.
//!
//! Each thing is read once at a time, so that what is told of it is told in order. What has not come within
//! [`PATIENCE`] is told as such; it comes later if it comes.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use model::ids::{PluginName, TrackerName};
use model::plan::{Plan, PluginSource, SecretSource};
use model::time::Instant;
use tokio::sync::mpsc;

use super::plugins::{file, secrets};
use super::{Event, watched};

/// How long a file may take before it is said that it does.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is read, for whom and from where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// A number that moves priorities.
    Number(TrackerName, PathBuf),
    /// A plugin's code.
    Code(PluginName, PathBuf),
    /// A plugin's secrets.
    Secrets(PluginName, BTreeMap<String, SecretSource>),
}

/// What was in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    /// Of a file with a number; `None` when there is none.
    Number(TrackerName, Result<Option<String>, String>),
    /// Of a plugin's file.
    Code(PluginName, Result<Vec<u8>, String>),
    /// Of a plugin's secrets.
    Secrets(PluginName, secrets::Values),
}

/// All that is being read.
pub(super) struct Readings {
    events: mpsc::Sender<Event>,
    under_way: BTreeMap<Source, Reading>,
}

struct Reading {
    /// When it is late; `None` once that was told, until it is asked for again.
    late: Option<Instant>,
    /// That it is late is in the log.
    logged: bool,
    /// Asked for again meanwhile: it may have been read before what is meant.
    again: bool,
}

impl Readings {
    /// Results come as [`Event::Read`].
    pub(super) fn new(events: mpsc::Sender<Event>) -> Self {
        let under_way = BTreeMap::new();
        Self { events, under_way }
    }

    /// Reads something, now or when what is under way has ended.
    pub(super) fn begin(&mut self, source: Source, now: Instant) {
        self.begin_by(source, now, Source::read);
    }

    fn begin_by(&mut self, source: Source, now: Instant, read: fn(&Source) -> Content) {
        if let Some(reading) = self.under_way.get_mut(&source) {
            reading.again = true;
            reading.late.get_or_insert(now + PATIENCE);
            return;
        }
        let reading = Reading {
            late: Some(now + PATIENCE),
            logged: false,
            again: false,
        };
        self.under_way.insert(source.clone(), reading);
        let events = self.events.clone();
        tokio::task::spawn_blocking(move || {
            let content = read(&source);
            // The loop is over: so is the process.
            let _ = events.blocking_send(Event::Read(source, content));
        });
    }

    /// A reading has ended; reads again what was asked for meanwhile.
    pub(super) fn handle_read(&mut self, source: &Source, now: Instant) {
        if self.under_way.remove(source).is_some_and(|reading| reading.again) {
            self.begin(source.clone(), now);
        }
    }

    /// When the next of them is late.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.under_way.values().filter_map(|reading| reading.late).min()
    }

    /// What is late, until `None`; each is told once for each time that it is asked for.
    pub(super) fn poll_late(&mut self, now: Instant) -> Option<Source> {
        let mut all = self.under_way.iter_mut();
        let (source, reading) = all.find(|(_, reading)| reading.late.is_some_and(|at| at <= now))?;
        reading.late = None;
        if !std::mem::replace(&mut reading.logged, true) {
            tracing::warn!(file = %source, "a file does not answer; does its mount hang?");
        }
        Some(source.clone())
    }
}

impl Source {
    /// Whether a plan still asks for it.
    pub(super) fn is_of(&self, plan: &Plan) -> bool {
        match self {
            Self::Number(name, path) => plan.numbers().any(|(found, at)| found == name && at == path),
            Self::Code(name, path) => plan.plugins.iter().any(|plugin| {
                let is_it = matches!(&plugin.source, PluginSource::File(found) if found == path);
                plugin.name == *name && is_it
            }),
            Self::Secrets(name, sources) => {
                let mut all = plan.plugins.iter();
                all.any(|plugin| plugin.name == *name && plugin.grants.secret == *sources)
            }
        }
    }

    fn read(&self) -> Content {
        match self {
            Self::Number(name, path) => Content::Number(name.clone(), watched::read(path)),
            Self::Code(plugin, path) => Content::Code(plugin.clone(), file::code(path)),
            Self::Secrets(plugin, sources) => Content::Secrets(plugin.clone(), secrets::read(sources)),
        }
    }

    /// What stands for it while it is late.
    pub(super) fn unread(&self) -> Content {
        let late = |path: &PathBuf| {
            let (path, seconds) = (path.display(), PATIENCE.as_secs());
            format!("cannot read {path}: no answer within {seconds} s; does its mount hang?")
        };
        match self {
            Self::Number(name, path) => Content::Number(name.clone(), Err(late(path))),
            Self::Code(plugin, path) => Content::Code(plugin.clone(), Err(late(path))),
            Self::Secrets(plugin, sources) => {
                let values = sources.iter().map(|(name, source)| match source {
                    SecretSource::File(path) => (name.clone(), Err(late(path))),
                    SecretSource::Environment(_) => (name.clone(), secrets::one(source)),
                });
                Content::Secrets(plugin.clone(), values.collect())
            }
        }
    }
}

/// Its files, for a log.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(_, path) | Self::Code(_, path) => path.display().fmt(f),
            Self::Secrets(_, sources) => {
                let files: Vec<String> = secrets::files(sources)
                    .map(|path| path.display().to_string())
                    .collect();
                f.write_str(&files.join(", "))
            }
        }
    }
}

/// The numbers of a plan.
pub(super) fn numbers(plan: &Plan) -> impl Iterator<Item = Source> + '_ {
    let numbers = plan.numbers();
    numbers.map(|(name, path)| Source::Number(name.clone(), path.to_owned()))
}

/// What the plugins of a plan are made of.
pub(super) fn supplies(plan: &Plan) -> impl Iterator<Item = Source> + '_ {
    plan.plugins.iter().flat_map(|plugin| {
        let code = match &plugin.source {
            PluginSource::File(path) => Some(Source::Code(plugin.name.clone(), path.clone())),
            PluginSource::Embedded => None,
        };
        let secrets = &plugin.grants.secret;
        let secrets = (!secrets.is_empty()).then(|| Source::Secrets(plugin.name.clone(), secrets.clone()));
        secrets.into_iter().chain(code)
    })
}

#[cfg(test)]
mod tests;
