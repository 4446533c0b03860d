//! Reads the configuration again, aside, and takes it if nothing is wrong with it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use linux::clock;
use model::link::ToGuardian;
use model::plan::Plan;
use model::status::PluginStatus;
use model::time::Instant;
use tokio::sync::oneshot;

use super::{Router, Starting, Stopping};
use crate::router::Event;
use crate::router::configuration::{self, Declared, First, Legacy, Loaded, ReloadResult};
use crate::router::hooks;
use crate::router::looking::{self, Looking};

/// Who waits for a reading of the configuration.
#[derive(Default)]
pub(super) struct Reloading {
    running: bool,
    /// Asked for while one was running: the files may have changed under it.
    again: bool,
    waiting: Vec<oneshot::Sender<ReloadResult>>,
    /// Where the one that runs is.
    looking: Looking,
    /// When it is late; `None` once that was told, until it is asked for again.
    late: Option<Instant>,
}

impl Reloading {
    /// When it is to be told that it is late.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.late
    }
}

impl Router {
    pub(super) fn begin_reload(&mut self, reply: Option<oneshot::Sender<ReloadResult>>) {
        self.reloading.waiting.extend(reply);
        self.reloading
            .late
            .get_or_insert(clock::now() + looking::PATIENCE);
        if std::mem::replace(&mut self.reloading.running, true) {
            self.reloading.again = true;
            return;
        }
        let (events, paths) = (self.doors.events.clone(), self.doors.options.paths.clone());
        let declared = self.declared();
        self.reloading.looking = Looking::default();
        let looks = self.reloading.looking.looks();
        tokio::task::spawn_blocking(move || {
            let loaded = configuration::load(&paths, declared, looks);
            // The loop is over: so is the process.
            let _ = events.blocking_send(Event::Loaded(Box::new(loaded)));
        });
    }

    /// Goes on with a reading that was begun before the loop.
    fn go_on_reading(&mut self, late: Receiver<Loaded>) {
        self.reloading.running = true;
        let events = self.doors.events.clone();
        tokio::task::spawn_blocking(move || {
            if let Ok(loaded) = late.recv() {
                // As above.
                let _ = events.blocking_send(Event::Loaded(Box::new(loaded)));
            }
        });
    }

    /// Tells those who wait that they would wait for ever. What is read at last is taken all the same.
    pub(super) fn handle_reload_timeout(&mut self, now: Instant) {
        if self.reloading.late.take_if(|at| *at <= now).is_none() {
            return;
        }
        let late = self.reloading.looking.late();
        tracing::error!("{late}");
        let text = format!("{late}\nwhat was served is served until it is read\n");
        self.configuration.last_error = Some(text.clone());
        let result = ReloadResult {
            accepted: false,
            text,
        };
        for reply in self.reloading.waiting.drain(..) {
            // Whoever asked may have gone.
            let _ = reply.send(result.clone());
        }
    }

    /// Parameters that the code of plugins declares.
    fn declared(&self) -> Declared {
        let plugins = self.plugins.iter();
        plugins
            .filter_map(|plugin| Some((PathBuf::from(&plugin.source), plugin.declared.clone()?)))
            .collect()
    }

    /// What plugins are now. Where they declare other parameters, what they are given is looked at again.
    pub(super) fn handle_plugins(&mut self, plugins: Vec<PluginStatus>) {
        let before = self.declared();
        self.plugins = plugins;
        if self.declared() != before {
            self.begin_reload(None);
        }
    }

