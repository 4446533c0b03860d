//! Counters of the kernel's balancer for the status. They are read on demand, and kept for a while that grows with
//! what reading them costs: who scrapes often gets the same answer more often, not more dumps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use linux::clock;
use model::ipvs::{Counters, ServerCounters, ServiceKey, Statistics};
use model::status::ServiceStatus;
use model::time::Instant;
use tokio::sync::oneshot;

use super::balance::{IpvsOrder, IpvsPort};

/// Shortest time that counters are kept for.
const KEEP: Duration = Duration::from_secs(1);
/// Reading them takes one part in this many of a processor at most.
const SHARE: u32 = 20;

/// Counters by the identities of services and servers in words.
type Counted = BTreeMap<String, (Counters, BTreeMap<String, ServerCounters>)>;

/// Counters as last read, and who waits for newer ones.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    last: Option<Arc<Counted>>,
    fresh_until: Instant,
    reading: bool,
    waiting: Vec<oneshot::Sender<Arc<Counted>>>,
}

impl Traffic {
    /// Counters, now or soon. The receiver fails where there are none.
    pub(super) fn ask(
        &mut self,
        port: &IpvsPort,
        services: impl Iterator<Item = ServiceKey>,
    ) -> oneshot::Receiver<Arc<Counted>> {
        let (reply, answer) = oneshot::channel();
        if let Some(last) = self.last.clone().filter(|_| clock::now() < self.fresh_until) {
            // It is held below.
            let _ = reply.send(last);
            return answer;
        }
        let services: Vec<_> = services.collect();
        if !services.is_empty() && (self.reading || port.send(IpvsOrder::Count(services)).is_ok()) {
            self.reading = true;
            self.waiting.push(reply);
        }
        answer
    }

    /// The thread has read them.
    pub(super) fn handle_counted(&mut self, counted: Statistics, took: Duration) {
        self.reading = false;
        self.fresh_until = clock::now() + KEEP.max(took * SHARE);
        let counted: Counted = counted
            .services
            .into_iter()
            .map(|(key, (own, servers))| {
                let servers = servers.into_iter().map(|(key, row)| (key.to_string(), row));
                (key.to_string(), (own, servers.collect()))
            })
            .collect();
        let counted = Arc::new(counted);
        for reply in self.waiting.drain(..) {
            // Whoever asked may have gone.
            let _ = reply.send(Arc::clone(&counted));
        }
        self.last = Some(counted);
    }
}

/// Puts counters into a status.
pub(super) fn fill(services: &mut [ServiceStatus], counted: &Counted) {
    for service in services {
        let Some((own, servers)) = counted.get(&service.service) else {
            continue;
        };
        service.traffic = Some(*own);
        for server in &mut service.servers {
            server.traffic = servers.get(&server.server).copied();
        }
    }
}
