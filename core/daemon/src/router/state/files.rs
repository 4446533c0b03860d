//! Files of others: numbers that move priorities, plugins' code and secrets. They are read aside, and watched.

use std::path::PathBuf;

use linux::clock;
use model::time::Instant;

use super::Router;
use crate::router::reading::{self, Content, Source};
use crate::router::watch::{self, Changed};
use crate::router::{plugins, watched};

impl Router {
    /// Tells the worker all there is to know of plugins, and looks whether it is still so.
    pub(super) fn supply(&mut self) {
        self.supplies.tell_all(&self.plan, &self.doors.worker);
        self.read_supplies();
    }

    /// Reads what plugins are made of.
    pub(super) fn read_supplies(&mut self) {
        for source in reading::supplies(&self.plan) {
            self.readings.begin(source, clock::now());
        }
    }

    /// Reads the numbers that move priorities.
    pub(super) fn read_numbers(&mut self) {
        let now = clock::now();
        for source in reading::numbers(&self.plan) {
            self.readings.begin(source, now);
        }
        let are_any = self.plan.numbers().next().is_some();
        self.numbers_due = are_any.then(|| now + watched::READ_EVERY);
    }

    pub(super) fn handle_files_timeout(&mut self, now: Instant) {
        if self.numbers_due.is_some_and(|at| at <= now) {
            self.read_numbers();
        }
        while let Some(source) = self.readings.poll_late(now) {
            match source.unread() {
                _ if !source.is_of(&self.plan) => {}
                Content::Number(name, late) => self.watches.handle_file(&name, late),
                Content::Code(..) | Content::Secrets(..) => {
                    self.supplies.handle_late(source, &self.doors.worker);
                    self.welcome_worker();
                }
            }
        }
    }

    pub(super) fn handle_read(&mut self, source: Source, content: Content) {
        self.readings.handle_read(&source, clock::now());
        match content {
            // Of a plan before this one.
            _ if !source.is_of(&self.plan) => {}
            Content::Number(name, text) => self.watches.handle_file(&name, text),
            Content::Code(..) | Content::Secrets(..) => {
                self.supplies.handle_read(source, content, &self.doors.worker);
                self.welcome_worker();
            }
        }
    }

    pub(super) fn watch_files(&mut self, files: Vec<PathBuf>) {
        let wanted = watch::Files {
            paths: self.doors.options.paths.clone(),
            configuration: files,
            code: plugins::files(&self.plan).collect(),
            numbers: self.plan.numbers().map(|(_, path)| path.to_owned()).collect(),
        };
        // A thread that is gone has ended the process.
        let _ = self.doors.watch.send(wanted);
    }

    pub(super) fn handle_files(&mut self, changed: &Changed) {
        if changed.numbers {
            self.read_numbers();
        }
        if changed.code {
            self.read_supplies();
        }
        if changed.configuration {
            self.begin_reload(None);
        }
    }
}
