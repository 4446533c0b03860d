//! What plugins may know of instances: their last transitions, beside what the configuration says.

use std::collections::BTreeMap;

use model::ids::InstanceName;
use model::link::InstanceFacts;
use model::plan::{Plan, Transport};
use model::time::Instant;
use model::transition::{State, Transition};

/// The last transition of each instance.
#[derive(Default)]
pub(super) struct Facts(BTreeMap<InstanceName, Transition>);

impl Facts {
    /// An instance changed its state.
    pub(super) fn handle_transition(&mut self, transition: &Transition) {
        self.0.insert(transition.instance.clone(), transition.clone());
    }

    /// An instance has this priority; whether it had another.
    pub(super) fn handle_priority(&mut self, instance: &InstanceName, priority: u8) -> bool {
        let last = self.0.get_mut(instance);
        last.is_some_and(|last| std::mem::replace(&mut last.priority, priority) != priority)
    }

    /// The last transition of each instance.
    pub(super) fn transitions(&self) -> impl Iterator<Item = &Transition> {
        self.0.values()
    }

    /// All instances of a plan, in its order. What has had no transition yet is as it began.
    pub(super) fn all(&self, plan: &Plan) -> Vec<InstanceFacts> {
        let one = |instance: &model::plan::InstancePlan| {
            let last = self.0.get(&instance.name);
            InstanceFacts {
                name: instance.name.to_string(),
                state: last.map_or(State::Initialize, |last| last.to),
                previous: last.map_or(State::Initialize, |last| last.from),
                cause: last.map_or_else(|| "not started".to_owned(), |last| last.cause.to_string()),
                since: last.map_or(Instant::default(), |last| last.at),
                priority: last.map_or(instance.priority.get(), |last| last.priority),
                interface: instance.interface.to_string(),
                addresses: instance.addresses.iter().map(|address| address.net).collect(),
                peers: match &instance.transport {
                    Transport::Multicast(_) => Vec::new(),
                    Transport::Unicast { peers, .. } => peers.iter().map(|peer| peer.address).collect(),
                },
            }
        };
        plan.instances.iter().map(one).collect()
    }
}
