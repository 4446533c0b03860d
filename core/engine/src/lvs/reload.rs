//! A new plan: what is the same keeps its verdicts, counters and schedule. A start is a change from nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use model::effect::BalanceEffect;
use model::ids::InstanceName;
use model::ipvs::{DestinationKey, ServiceKey};
use model::plan::{CheckPlan, IpvsPlan, Plan, ServerPlan, ServicePlan, TrackerPlan};
use model::probe::Subject;
use model::time::Instant;

use super::server::Server;
use super::service::Service;
use super::{Balancer, Tracker};
use crate::probe::{Aim, ProbeId, Prober, Standing};

/// Said of what a reload changed.
const RELOADED: &str = "the configuration changed";
/// Said of what a reload or a stop takes away.
const REMOVED: &str = "removed from the configuration";
const STOPPING: &str = "stopping";

impl Balancer {
    /// From now on this is wanted. A check that asks the same of the same plugin keeps its verdict; a changed one
    /// goes on from the verdict of its server until its own first answer.
    pub fn handle_plan(&mut self, plan: &Plan, now: Instant) {
        self.plan_trackers(&plan.trackers, now);
        self.tuner.handle_plan(&plan.ipvs);
        let wanted: BTreeSet<&ServiceKey> = plan.services.iter().map(ServicePlan::key).collect();
        let gone: Vec<ServiceKey> = self
            .services
            .keys()
            .filter(|key| !wanted.contains(key))
            .copied()
            .collect();
        for key in gone {
            self.remove_service(&key, REMOVED);
            self.keeper.unwant_service(&key);
        }
        for service in &plan.services {
            self.plan_service(service, now);
        }
        self.turn(now);
    }

    /// A graceful stop: nothing is asked any more, our rows are deleted, and services with `omega` run their down
    /// commands. [`is_settled`](Balancer::is_settled) tells when the kernel has followed.
    pub fn handle_stop(&mut self, now: Instant) {
        for key in self.services.keys().copied().collect::<Vec<_>>() {
            self.remove_service(&key, STOPPING);
        }
        for tracker in std::mem::take(&mut self.trackers).into_values() {
            self.prober.remove(tracker.probe);
        }
        self.keeper.unwant_all();
        self.tuner.handle_plan(&IpvsPlan::default());
        self.turn(now);
    }

    fn plan_trackers(&mut self, plans: &[TrackerPlan], now: Instant) {
        let mut old = std::mem::take(&mut self.trackers);
        for plan in plans {
            let TrackerPlan { name, check, .. } = plan;
            let aim = Aim {
                subject: Subject::Tracker(name.clone()),
                target: None,
            };
            let tracker = match old.remove(name) {
                None => {
                    let told = if plan.starts_failed {
                        Standing::Failed
                    } else {
                        Standing::Pending
                    };
                    let first = BalanceEffect::Tracker(name.clone(), told.as_state());
                    self.effects.push_back(first);
                    let probe = self.prober.add(aim, check.clone(), told, now);
                    Tracker { probe, told }
                }
                Some(Tracker { probe, told }) => {
                    let mut probes = vec![probe];
                    let probe = adopt(&mut self.prober, &mut probes, aim, check, told, now);
                    probes.into_iter().for_each(|probe| self.prober.remove(probe));
                    Tracker { probe, told }
                }
            };
            self.trackers.insert(name.clone(), tracker);
        }
        old.into_values()
            .for_each(|tracker| self.prober.remove(tracker.probe));
    }

