//! What the worker is told of plugins: which there are, their code and secrets, and what they may know of instances.

use std::collections::BTreeMap;
use std::path::PathBuf;

use model::ids::PluginName;
use model::link::ToWorker;
use model::plan::{Plan, PluginSource};
use model::transition::Transition;

use facts::Facts;
pub(crate) use file::code as plugin_code;

use crate::link::Port;

mod facts;
mod file;
pub(crate) mod secrets;

/// What a worker was told last.
#[derive(Default)]
pub(super) struct Plugins {
    /// Code of their files, as last read.
    code: BTreeMap<PluginName, Result<Vec<u8>, String>>,
    /// Their secrets, as last read.
    secrets: BTreeMap<PluginName, secrets::Values>,
    facts: Facts,
}

impl Plugins {
    /// Tells a worker all there is to know: it remembers nothing of its predecessor.
    pub(super) fn tell_all(&mut self, plan: &Plan, worker: &Port<ToWorker>) {
        self.code.clear();
        self.secrets.clear();
        worker.send(ToWorker::Plugins(plan.plugins.clone()));
        worker.send(ToWorker::Instances(self.facts.all(plan)));
        self.read_again(plan, worker);
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

    /// Reads plugins' files and secrets again, and passes on those that changed. What a worker that is behind did not
    /// get is told again at the next look.
    pub(super) fn read_again(&mut self, plan: &Plan, worker: &Port<ToWorker>) {
        for plugin in &plan.plugins {
            let sources = &plugin.grants.secret;
            if !sources.is_empty() {
                let values = secrets::read(sources);
                tell_new(&mut self.secrets, &plugin.name, values, |plugin, values| {
                    worker.send(ToWorker::Secrets { plugin, values })
                });
            }
            if let PluginSource::File(path) = &plugin.source {
                let code = file::code(path);
                tell_new(&mut self.code, &plugin.name, code, |plugin, code| {
                    worker.send(ToWorker::Code { plugin, code })
                });
            }
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

fn tell_new<T: Clone + PartialEq>(
    told: &mut BTreeMap<PluginName, T>,
    plugin: &PluginName,
    value: T,
    tell: impl FnOnce(PluginName, T) -> bool,
) {
    if told.get(plugin) != Some(&value) && tell(plugin.clone(), value.clone()) {
        told.insert(plugin.clone(), value);
    }
}
