//! Balancing: from the answers of checks to the states of real servers, from these to quorums and to the IPVS table
//! that is wanted, and from the kernel's table to the few messages that make it so.
//!
//! `service` and `server` judge, `diff` compares, `keeper` talks to the kernel one exchange at a time, `reload` takes
//! a new plan, `inherit` what a predecessor left, `drain` lets servers leave, `operator` has them leave by hand, `ramp`
//! lets them begin slowly, `tuner` keeps time-outs and sync daemons.
//! Everything is a level: the wanted table follows from plan and verdicts alone, and whatever the kernel has instead is
//! repaired.

mod diff;
mod drain;
mod inherit;
mod keeper;
mod operator;
mod ramp;
mod reload;
mod server;
mod service;
mod status;
mod tuner;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use model::effect::BalanceEffect;
use model::fact::TrackerState;
use model::ids::{InstanceName, TrackerName};
use model::ipvs::{Glance, ServiceKey, Settings, Table};
use model::probe::{Subject, Verdict};
use model::time::Instant;
use model::transition::State;

use crate::probe::{Due, ProbeId, Prober, Standing};
use keeper::Keeper;
use service::Service;
use tuner::Tuner;

pub use diff::{apply_changes, diff};
pub use operator::Target;

/// Why the balancer wants to be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A question is due, or one was never answered.
    Probe,
    /// The kernel's table is to be compared again, for drift.
    Drift,
    /// The kernel refused something; try again.
    Retry,
    /// A server that leaves runs out of time.
    Drain,
    /// A server that recovered gets more of its weight.
    Ramp,
    /// Time-outs and sync daemons are to be made sure of.
    Settings,
}

/// The balancing half of the engine. It asks nothing before `handle_worker(true, ..)`.
#[derive(Debug)]
pub struct Balancer {
    prober: Prober,
    services: BTreeMap<ServiceKey, Service>,
    trackers: BTreeMap<TrackerName, Tracker>,
    /// Services with servers that grow to their weight.
    ramping: BTreeSet<ServiceKey>,
    /// Instances that are Master here.
    masters: BTreeSet<InstanceName>,
    keeper: Keeper,
    tuner: Tuner,
    effects: VecDeque<BalanceEffect>,
}

/// A check of this node.
#[derive(Debug)]
struct Tracker {
    probe: ProbeId,
    told: Standing,
}

impl Balancer {
    /// A balancer with nothing to do. `seed` only spreads first checks over their interval.
    pub fn new(seed: u64) -> Self {
        Self {
            prober: Prober::new(seed),
            services: BTreeMap::new(),
            trackers: BTreeMap::new(),
            ramping: BTreeSet::new(),
            masters: BTreeSet::new(),
            keeper: Keeper::default(),
            tuner: Tuner::default(),
            effects: VecDeque::new(),
        }
    }

    /// The worker was lost: unanswered questions are void and the last verdicts stand. Or it is there (again):
    /// everything is asked within [`FIRST_WITHIN`](crate::probe::FIRST_WITHIN).
    pub fn handle_worker(&mut self, up: bool, now: Instant) {
        self.prober.handle_worker(up, now);
        self.turn(now);
    }

    /// A plugin answered. Nothing in the verdict is trusted; one that nobody waits for is ignored.
    pub fn handle_verdict(&mut self, verdict: &Verdict, now: Instant) {
        for probe in self.prober.handle_verdict(verdict, now) {
            self.judge(probe, now);
        }
        self.turn(now);
    }

    /// The kernel's table, or why it could not be read: the answer to [`BalanceEffect::ReadTable`].
    pub fn handle_table(&mut self, table: Result<Table, String>, now: Instant) {
        if let Some(table) = table.as_ref().ok().filter(|_| self.keeper.is_unread()) {
            self.inherit(table);
            self.inherit_drains(table, now);
        }
        self.keeper.handle_table(table, now);
        for service in self.services.values_mut() {
            service.judge_quorum(&mut self.effects);
        }
        self.turn(now);
    }

    /// The kernel's table at a glance, or why there is none: the answer to [`BalanceEffect::Glance`].
    pub fn handle_glance(&mut self, glance: Result<Glance, String>, now: Instant) {
        if let Some(glance) = glance.as_ref().ok().filter(|_| self.keeper.is_glancing()) {
            self.observe_drains(glance);
        }
        self.keeper.handle_glance(glance, now);
        self.end_drains(now);
        self.turn(now);
    }

