//! A balancer, a worker that answers at once, and a kernel that keeps a table. Prints what happened, line by line.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use model::effect::BalanceEffect;
use model::ids::{Generation, InstanceName, PluginName, TrackerName};
use model::ipvs::{
    Change, DestinationKey, Forward, Glance, GlanceService, ServiceKey, ServiceRow, Settings, Table, Timeouts,
};
use model::net::Protocol;
use model::plan::{
    Arguments, CheckPlan, CommandPlan, OnUnknown, Plan, QuorumPlan, ServerPlan, ServicePlan, SorryPlan,
    TrackerPlan, Via,
};
use model::probe::{Ask, Status, Subject, Verdict};
use model::time::Instant;
use model::transition::State;

use crate::lvs::{Balancer, apply_changes};

pub(super) struct World {
    pub(super) balancer: Balancer,
    pub(super) kernel: Table,
    pub(super) now: Instant,
    /// Why the kernel refuses everything, if it does.
    pub(super) unreadable: Option<String>,
    /// Refuses changes that print like this; the others are made.
    pub(super) refuses: Option<&'static str>,
    /// Answers by server, tracker or plugin; up when absent.
    pub(super) health: BTreeMap<String, (Status, Option<u32>)>,
    /// /proc/net/ip_vs cannot be read.
    pub(super) blind: bool,
    /// Established connections by server.
    pub(super) connections: BTreeMap<String, u32>,
    /// Why settings are refused.
    pub(super) untunable: Option<String>,
    pub(super) reads: usize,
    pub(super) glances: usize,
    /// Questions so far.
    pub(super) asked: usize,
    pub(super) log: Vec<String>,
    asks: VecDeque<Ask>,
    timeouts: Timeouts,
    pub(super) sysctls: BTreeMap<String, i64>,
}

impl World {
    pub(super) fn new() -> Self {
        let mut balancer = Balancer::new(7);
        let now = Instant::from_nanos(1_000_000_000);
        balancer.handle_worker(true, now);
        Self {
            balancer,
            kernel: Table::default(),
            now,
            unreadable: None,
            refuses: None,
            health: BTreeMap::new(),
            blind: false,
            connections: BTreeMap::new(),
            untunable: None,
            reads: 0,
            glances: 0,
            asked: 0,
            log: Vec::new(),
            asks: VecDeque::new(),
            timeouts: Timeouts {
                tcp_s: Some(900),
                tcp_fin_s: Some(120),
                udp_s: Some(300),
            },
            sysctls: BTreeMap::from([("conntrack".to_owned(), 0), ("drop_entry".to_owned(), 2)]),
        }
    }

    pub(super) fn plan(&mut self, plan: &Plan) {
        self.balancer.handle_plan(plan, self.now);
        self.drain();
    }

    /// The router dies, having served `before`, and a successor is told so, and of what was found at first.
    pub(super) fn die(&mut self, before: &Plan) {
        let original = self.balancer.original().clone();
        self.balancer = Balancer::new(8);
        self.balancer.handle_worker(true, self.now);
        self.balancer.handle_predecessor(before, original);
        self.asks.clear();
        self.told();
    }

    pub(super) fn stop(&mut self) {
        self.balancer.handle_stop(self.now);
        self.drain();
    }

    pub(super) fn health(&mut self, who: &str, status: Status) {
        self.health.insert(who.to_owned(), (status, None));
    }

    pub(super) fn state(&mut self, instance: &InstanceName, state: State) {
        self.balancer.handle_state(instance, state, self.now);
        self.drain();
    }

