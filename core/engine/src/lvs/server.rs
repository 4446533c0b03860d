//! One real server: good while its checks are, all or as many as it needs.

use model::effect::ServerChange;
use model::ipvs::{DestinationRow, ServiceKey};
use model::plan::ServerPlan;

use super::ramp::Ramp;
use crate::probe::{ProbeId, Prober, Standing};

/// A real server and what its checks make of it.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) plan: ServerPlan,
    /// One for each check of the plan, in its order.
    pub(super) probes: Vec<ProbeId>,
    pub(super) up: bool,
    /// Weight that a check set, instead of the plan's.
    pub(super) weight: Option<u32>,
    /// It has not its whole weight yet.
    pub(super) ramp: Option<Ramp>,
    /// Times that it became good or bad.
    pub(super) changes: u64,
}

impl Server {
    /// Weight that it brings to its service while it is good.
    pub(super) fn weight(&self) -> u32 {
        self.weight.unwrap_or(self.plan.weight)
    }

    /// Looks at its checks again. Returns whether it became good or bad.
    pub(super) fn judge(&mut self, prober: &Prober) -> bool {
        let checks = || self.probes.iter().filter_map(|probe| prober.check(*probe));
        let good = checks()
            .filter(|check| check.standing() == Standing::Good)
            .count();
        let all = self.probes.len();
        let needed = self.plan.needed.and_then(|needed| usize::try_from(needed).ok());
        let up = good >= needed.unwrap_or(all).min(all);
        // Several checks may set the weight; the most careful one is believed.
        let weight = checks().filter_map(|check| check.weight()).min();
        self.weight = weight;
        let changed = self.up != up;
        self.up = up;
        if changed {
            self.ramp = None;
            self.changes += 1;
        }
        changed
    }

    /// Its row, if it is to have one. `wanted` is false while others stand in for it.
    pub(super) fn row(&self, wanted: bool) -> Option<DestinationRow> {
        let weight = if self.up && wanted {
            self.ramp
                .map_or(self.weight(), |ramp| ramp.part_of(self.weight()))
        } else if self.plan.inhibit_on_failure {
            0
        } else {
            return None;
        };
        Some(DestinationRow {
            key: self.plan.key,
            forward: self.plan.forward,
            weight,
            upper_threshold: self.plan.upper_threshold,
            lower_threshold: self.plan.lower_threshold,
        })
    }

    /// The news that it became good or bad.
    pub(super) fn change(&self, service: ServiceKey, up: bool, reason: &str) -> ServerChange {
        let command = if up { &self.plan.up } else { &self.plan.down };
        ServerChange {
            service,
            server: self.plan.key,
            up,
            reason: reason.to_owned(),
            command: command.clone(),
        }
    }
}
