//! What a predecessor left in the kernel: a router that is started again must not send traffic to a server which its
//! predecessor had found dead, and takes away what the configuration asked for before and asks for no more.

use model::ipvs::{DestinationRow, Settings, Table};
use model::plan::{Plan, ServicePlan};

use super::Balancer;
use crate::probe::Standing;

impl Balancer {
    /// Before the first plan: `plan` was served, and is in the kernel as far as that took it. `original` are the
    /// settings that the predecessor had found and changed.
    pub fn handle_predecessor(&mut self, plan: &Plan, original: Settings) {
        for key in plan.services.iter().map(ServicePlan::key) {
            self.keeper.own_service(*key);
        }
        self.tuner.handle_predecessor(&plan.ipvs, original);
    }

    /// Time-outs and sysctls as they were before us, of those that we changed: what a successor has to put back.
    pub fn original(&self) -> &Settings {
        self.tuner.original()
    }

    /// At the first reading of the table: a server of a service that is there, which has no row of its own in it, was
    /// taken out of it. It counts as failed until its first verdict. Without commands: they ran then.
    pub(super) fn inherit(&mut self, table: &Table) {
        for (key, service) in &mut self.services {
            // An empty service proves nothing: with nobody left, whom it sends to is all the same.
            let Some(entry) = table
                .services
                .get(key)
                .filter(|entry| !entry.destinations.is_empty())
            else {
                continue;
            };
            // A backup server has no row while it is not needed.
            for server in service.servers.values_mut().filter(|server| !server.plan.backup) {
                let out = |row: &DestinationRow| server.plan.inhibit_on_failure && row.weight == 0;
                if entry
                    .destinations
                    .get(&server.plan.key)
                    .is_some_and(|row| !out(row))
                {
                    continue;
                }
                for probe in &server.probes {
                    self.prober.assume(*probe, Standing::Failed);
                }
                server.judge(&self.prober);
            }
            // The operator is told by the caller.
            service.up = service.has_quorum();
            self.keeper.want_service(service.entry());
        }
    }
}
