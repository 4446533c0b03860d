//! Carries out what the balancer's engine and the hooks order. Everything an operator reads of it in the log is
//! written here, where it is done.

use std::time::Duration;

use linux::clock;
use linux::ipvs::{preflight, sysctls};
use model::effect::{BalanceEffect, KeepEffect, Notice, ResourceChange, ResourceNews};
use model::fact::TrackerState;
use model::ids::{LinkName, TrackerName};
use model::link::{HookCall, StepCall, ToGuardian, ToWorker};
use model::status::DaemonStatus;
use tokio::sync::oneshot;

use super::balance::IpvsOrder;
use super::control::{Held, Hold};
use super::elect::ElectInput;
use super::hooks::HookEffect;
use super::state::Router;
use super::traffic;

/// A status goes without counters rather than wait for them longer than this.
const TRAFFIC_PATIENCE: Duration = Duration::from_secs(1);

impl Router {
    /// Carries out all that is ordered, until nothing is.
    pub(super) fn drain(&mut self) {
        while let Some(effect) = self.balancer.poll_effect() {
            self.apply(effect);
        }
        while let Some((name, state)) = self.watches.poll_effect() {
            self.tell_tracker(name, state);
        }
        while let Some(effect) = self.hooks.poll_effect() {
            self.apply_hook(effect);
        }
        while self.fifos.poll_timeout().is_some()
            && let Some(reader) = self.fifos.poll_reader(clock::now())
        {
            let id = reader.id;
            if !self.guardian_up || !self.doors.guardian.send(ToGuardian::Exec(reader)) {
                self.fifos.handle_exec_done(id, clock::now());
            }
        }
        while let Some(effect) = self.keeper.poll_effect() {
            match effect {
                KeepEffect::Step(call) => self.step(call),
                KeepEffect::Tell(change) => log_resource(&change),
            }
        }
    }

    fn apply(&mut self, effect: BalanceEffect) {
        match effect {
            BalanceEffect::Ask(ask) => {
                // A question that found no room is missed by its own deadline.
                self.doors.worker.send(ToWorker::Ask(Box::new(ask)));
            }
            BalanceEffect::ReadTable => self.order(IpvsOrder::Read),
            BalanceEffect::Glance => self.order(IpvsOrder::Glance),
            BalanceEffect::Configure(settings) => {
                tracing::info!(timeouts = ?settings.timeouts, sysctls = ?settings.sysctls, daemons = ?settings.daemons, "ipvs settings");
                self.order(IpvsOrder::Configure(settings));
            }
            BalanceEffect::Drain(change) => {
                let state = if change.done { "left" } else { "draining" };
                tracing::info!(service = %change.service, server = %change.server, state, active = change.active, "real server");
            }
            BalanceEffect::Apply(changes) => {
                for change in &changes {
                    tracing::debug!(%change, "ipvs");
                }
                self.order(IpvsOrder::Apply(changes));
            }
            BalanceEffect::Tracker(name, state) => self.tell_tracker(name, state),
            BalanceEffect::Server(change) => {
                let state = if change.up { "up" } else { "down" };
                tracing::info!(service = %change.service, server = %change.server, state, reason = change.reason, "real server");
                self.fifos.handle_server(&change);
                if let Some(command) = change.command {
                    self.hooks
                        .handle_command(format!("server {} of {}", change.server, change.service), command);
                }
            }
            BalanceEffect::Service(change) => {
                let state = if change.up { "up" } else { "down" };
                tracing::info!(service = %change.service, state, weight = change.weight, "virtual server");
                self.fifos.handle_service(&change);
                if let Some(command) = change.command {
                    self.hooks
                        .handle_command(format!("service {}", change.service), command);
                }
            }
        }
    }

    fn tell_tracker(&mut self, name: TrackerName, state: TrackerState) {
        tracing::info!(tracker = %name, ?state, "tracker");
        self.doors.elect.send(ElectInput::Tracker(name, state));
    }

    fn order(&mut self, order: IpvsOrder) {
        let Err(order) = self.doors.ipvs.send(order) else {
            self.ipvs_pending += 1;
            return;
        };
        let (why, now) = ("the kernel's balancer does not answer".to_owned(), clock::now());
        match order {
            IpvsOrder::Read => self.balancer.handle_table(Err(why), now),
            IpvsOrder::Glance => self.balancer.handle_glance(Err(why), now),
            IpvsOrder::Apply(_) => self.balancer.handle_applied(Err(why), now),
            IpvsOrder::Configure(_) => self.balancer.handle_configured(None, Err(why), now),
            IpvsOrder::Count(_) => {}
        }
    }

