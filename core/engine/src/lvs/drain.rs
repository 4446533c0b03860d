//! Servers that leave: weight 0 until their connections have ended, or their time has.

use std::time::Duration;

use model::effect::{BalanceEffect, DrainChange};
use model::ipvs::{DestinationKey, DestinationRow, Glance, ServiceKey, Table};
use model::status::DrainStatus;
use model::time::Instant;

use super::Balancer;
use super::service::Service;

/// Looks in a row that have to show no connection. A handshake under way is not an established connection yet: two
/// looks tell it from silence.
const CALM_LOOKS: u8 = 2;

/// A server that gets no new connections and goes soon.
#[derive(Clone, Debug)]
pub(super) struct Leaving {
    /// Its row, with weight 0.
    pub(super) row: DestinationRow,
    until: Instant,
    /// Established connections as last seen.
    active: Option<u32>,
    calm: u8,
}

impl Leaving {
    pub(super) fn status(&self, now: Instant) -> DrainStatus {
        let left = self.until.since(now);
        DrainStatus {
            active: self.active,
            // The last part of a second counts as one: 0 is over.
            seconds_left: left.as_secs() + u64::from(left.subsec_nanos() > 0),
        }
    }

    fn is_over(&self, now: Instant) -> bool {
        self.calm >= CALM_LOOKS || self.until <= now
    }
}

impl Service {
    /// A server leaves whose row in the kernel is `row`. One that leaves already goes on.
    pub(super) fn leave(&mut self, row: &DestinationRow, until: Instant) -> Option<DrainChange> {
        if self.leaving.contains_key(&row.key) {
            return None;
        }
        let leaving = Leaving {
            row: DestinationRow {
                weight: 0,
                ..row.clone()
            },
            until,
            active: None,
            calm: 0,
        };
        self.leaving.insert(row.key, leaving);
        Some(self.drain_change(row.key, false, None))
    }

    /// Whether the operator wants a server out, though it is in the configuration: by hand, or by weight 0 where servers
    /// drain.
    pub(super) fn is_put_out(&self, server: &DestinationKey) -> bool {
        let is_zero = |server: &super::server::Server| server.plan.weight == 0 && server.weight.is_none();
        self.held.contains(server) || (self.drain.is_some() && self.servers.get(server).is_some_and(is_zero))
    }

    fn drain_change(&self, server: DestinationKey, done: bool, active: Option<u32>) -> DrainChange {
        DrainChange {
            service: self.row.key,
            server,
            done,
            active,
        }
    }
}

impl Balancer {
    /// Lets all servers leave that the kernel has and the service is to lose: `gone` from the plan, or put out by
    /// weight 0. Those that are wanted again stay.
    pub(super) fn begin_drains(&mut self, key: &ServiceKey, gone: &[DestinationKey], now: Instant) {
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        let back: Vec<_> = service
            .servers
            .keys()
            .filter(|server| !service.is_put_out(server))
            .copied()
            .collect();
        service.leaving.retain(|server, _| !back.contains(server));
        let out: Vec<_> = service
            .servers
            .keys()
            .filter(|server| service.is_put_out(server))
            .copied()
            .collect();
        for server in gone.iter().chain(&out) {
            let Some(patience) = service.patience(server) else {
                continue;
            };
            let row = self.keeper.known_row(key, server);
            if let Some(change) = row.and_then(|row| service.leave(row, now + patience)) {
                self.effects.push_back(BalanceEffect::Drain(change));
            }
        }
        // That none drains any more is found out when time passes.
        if !service.leaving.is_empty() {
            self.keeper.set_draining(true, now);
        }
    }

    /// At the first reading of the table: what a predecessor was draining goes on, from the whole time again.
    pub(super) fn inherit_drains(&mut self, table: &Table, now: Instant) {
        for (key, entry) in &table.services {
            let Some(service) = self.services.get_mut(key) else {
                continue;
            };
            let Some(drain) = service.drain else { continue };
            let sorry = service.sorry.as_ref().map(|sorry| sorry.key);
            let unknown = |server: &DestinationKey| {
                Some(*server) != sorry
                    && (!service.servers.contains_key(server) || service.is_put_out(server))
            };
            let rows: Vec<_> = entry
                .destinations
                .values()
                .filter(|row| unknown(&row.key))
                .collect();
            for row in rows {
                let change = service.leave(row, now + drain);
                self.effects.extend(change.map(BalanceEffect::Drain));
            }
            self.keeper.want_service(service.entry());
        }
        self.keeper.set_draining(
            self.services.values().any(|service| !service.leaving.is_empty()),
            now,
        );
    }

    /// How busy the servers are that leave. Only a look after weight 0 had reached the kernel counts.
    pub(super) fn observe_drains(&mut self, glance: &Glance) {
        if !self.keeper.is_draining() {
            return;
        }
        for (key, service) in &mut self.services {
            for (server, leaving) in &mut service.leaving {
                if self.keeper.known_weight(key, server) == Some(0) {
                    let active = glance.active(key, server).unwrap_or(0);
                    leaving.active = Some(active);
                    leaving.calm = if active == 0 {
                        leaving.calm.saturating_add(1)
                    } else {
                        0
                    };
                }
            }
        }
    }

    /// Takes those out that have nothing left, or no time.
    pub(super) fn end_drains(&mut self, now: Instant) {
        if !self.keeper.is_draining() {
            return;
        }
        for service in self.services.values_mut() {
            let over = |leaving: &super::drain::Leaving| leaving.is_over(now);
            let done: Vec<_> = service
                .leaving
                .iter()
                .filter(|(_, leaving)| over(leaving))
                .map(|(server, leaving)| (*server, leaving.active))
                .collect();
            for (server, active) in &done {
                service.leaving.remove(server);
                let change = service.drain_change(*server, true, *active);
                self.effects.push_back(BalanceEffect::Drain(change));
            }
            if !done.is_empty() {
                self.keeper.want_service(service.entry());
            }
        }
        self.keeper.set_draining(
            self.services.values().any(|service| !service.leaving.is_empty()),
            now,
        );
    }

    /// When the first of them runs out of time.
    pub(super) fn drain_deadline(&self) -> Option<Instant> {
        if !self.keeper.is_draining() {
            return None;
        }
        let all = self
            .services
            .values()
            .flat_map(|service| service.leaving.values());
        all.map(|leaving| leaving.until).min()
    }
}

/// From one look to the next while servers drain.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