    pub(super) fn handle_loaded(&mut self, mut loaded: Loaded) {
        self.reloading.running = false;
        self.reloading.late = None;
        if std::mem::take(&mut self.reloading.again) {
            return self.begin_reload(None);
        }
        let moved = loaded.plan.as_ref().and_then(|plan| self.stays_where_it_is(plan));
        loaded.text.extend(moved);
        let result = match loaded.plan {
            // A plan taken now would put back what the stop has taken out.
            _ if self.stopping != Stopping::No => ReloadResult {
                accepted: false,
                text: "the daemon is stopping\n".to_owned(),
            },
            Some(plan) if self.starting.is_some() => {
                self.starting = Some(Starting {
                    plan: Arc::new(plan),
                    files: loaded.files,
                });
                ReloadResult {
                    accepted: true,
                    text: format!("{}served once the first command ended\n", loaded.text),
                }
            }
            Some(plan) if plan == *self.plan => {
                self.configuration.last_error = None;
                self.watch_files(loaded.files);
                self.read_supplies();
                ReloadResult {
                    accepted: true,
                    text: format!("{}nothing to change\n", loaded.text),
                }
            }
            Some(plan) => {
                self.handle_plan(Arc::new(plan), loaded.files);
                tracing::info!(generation = self.configuration.generation, "new configuration");
                ReloadResult {
                    accepted: true,
                    text: format!("{}applied\n", loaded.text),
                }
            }
            None => {
                tracing::error!(
                    "the new configuration has mistakes; nothing is changed\n{}",
                    loaded.text
                );
                self.configuration.last_error = Some(loaded.text.clone());
                // The mistake may be in a file that is new: its correction must be seen.
                self.watch_files(loaded.files);
                ReloadResult {
                    accepted: false,
                    text: loaded.text,
                }
            }
        };
        if result.accepted {
            self.retell();
        }
        for reply in self.reloading.waiting.drain(..) {
            // Whoever asked may have gone.
            let _ = reply.send(result.clone());
        }
    }

    /// What is to be said of a plan for another network namespace than this one: all that is open is of this one.
    fn stays_where_it_is(&self, plan: &Plan) -> Option<String> {
        let (wanted, here) = (&plan.machine.namespace, &self.doors.options.entered);
        if wanted == here {
            return None;
        }
        let name = |name: &Option<String>| match name {
            Some(name) => format!("network namespace {name}"),
            None => "the network namespace it was started in".to_owned(),
        };
        let (wanted, here) = (name(wanted), name(here));
        let text = format!("the daemon stays in {here}; restart it for {wanted}");
        tracing::warn!("{text}");
        Some(format!("{text}\n"))
    }

    /// Tells named pipes that ask for it how everything is.
    fn retell(&mut self) {
        for transition in self.supplies.transitions() {
            for (_, event, _) in hooks::events(&self.plan, transition) {
                self.fifos.handle_reading(&event);
            }
        }
    }

    /// Begins with the configuration, or, where it has mistakes, with what a predecessor served. Without a predecessor
    /// the operator's first command runs before.
    pub(in crate::router) fn begin(&mut self, plan: Plan, first: First, legacy: Option<Legacy>) {
        let First { loaded, late } = first;
        let is_refused = loaded.plan.is_none();
        // It is in the log.
        let _ = self.stays_where_it_is(&plan);
        let first = plan.life.before.clone().filter(|_| legacy.is_none());
        if let Some(Legacy { plan, original }) = legacy {
            self.bequeathed = original.clone();
            self.balancer.handle_predecessor(&plan, original);
        }
        let (plan, files) = (Arc::new(plan), loaded.files);
        if let Some(script) = first {
            self.hooks.handle_script("the start".to_owned(), script);
        }
        self.starting = Some(Starting { plan, files });
        self.end_start();
        self.configuration.last_error = is_refused.then_some(loaded.text);
        if let Some(late) = late {
            self.go_on_reading(late);
        }
    }

    /// Hands on what a successor has to know.
    pub(super) fn bequeath(&mut self) {
        self.bequeathed = self.balancer.original().clone();
        let legacy = configuration::encode_legacy(&self.plan, &self.bequeathed);
        self.doors.guardian.send(ToGuardian::Serving(legacy));
    }

    /// Serves what waits for the first command, once that has ended.
    pub(super) fn end_start(&mut self) {
        if !self.hooks.is_idle() {
            return;
        }
        if let Some(Starting { plan, files }) = self.starting.take() {
            self.handle_plan(plan, files);
            self.doors.guardian.send(ToGuardian::Ready);
        }
    }
}