    fn plan_service(&mut self, plan: &ServicePlan, now: Instant) {
        let key = *plan.key();
        let service = self.services.entry(key).or_insert_with(|| Service {
            row: plan.row.clone(),
            quorum: plan.quorum.clone(),
            sorry: None,
            order: Vec::new(),
            servers: BTreeMap::new(),
            drain: None,
            leaving: BTreeMap::new(),
            held: BTreeSet::new(),
            suspend: None,
            up: true,
            told: false,
            changes: 0,
        });
        let omega = service.quorum.omega;
        service.row = plan.row.clone();
        service.quorum = plan.quorum.clone();
        service.sorry = plan.sorry.clone();
        service.drain = plan.drain;
        service.suspend.clone_from(&plan.suspend);
        service.order = plan.servers.iter().map(|server| server.key).collect();
        let mut old = std::mem::take(&mut service.servers);
        for server in &plan.servers {
            let before = old.remove(&server.key);
            let known = before.is_some();
            let server = plan_server(&mut self.prober, key, server, before, now);
            let key = server.plan.key;
            service.servers.insert(key, server);
            if known {
                service.judge_server(&key, &self.prober, RELOADED, now, &mut self.effects);
            } else if let Some(server) = service.servers.get_mut(&key) {
                server.judge(&self.prober);
                if service.told && server.up {
                    server.begin_ramp(now);
                }
            }
        }
        let gone: Vec<_> = old.keys().copied().collect();
        let stays = |server: &DestinationKey| service.servers.contains_key(server);
        service.held.retain(stays);
        let asleep = |instance: &InstanceName| !self.masters.contains(instance);
        let asleep = service.suspend.as_ref().is_some_and(asleep);
        super::suspend(&mut self.prober, service, asleep, now);
        for server in old.into_values() {
            if omega && server.up {
                let change = server.change(key, false, REMOVED);
                self.effects.push_back(BalanceEffect::Server(change));
            }
            server.probes.iter().for_each(|probe| self.prober.remove(*probe));
        }
        if service.told || !self.keeper.is_unread() {
            service.judge_quorum(&mut self.effects);
        } else {
            // Told when the kernel's table is known: it may show that servers had failed before this start.
            service.up = service.has_quorum();
        }
        self.begin_drains(&key, &gone, now);
        if let Some(service) = self.services.get(&key) {
            self.keeper.want_service(service.entry());
        }
        self.note_ramps(&key);
    }

    fn remove_service(&mut self, key: &ServiceKey, reason: &str) {
        let Some(service) = self.services.remove(key) else {
            return;
        };
        self.ramping.remove(key);
        service.farewell(reason, &mut self.effects);
        let probes = service.servers.values().flat_map(|server| &server.probes);
        probes.for_each(|probe| self.prober.remove(*probe));
    }
}

/// A server as planned, with what is known of it from `before`.
fn plan_server(
    prober: &mut Prober,
    service: ServiceKey,
    plan: &ServerPlan,
    before: Option<Server>,
    now: Instant,
) -> Server {
    let up = before.as_ref().map_or(!plan.starts_down, |server| server.up);
    let weight = before.as_ref().and_then(|server| server.weight);
    let ramp = before
        .as_ref()
        .and_then(|server| server.ramp.filter(|_| plan.slow_start.is_some()));
    let changes = before.as_ref().map_or(0, |server| server.changes);
    let assumed = if up { Standing::Good } else { Standing::Failed };
    let mut old = before.map_or_else(Vec::new, |server| server.probes);
    let mut probes = Vec::with_capacity(plan.checks.len());
    for (number, check) in plan.checks.iter().enumerate() {
        let aim = aim(service, plan.key, number, check);
        probes.push(adopt(prober, &mut old, aim, check, assumed, now));
    }
    old.into_iter().for_each(|probe| prober.remove(probe));
    Server {
        plan: plan.clone(),
        probes,
        up,
        weight,
        ramp,
        changes,
    }
}

/// One of the `old` checks if it asks the same, else a new one that counts as `assumed`.
fn adopt(
    prober: &mut Prober,
    old: &mut Vec<ProbeId>,
    aim: Aim,
    plan: &CheckPlan,
    assumed: Standing,
    now: Instant,
) -> ProbeId {
    let same = |probe: &ProbeId| {
        prober
            .check(*probe)
            .is_some_and(|check| same_question(check.plan(), plan))
    };
    match old.iter().position(same) {
        Some(at) => {
            let probe = old.remove(at);
            prober.update(probe, aim, plan.clone(), now);
            probe
        }
        None => prober.add(aim, plan.clone(), assumed, now),
    }
}

/// Whether an answer to one is an answer to the other: all but timing and counting.
fn same_question(a: &CheckPlan, b: &CheckPlan) -> bool {
    let key = |plan: &CheckPlan| (plan.plugin.clone(), plan.address, plan.port, plan.sets_weight);
    key(a) == key(b) && a.parameters == b.parameters
}

fn aim(service: ServiceKey, server: DestinationKey, number: usize, check: &CheckPlan) -> Aim {
    let address = check.address.unwrap_or(server.address);
    let port = check.port.unwrap_or(server.port);
    Aim {
        subject: Subject::Server {
            service,
            server,
            check: u16::try_from(number).unwrap_or(u16::MAX),
        },
        target: Some(SocketAddr::new(address, port)),
    }
}
