//! What the worker is told of plugins: which there are, their code and secrets, and what they may know of instances.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::link::ToWorker;
use model::plan::{Plan, PluginSource};
use model::status::PluginStatus;
use model::transition::Transition;

use facts::Facts;
pub(crate) use file::code as plugin_code;
use supply::Supply;

use super::reading::{self, Content, Source};
use crate::link::Port;

mod facts;
pub(super) mod file;
pub(crate) mod secrets;
mod supply;

/// What a worker was told last.
#[derive(Default)]
pub(super) struct Plugins {
    /// Code and secrets, as last read. They outlive a worker: its successor need not wait for their files.
    supplies: BTreeMap<Source, Supply>,
    facts: Facts,
}

impl Plugins {
    /// Tells a worker all there is to know: it remembers nothing of its predecessor. What the files hold now is to be read
    /// again.
    pub(super) fn tell_all(&mut self, plan: &Plan, worker: &Port<ToWorker>) {
        worker.send(ToWorker::Plugins(plan.plugins.clone()));
        worker.send(ToWorker::Instances(self.facts.all(plan)));
        let mut known = std::mem::take(&mut self.supplies);
        for source in reading::supplies(plan) {
            if let Some(supply) = known.remove(&source) {
                self.supplies.insert(source, supply.told(worker));
            }
        }
    }

    /// Something happened to an instance in its state.
    pub(super) fn handle_news(
        &mut self,
        news: &model::effect::InstanceNews,
        plan: &Plan,
        worker: &Port<ToWorker>,
    ) {
        if self.facts.handle_priority(&news.instance, news.priority) {
            worker.send(ToWorker::Instances(self.facts.all(plan)));
        }
    }

    /// The last transition of each instance, with the priority that it has now.
    pub(super) fn transitions(&self) -> impl Iterator<Item = &Transition> {
        self.facts.transitions()
    }

    /// An instance changed its state.
    pub(super) fn handle_transition(
        &mut self,
        transition: &Transition,
        plan: &Plan,
        worker: &Port<ToWorker>,
    ) {
        self.facts.handle_transition(transition);
        worker.send(ToWorker::Instances(self.facts.all(plan)));
    }

    /// What was read, passed on where it is new. What a worker that is behind did not get is told again at the next look.
    pub(super) fn handle_read(&mut self, source: Source, content: Content, worker: &Port<ToWorker>) {
        if let Content::Number(..) = content {
            // The worker moves no priorities.
            return;
        }
        let known = self.supplies.remove(&source);
        let supply = match known {
            Some(known) if known.is(&content) => known.told_if_new(worker),
            former => Supply::after(former, content).told(worker),
        };
        self.supplies.insert(source, supply);
    }

    /// What became of code: it is not tried by a worker's successor either once it was taken back.
    pub(super) fn handle_status(&mut self, all: &[PluginStatus]) {
        for (source, supply) in &mut self.supplies {
            let Source::Code(name, _) = source else { continue };
            if let Some(status) = all.iter().find(|status| status.name == name.as_str()) {
                supply.handle_status(status);
            }
        }
    }

    /// Whether all secrets of a plan have been looked for.
    pub(super) fn are_secrets_known(&self, plan: &Plan) -> bool {
        let mut all = reading::supplies(plan).filter(|source| matches!(source, Source::Secrets(..)));
        all.all(|source| self.supplies.contains_key(&source))
    }

    /// A file does not answer: what it held before stands, and where that is not known, the plugin does not wait for it.
    pub(super) fn handle_late(&mut self, source: Source, worker: &Port<ToWorker>) {
        if !self.supplies.contains_key(&source) {
            let content = source.unread();
            self.handle_read(source, content, worker);
        }
    }
}

/// The variables of the environment that hold secrets of a plan's plugins.
pub(super) fn hidden(plan: &Plan) -> Vec<String> {
    let secrets = plan.plugins.iter().map(|plugin| &plugin.grants.secret);
    secrets.flat_map(secrets::variables).collect()
}

/// Files that are read for the plugins of a plan.
pub(super) fn files(plan: &Plan) -> impl Iterator<Item = PathBuf> {
    plan.plugins.iter().flat_map(|plugin| {
        let code = match &plugin.source {
            PluginSource::File(path) => Some(path.clone()),
            PluginSource::Embedded => None,
        };
        code.into_iter().chain(secrets::files(&plugin.grants.secret))
    })
}

#[cfg(test)]
mod tests;