    fn apply_hook(&mut self, effect: HookEffect) {
        match effect {
            HookEffect::Exec(request) => {
                let id = request.id;
                if !self.guardian_up || !self.doors.guardian.send(ToGuardian::Exec(request)) {
                    self.hooks
                        .handle_exec_done(id, Err("the guardian does not answer".to_owned()));
                }
            }
            HookEffect::Call(call) if self.worker_up => self.call(call),
            // A worker that is being started has to be told of what happened meanwhile.
            HookEffect::Call(call) => self.held_calls.push(call),
        }
    }

    /// Has the worker call a hook.
    pub(super) fn call(&mut self, call: HookCall) {
        let id = call.id;
        if !self.doors.worker.send(ToWorker::Hook(call)) {
            self.hooks
                .handle_call_done(id, Err("the worker does not answer".to_owned()));
        }
    }

    /// Does what the operator ordered by hand.
    pub(super) fn hold(&mut self, order: &Hold) -> Result<Held, String> {
        let target = self.balancer.find_target(&order.target)?;
        let (service, servers) = &target;
        let held = Held {
            service: service.to_string(),
            servers: servers.iter().map(ToString::to_string).collect(),
        };
        let to = if order.out { "out" } else { "in" };
        tracing::info!(
            service = held.service,
            servers = held.servers.join(" "),
            to,
            "by hand"
        );
        if order.out {
            self.balancer.drain(&target, clock::now());
        } else {
            self.balancer.enable(&target, clock::now());
        }
        Ok(held)
    }

    fn step(&mut self, call: StepCall) {
        let id = call.id;
        if !self.doors.worker.send(ToWorker::Step(call)) {
            let why = Err("the worker does not answer".to_owned());
            self.keeper.handle_done(id, &why, clock::now());
        }
    }

    /// Answers with all there is to say; what elections know is asked of their thread.
    pub(super) fn answer_status(&mut self, reply: oneshot::Sender<DaemonStatus>) {
        let now = clock::now();
        let (services, mut trackers, mut ipvs) = self.balancer.status(now);
        trackers.extend(self.watches.status());
        ipvs.warnings = preflight(&self.plan);
        ipvs.sysctls = sysctls();
        let keys = self.plan.services.iter().map(|service| *service.key());
        let traffic = self.traffic.ask(&self.doors.ipvs, keys);
        let status = DaemonStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            node: self.plan.node.clone(),
            uptime_s: now.since(self.started).as_secs(),
            configuration: self.configuration.clone(),
            instances: Vec::new(),
            groups: Vec::new(),
            resources: self.keeper.status(),
            trackers,
            ipvs,
            services,
            plugins: self.plugins.clone(),
            worker_up: self.worker_up,
        };
        let (ask, answer) = oneshot::channel();
        self.doors.elect.send(ElectInput::Status(ask));
        tokio::spawn(async move {
            let Ok((instances, groups)) = answer.await else {
                return;
            };
            let mut status = DaemonStatus {
                instances,
                groups,
                ..status
            };
            if let Ok(Ok(counted)) = tokio::time::timeout(TRAFFIC_PATIENCE, traffic).await {
                traffic::fill(&mut status.services, &counted);
            }
            // Whoever asked may have gone.
            let _ = reply.send(status);
        });
    }
}

/// Writes what became of a resource.
fn log_resource(change: &ResourceChange) {
    let (of, plugin) = (change.of.as_str(), change.plugin.as_str());
    match &change.news {
        ResourceNews::Held => tracing::info!(of, plugin, "resource held"),
        ResourceNews::GivenUp => tracing::info!(of, plugin, "resource given up"),
        ResourceNews::Lost => tracing::warn!(of, plugin, "resource is lost; it is applied again"),
        ResourceNews::Failed {
            step,
            reason,
            failures,
        } => tracing::warn!(
            of,
            plugin,
            step,
            reason,
            failures,
            "resource failed; it is tried again"
        ),
        ResourceNews::Left => tracing::error!(
            of,
            plugin,
            "resource could not be given up and is configured no more; it is left as it is"
        ),
    }
}

/// Writes what the elections have to say of an interface.
pub(super) fn log_notice(notice: &Notice, link: &LinkName) {
    let instance = notice.instance.as_ref().map(tracing::field::display);
    let peer = notice.peer.as_ref().map(tracing::field::display);
    let suppressed = (notice.suppressed > 0).then_some(notice.suppressed);
    tracing::warn!(instance, interface = %link, peer, suppressed, "{}", notice.message);
}
