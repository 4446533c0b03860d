//! Slow start: a server that recovers gets its weight in steps, so that its first seconds are not its worst.

use std::time::Duration;

use model::ipvs::ServiceKey;
use model::time::Instant;

use super::Balancer;
use super::server::Server;
use super::service::Service;

/// Steps from nothing to the whole weight, each one message to the kernel.
const STEPS: u32 = 10;

/// How far a server has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ramp {
    begun: Instant,
    /// 0..[`STEPS`].
    step: u32,
}

impl Ramp {
    /// A part of a weight, at least 1 of any.
    pub(super) fn part_of(self, weight: u32) -> u32 {
        // At most 65535 * 10.
        (weight * (self.step + 1) / STEPS).max(weight.min(1))
    }
}

impl Server {
    /// Begins to grow, if it is to.
    pub(super) fn begin_ramp(&mut self, now: Instant) {
        let begun = now;
        self.ramp = self.plan.slow_start.map(|_| Ramp { begun, step: 0 });
    }

    fn step(&self) -> Option<Duration> {
        self.plan.slow_start.map(|whole| whole / STEPS)
    }

    fn next_step(&self) -> Option<Instant> {
        let (ramp, step) = self.ramp.zip(self.step())?;
        Some(ramp.begun + step * (ramp.step + 1))
    }

    /// Takes the steps that are due. Whether there was one.
    fn advance(&mut self, now: Instant) -> bool {
        let mut moved = false;
        while let Some(ramp) = self.ramp
            && self.next_step().is_none_or(|at| at <= now)
        {
            moved = true;
            let step = ramp.step + 1;
            self.ramp = (step + 1 < STEPS && self.plan.slow_start.is_some()).then_some(Ramp { step, ..ramp });
        }
        moved
    }
}

impl Service {
    pub(super) fn is_ramping(&self) -> bool {
        self.servers.values().any(|server| server.ramp.is_some())
    }
}

impl Balancer {
    /// A service may have begun to grow, or ended.
    pub(super) fn note_ramps(&mut self, key: &ServiceKey) {
        if self.services.get(key).is_some_and(Service::is_ramping) {
            self.ramping.insert(*key);
        } else {
            self.ramping.remove(key);
        }
    }

    /// Lets all that grow take the steps that are due.
    pub(super) fn advance_ramps(&mut self, now: Instant) {
        for key in self.ramping.iter().copied().collect::<Vec<_>>() {
            if let Some(service) = self.services.get_mut(&key) {
                let moved = service
                    .servers
                    .values_mut()
                    .fold(false, |moved, server| server.advance(now) | moved);
                if moved {
                    self.keeper.want_service(service.entry());
                }
            }
            self.note_ramps(&key);
        }
    }

    /// When the next step is due.
    pub(super) fn ramp_deadline(&self) -> Option<Instant> {
        let services = self.ramping.iter().filter_map(|key| self.services.get(key));
        services
            .flat_map(|service| service.servers.values())
            .filter_map(Server::next_step)
            .min()
    }
}