    /// Lets time pass, following the balancer's own deadlines.
    pub(super) fn pass(&mut self, seconds: u64) {
        let end = self.now + Duration::from_secs(seconds);
        self.drain();
        let mut turns = 0;
        while let Some((at, reason)) = self.balancer.poll_timeout().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.balancer.handle_timeout(self.now);
            self.drain();
            turns += 1;
            assert!(turns < 100_000, "it spins for {reason:?}");
        }
        self.now = end;
    }

    /// What was logged since the last call.
    pub(super) fn told(&mut self) -> String {
        std::mem::take(&mut self.log).join("\n")
    }

    /// Rows of the first test service, as in `1=10 2=0`.
    pub(super) fn rows(&self) -> String {
        let Some(entry) = self.kernel.services.get(&key(1)) else {
            return "no service".to_owned();
        };
        let words = entry
            .destinations
            .values()
            .map(|row| format!("{}={}", last(&row.key), row.weight));
        words.collect::<Vec<_>>().join(" ")
    }

    fn drain(&mut self) {
        loop {
            if let Some(effect) = self.balancer.poll_effect() {
                self.carry_out(effect);
            } else if let Some(ask) = self.asks.pop_front() {
                self.answer(&ask);
            } else {
                return;
            }
        }
    }

    fn answer(&mut self, ask: &Ask) {
        let who = match &ask.subject {
            Subject::Server { server, .. } => last(server),
            Subject::Tracker(name) => name.to_string(),
        };
        let found = self
            .health
            .get(&who)
            .or_else(|| self.health.get(ask.plugin.as_str()));
        let (status, weight) = found.copied().unwrap_or((Status::Up, None));
        let verdict = Verdict {
            ask: ask.id,
            status,
            reason: format!("{} says {}", ask.plugin, status.word()),
            weight,
            took: Duration::from_millis(1),
            generation: Generation(1),
        };
        self.balancer.handle_verdict(&verdict, self.now);
    }

    fn carry_out(&mut self, effect: BalanceEffect) {
        match effect {
            BalanceEffect::Ask(ask) => {
                self.asked += 1;
                self.asks.push_back(ask);
            }
            BalanceEffect::ReadTable => {
                self.reads += 1;
                let table = self
                    .unreadable
                    .clone()
                    .map_or_else(|| Ok(self.kernel.clone()), Err);
                self.balancer.handle_table(table, self.now);
            }
            BalanceEffect::Apply(changes) => {
                let result = self.apply(&changes);
                self.balancer.handle_applied(result, self.now);
            }
            BalanceEffect::Glance => {
                self.glances += 1;
                let glance = if self.blind {
                    Err("no".to_owned())
                } else {
                    Ok(self.glance())
                };
                self.balancer.handle_glance(glance, self.now);
            }
            BalanceEffect::Configure(settings) => self.configure(&settings),
            BalanceEffect::Drain(change) => {
                let word = if change.done {
                    format!("has left, active {:?}", change.active)
                } else {
                    "drains".to_owned()
                };
                self.log.push(format!("server {} {word}", last(&change.server)));
            }
            BalanceEffect::Tracker(name, state) => self.log.push(format!("tracker {name}: {state:?}")),
            BalanceEffect::Server(change) => {
                let command = change
                    .command
                    .map_or_else(String::new, |command| format!(", runs {:?}", command.argv));
                let word = if change.up { "up" } else { "down" };
                self.log.push(format!(
                    "server {} {word}: {}{command}",
                    last(&change.server),
                    change.reason
                ));
            }
            BalanceEffect::Service(change) => {
                let command = change
                    .command
                    .map_or_else(String::new, |command| format!(", runs {:?}", command.argv));
                let word = if change.up { "up" } else { "down" };
                self.log.push(format!(
                    "service {} {word}, weight {}{command}",
                    change.service, change.weight
                ));
            }
        }
    }

    fn glance(&self) -> Glance {
        let services = self.kernel.services.iter().map(|(key, entry)| {
            let mut row = GlanceService::of(entry);
            for (server, found) in &mut row.servers {
                found.active = self.connections.get(&last(server)).copied().unwrap_or(0);
            }
            ((*key).into(), row)
        });
        Glance {
            services: services.collect(),
        }
    }

    fn configure(&mut self, settings: &Settings) {
        let mut words = Vec::new();
        words.extend(settings.timeouts.tcp_s.map(|seconds| format!("tcp {seconds}")));
        words.extend(
            settings
                .sysctls
                .iter()
                .map(|(name, value)| format!("{name} {value}")),
        );
        match settings.daemons.as_deref() {
            None => {}
            Some([]) => words.push("no daemons".to_owned()),
            Some(daemons) => words.extend(daemons.iter().map(ToString::to_string)),
        }
        self.log.push(format!("settings: {}", words.join(", ")));
        let before = Settings {
            timeouts: self.timeouts,
            sysctls: self.sysctls.clone(),
            daemons: None,
        };
        let result = self.untunable.clone().map_or(Ok(()), Err);
        self.timeouts = settings.timeouts.or(before.timeouts);
        self.sysctls.extend(settings.sysctls.clone());
        self.balancer.handle_configured(Some(before), result, self.now);
    }

    fn apply(&mut self, changes: &[Change]) -> Result<(), String> {
        let mut result = Ok(());
        for change in changes {
            let words = change.to_string();
            if self.refuses.is_some_and(|refused| words.contains(refused)) {
                self.log.push(format!("kernel refuses: {words}"));
                result = Err(format!("cannot {words}: no"));
            } else if self.is_drift(change) {
                self.log.push(format!("kernel does not know: {words}"));
                result = Err(format!("cannot {words}: it is read again"));
            } else {
                apply_changes(&mut self.kernel, std::slice::from_ref(change));
                self.log.push(format!("kernel: {words}"));
            }
        }
        result
    }
}