    /// Settings as they were found, and whether all is as wanted now: the answer to [`BalanceEffect::Configure`].
    pub fn handle_configured(&mut self, before: Option<Settings>, result: Result<(), String>, now: Instant) {
        self.tuner.handle_configured(before, result, now);
        self.turn(now);
    }

    /// An instance is in this state now: a sync daemon may follow it, and checks.
    pub fn handle_state(&mut self, instance: &InstanceName, state: State, now: Instant) {
        self.tuner.handle_state(instance, state);
        if state == State::Master {
            self.masters.insert(instance.clone());
        } else {
            self.masters.remove(instance);
        }
        for service in self.services.values() {
            if service.suspend.as_ref() == Some(instance) {
                suspend(&mut self.prober, service, state != State::Master, now);
            }
        }
        self.turn(now);
    }

    /// How the kernel took the changes: the answer to [`BalanceEffect::Apply`].
    pub fn handle_applied(&mut self, result: Result<(), String>, now: Instant) {
        self.keeper.handle_applied(result, now);
        self.turn(now);
    }

    /// Time passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.keeper.handle_timeout(now);
        self.tuner.handle_timeout(now);
        self.end_drains(now);
        self.advance_ramps(now);
        self.turn(now);
    }

    /// The next order.
    pub fn poll_effect(&mut self) -> Option<BalanceEffect> {
        self.effects.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), and why.
    pub fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        let probe = self.prober.poll_timeout().map(|at| (at, Reason::Probe));
        let table = self.keeper.poll_timeout();
        let drain = self.drain_deadline().map(|at| (at, Reason::Drain));
        let ramp = self.ramp_deadline().map(|at| (at, Reason::Ramp));
        let settings = self.tuner.poll_timeout().map(|at| (at, Reason::Settings));
        let all = probe
            .into_iter()
            .chain(table)
            .chain(drain)
            .chain(ramp)
            .chain(settings);
        all.min_by_key(|(at, _)| *at)
    }

    /// Whether the kernel's table is as wanted, as far as is known, and no exchange is under way. After
    /// [`handle_stop`](Self::handle_stop) this means that everything of ours is gone.
    pub fn is_settled(&self) -> bool {
        self.keeper.is_settled() && self.tuner.is_settled()
    }

    /// What became due is asked, and what the table lacks is sent.
    fn turn(&mut self, now: Instant) {
        while let Some(due) = self.prober.poll_due(now) {
            match due {
                Due::Ask(ask) => self.effects.push_back(BalanceEffect::Ask(ask)),
                Due::Lapsed(probes) => probes.into_iter().for_each(|probe| self.judge(probe, now)),
            }
        }
        self.effects.extend(self.keeper.poll_effect());
        self.effects.extend(self.tuner.poll_effect());
    }

    /// Draws the consequences of a check's verdict.
    fn judge(&mut self, probe: ProbeId, now: Instant) {
        let Some(subject) = self.prober.aim(probe).map(|aim| aim.subject.clone()) else {
            return;
        };
        match subject {
            Subject::Tracker(name) => self.judge_tracker(&name),
            Subject::Server { service, server, .. } => {
                let Some(judged) = self.services.get_mut(&service) else {
                    return;
                };
                let reason = self.prober.check(probe).map_or("", |check| check.reason());
                let before = judged.fingerprint(&server);
                judged.judge_server(&server, &self.prober, reason, now, &mut self.effects);
                if judged.fingerprint(&server) != before {
                    judged.judge_quorum(&mut self.effects);
                    self.keeper.want_service(judged.entry());
                    self.note_ramps(&service);
                }
            }
        }
    }

    fn judge_tracker(&mut self, name: &TrackerName) {
        let Some(tracker) = self.trackers.get_mut(name) else {
            return;
        };
        let check = self.prober.check(tracker.probe);
        let standing = check.map_or(Standing::Pending, |check| check.standing());
        if tracker.told != standing {
            tracker.told = standing;
            self.effects
                .push_back(BalanceEffect::Tracker(name.clone(), standing.as_state()));
        }
    }
}

impl Standing {
    /// The word for elections.
    const fn as_state(self) -> TrackerState {
        match self {
            Self::Pending => TrackerState::Pending,
            Self::Good => TrackerState::Good,
            Self::Failed => TrackerState::Failed,
        }
    }
}

/// Puts the checks of a service to sleep, or wakes them.
fn suspend(prober: &mut Prober, service: &Service, asleep: bool, now: Instant) {
    for probe in service.servers.values().flat_map(|server| &server.probes) {
        prober.suspend(*probe, asleep, now);
    }
}

#[cfg(test)]
mod tests;
