//! Resources: what an instance or group holds outside this node's addresses while it is Master, and only then. The
//! wanted level is here; a plugin verifies, applies and undoes. Whatever differs is tried again, and what is held is
//! looked at again and again: an address that a cloud's API holds drifts, and nobody tells.
//!
//! After each `handle_*`, drain [`poll_effect`](Keeper::poll_effect), then ask [`poll_timeout`](Keeper::poll_timeout).

use std::collections::{BTreeMap, VecDeque};

use model::effect::{KeepEffect, ResourceChange};
use model::ids::StepId;
use model::link::HookEvent;
use model::plan::{Plan, ResourcePlan};
use model::status::ResourceStatus;
use model::time::Instant;

use resource::Resource;

mod resource;
#[cfg(test)]
mod tests;

/// All resources.
#[derive(Debug, Default)]
pub struct Keeper {
    list: Vec<Resource>,
    /// The last transition of each instance and group: what a new resource of theirs begins with.
    last: BTreeMap<Owner, HookEvent>,
    /// Whether there is somebody to take steps.
    worker_up: bool,
    last_id: u64,
    effects: VecDeque<KeepEffect>,
}

/// Whose a resource is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Owner {
    is_group: bool,
    name: String,
}

impl Owner {
    fn of(event: &HookEvent) -> Self {
        Self {
            is_group: event.is_group,
            name: event.name.clone(),
        }
    }

    fn words(&self) -> String {
        let kind = if self.is_group { "group" } else { "instance" };
        format!("{kind} {}", self.name)
    }
}

impl Keeper {
    /// Takes a plan. A resource that stays keeps its state; one that is in it no more is undone.
    pub fn handle_plan(&mut self, plan: &Plan, now: Instant) {
        let wanted = wanted(plan);
        for resource in &mut self.list {
            let same = wanted.iter().find(|(owner, plan)| resource.is(owner, plan));
            resource.handle_plan(same.map(|(_, plan)| *plan), now);
        }
        self.refresh_addresses(plan, now);
        for (owner, plan) in wanted {
            let is_known = self.list.iter().any(|resource| resource.is(&owner, plan));
            // One of an instance that has no state yet waits for its first.
            if let Some(event) = self.last.get(&owner).filter(|_| !is_known) {
                self.list
                    .push(Resource::new(owner, plan.clone(), event.clone(), now));
            }
        }
        let owners: Vec<Owner> = owners(plan).map(|(owner, _)| owner).collect();
        self.last.retain(|owner, _| owners.contains(owner));
        self.advance(now);
    }

    /// Takes a transition of an instance or group; `plan` is the one that is served.
    pub fn handle_event(&mut self, plan: &Plan, event: &HookEvent, now: Instant) {
        let owner = Owner::of(event);
        for resource in self.list.iter_mut().filter(|resource| resource.owner == owner) {
            resource.handle_event(event, now);
        }
        for (_, plan) in wanted(plan).into_iter().filter(|(of, _)| *of == owner) {
            if !self.list.iter().any(|resource| resource.is(&owner, plan)) {
                self.list
                    .push(Resource::new(owner.clone(), plan.clone(), event.clone(), now));
            }
        }
        if owners(plan).any(|(of, _)| of == owner) {
            self.last.insert(owner, event.clone());
        }
        self.advance(now);
    }

    /// A step ended: whether the resource is so now, or why that is not known.
    pub fn handle_done(&mut self, id: StepId, result: &Result<bool, String>, now: Instant) {
        let mut list = self.list.iter_mut();
        let Some(resource) = list.find(|resource| resource.running() == Some(id)) else {
            return;
        };
        let news = resource.handle_done(result, now);
        self.effects.extend(news.map(|news| {
            KeepEffect::Tell(ResourceChange {
                of: resource.owner.words(),
                plugin: resource.plan.plugin.clone(),
                news,
            })
        }));
        self.advance(now);
    }

    /// Somebody takes steps now, or nobody. How far the steps of a worker that died have come is not known.
    pub fn handle_worker(&mut self, up: bool, now: Instant) {
        self.worker_up = up;
        for resource in self.list.iter_mut().filter(|_| !up) {
            resource.handle_step_lost(now);
        }
        self.advance(now);
    }

    /// The next instant at which a step is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = self.list.iter().filter_map(|resource| self.due(resource));
        due.min()
    }

    /// Begins the steps that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
    }

    /// The next thing to do, until `None`.
    pub fn poll_effect(&mut self) -> Option<KeepEffect> {
        self.effects.pop_front()
    }

    /// Whether all that has to be given up is, and all that has to be held is: no step runs or is due.
    pub fn is_settled(&self) -> bool {
        self.list.iter().all(Resource::is_settled)
    }

    /// Each as it is now.
    pub fn status(&self) -> Vec<ResourceStatus> {
        self.list.iter().map(Resource::status).collect()
    }

    /// An address that came or went without a transition is told too.
    fn refresh_addresses(&mut self, plan: &Plan, now: Instant) {
        for instance in &plan.instances {
            let owner = Owner {
                is_group: false,
                name: instance.name.to_string(),
            };
            let Some(event) = self.last.get_mut(&owner) else {
                continue;
            };
            let addresses = instance.addresses.iter().chain(&instance.excluded);
            let addresses: Vec<_> = addresses.map(|address| address.net).collect();
            if event.addresses == addresses {
                continue;
            }
            event.addresses = addresses;
            for resource in self.list.iter_mut().filter(|resource| resource.owner == owner) {
                resource.handle_event(event, now);
            }
        }
    }

    fn advance(&mut self, now: Instant) {
        let due: Vec<usize> = (0..self.list.len())
            .filter(|at| {
                let due = self.list.get(*at).and_then(|resource| self.due(resource));
                due.is_some_and(|due| due <= now)
            })
            .collect();
        for at in due {
            let Some(resource) = self.list.get_mut(at) else {
                continue;
            };
            self.last_id += 1;
            let call = resource.begin(StepId(self.last_id));
            self.effects.push_back(KeepEffect::Step(call));
        }
        self.list.retain(|resource| !resource.is_gone());
    }

    /// When a resource's next step may begin. One that takes the place of another waits until that is undone.
    fn due(&self, resource: &Resource) -> Option<Instant> {
        let is_in_the_way = |other: &Resource| {
            other.is_leaving() && other.owner == resource.owner && other.plan.plugin == resource.plan.plugin
        };
        let waits = !resource.is_leaving() && self.list.iter().any(is_in_the_way);
        resource.due().filter(|_| self.worker_up && !waits)
    }
}

fn owners(plan: &Plan) -> impl Iterator<Item = (Owner, &[ResourcePlan])> {
    let instances = plan.instances.iter().map(|instance| {
        let name = instance.name.to_string();
        (false, name, instance.resources.as_slice())
    });
    let groups = plan
        .groups
        .iter()
        .map(|group| (true, group.name.to_string(), group.resources.as_slice()));
    instances
        .chain(groups)
        .map(|(is_group, name, resources)| (Owner { is_group, name }, resources))
}

/// All resources of a plan.
fn wanted(plan: &Plan) -> Vec<(Owner, &ResourcePlan)> {
    owners(plan)
        .flat_map(|(owner, resources)| resources.iter().map(move |one| (owner.clone(), one)))
        .collect()
}