impl World {
    /// Whether the kernel refuses it, as somebody else has made or deleted what it is about.
    fn is_drift(&self, change: &Change) -> bool {
        let entry = |key| self.kernel.services.get(key);
        match change {
            Change::AddService(row) => entry(&row.key).is_some(),
            Change::SetService(row) => entry(&row.key).is_none(),
            Change::AddDestination(key, row) => {
                entry(key).is_none_or(|entry| entry.destinations.contains_key(&row.key))
            }
            Change::SetDestination(key, row) => {
                entry(key).is_none_or(|entry| !entry.destinations.contains_key(&row.key))
            }
            // What is gone already is well deleted.
            Change::DeleteService(_) | Change::DeleteDestination(..) => false,
        }
    }
}

fn last(key: &DestinationKey) -> String {
    key.address
        .to_string()
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_owned()
}

pub(super) fn key(number: u8) -> ServiceKey {
    ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: [192, 0, 2, number].into(),
        port: 80,
    }
}

pub(super) fn service(number: u8, servers: &[u8]) -> ServicePlan {
    ServicePlan {
        row: ServiceRow {
            key: key(number),
            scheduler: "rr".to_owned(),
            flags: 0,
            persistence: None,
        },
        servers: servers.iter().map(|host| server(*host)).collect(),
        quorum: QuorumPlan::default(),
        sorry: None,
        drain: None,
        suspend: None,
    }
}

pub(super) fn server(host: u8) -> ServerPlan {
    ServerPlan {
        key: destination(host),
        forward: Forward::Nat,
        weight: 10,
        upper_threshold: 0,
        lower_threshold: 0,
        inhibit_on_failure: false,
        starts_down: false,
        checks: vec![check("tcp")],
        needed: None,
        slow_start: None,
        backup: false,
        up: None,
        down: None,
    }
}

pub(super) fn destination(host: u8) -> DestinationKey {
    DestinationKey {
        address: [198, 51, 100, host].into(),
        port: 8080,
    }
}

pub(super) fn check(plugin: &str) -> CheckPlan {
    CheckPlan {
        plugin: PluginName::from(plugin),
        parameters: BTreeMap::new(),
        address: None,
        port: None,
        via: Via::default(),
        interval: Duration::from_secs(2),
        warmup: None,
        retry_interval: None,
        timeout: Duration::from_secs(1),
        rise: 1,
        fall: 2,
        on_unknown: OnUnknown::Keep,
        sets_weight: false,
    }
}

pub(super) fn sorry(host: u8) -> Option<SorryPlan> {
    Some(SorryPlan {
        key: destination(host),
        forward: Forward::Nat,
        inhibit: false,
    })
}

pub(super) fn command(name: &str) -> Option<CommandPlan> {
    Some(CommandPlan {
        argv: vec![name.to_owned()],
        user: None,
        arguments: Arguments::AsWritten,
    })
}

pub(super) fn tracker(name: &str) -> TrackerPlan {
    TrackerPlan {
        name: TrackerName::from(name),
        check: check("script"),
        starts_failed: false,
    }
}

pub(super) fn plan(services: Vec<ServicePlan>) -> Plan {
    Plan {
        services,
        ..Plan::default()
    }
}
