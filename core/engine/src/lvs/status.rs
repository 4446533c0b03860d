//! What the balancer says of itself.

use model::ipvs::ServiceKey;
use model::status::{CheckStatus, IpvsStatus, ServerStatus, ServiceStatus, TrackerStatus};
use model::time::Instant;

use super::Balancer;
use super::server::Server;
use super::service::Service;
use crate::probe::{Check, Standing};

impl Balancer {
    /// Services by their identity with their servers in configured order, trackers by name, and the kernel's table.
    pub fn status(&self, now: Instant) -> (Vec<ServiceStatus>, Vec<TrackerStatus>, IpvsStatus) {
        let services = self
            .services
            .iter()
            .map(|(key, service)| self.service_status(key, service, now));
        let trackers = self.trackers.iter().map(|(name, tracker)| TrackerStatus {
            name: name.to_string(),
            state: match tracker.told {
                Standing::Pending => "pending",
                Standing::Good => "good",
                Standing::Failed => "failed",
            }
            .to_owned(),
            reason: self
                .prober
                .check(tracker.probe)
                .map_or("", Check::reason)
                .to_owned(),
        });
        let mut ipvs = self.keeper.status();
        ipvs.message = ipvs
            .message
            .or_else(|| self.tuner.message().map(ToOwned::to_owned));
        ipvs.sync = self.tuner.daemons();
        (services.collect(), trackers.collect(), ipvs)
    }

    fn service_status(&self, key: &ServiceKey, service: &Service, now: Instant) -> ServiceStatus {
        let servers = service.order.iter().filter_map(|key| service.servers.get(key));
        let servers = servers.map(|server| ServerStatus {
            held: service.held.contains(&server.plan.key),
            draining: service
                .leaving
                .get(&server.plan.key)
                .map(|leaving| leaving.status(now)),
            ..self.server_status(key, server)
        });
        let gone = service
            .leaving
            .iter()
            .filter(|(server, _)| !service.servers.contains_key(server));
        let gone = gone.map(|(server, leaving)| ServerStatus {
            server: server.to_string(),
            up: false,
            weight: self.keeper.known_weight(key, server),
            checks: Vec::new(),
            backup: false,
            held: false,
            draining: Some(leaving.status(now)),
            traffic: None,
            changes: 0,
        });
        ServiceStatus {
            service: key.to_string(),
            up: service.up,
            scheduler: service.row.scheduler.clone(),
            servers: servers.chain(gone).collect(),
            traffic: None,
            changes: service.changes,
        }
    }

    fn server_status(&self, service: &ServiceKey, server: &Server) -> ServerStatus {
        let checks = server.probes.iter().filter_map(|probe| self.prober.check(*probe));
        ServerStatus {
            server: server.plan.key.to_string(),
            up: server.up,
            weight: self.keeper.known_weight(service, &server.plan.key),
            checks: checks.map(check_status).collect(),
            backup: server.plan.backup,
            held: false,
            draining: None,
            traffic: None,
            changes: server.changes,
        }
    }
}

fn check_status(check: &Check) -> CheckStatus {
    CheckStatus {
        plugin: check.plan().plugin.to_string(),
        up: check.standing() == Standing::Good,
        reason: check.reason().to_owned(),
        generation: check.generation().0,
        took_ms: check.took().as_secs_f64() * 1000.0,
        verdicts: check.verdicts(),
        failures: check.failures(),
    }
}
