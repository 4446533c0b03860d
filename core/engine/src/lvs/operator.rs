//! What the operator orders by hand: a server, or all of a service, out of the table and back in.

use std::time::Duration;

use model::ipvs::{DestinationKey, ServiceKey};
use model::time::Instant;

use super::Balancer;

/// For the connections of a server whose service has no time of its own.
const DRAIN: Duration = Duration::from_secs(86_400);

/// What is meant by an operator's word.
pub type Target = (ServiceKey, Vec<DestinationKey>);

impl Balancer {
    /// `SERVICE` or `SERVICE/SERVER`, as `status` prints them; the transport may be left out where it is clear.
    ///
    /// # Errors
    /// Nothing is meant, or several things; in words that name the candidates.
    pub fn find_target(&self, words: &str) -> Result<Target, String> {
        let (service, server) = match words.split_once('/') {
            Some((service, server)) => (service.trim(), Some(server.trim())),
            None => (words.trim(), None),
        };
        let names: Vec<(ServiceKey, String)> =
            self.services.keys().map(|key| (*key, key.to_string())).collect();
        let is_meant = |name: &str| {
            name == service
                || name
                    .split_once(' ')
                    .is_some_and(|(_, address)| address == service)
        };
        let meant: Vec<_> = names.iter().filter(|(_, name)| is_meant(name)).collect();
        let key = match meant.as_slice() {
            [(key, _)] => *key,
            [] => {
                let known: Vec<_> = names.iter().map(|(_, name)| format!("`{name}`")).collect();
                return Err(format!(
                    "there is no service `{service}`; there is {}",
                    or_none(&known)
                ));
            }
            several => {
                let several: Vec<_> = several.iter().map(|(_, name)| format!("`{name}`")).collect();
                return Err(format!(
                    "`{service}` may be {}; write one of them",
                    several.join(" or ")
                ));
            }
        };
        let order = self.services.get(&key).map_or(&[][..], |found| &found.order);
        let Some(server) = server else {
            return Ok((key, order.to_vec()));
        };
        let found = order
            .iter()
            .find(|known| known.to_string() == server || known.address.to_string() == server);
        match found {
            Some(found) => Ok((key, vec![*found])),
            None => {
                let known: Vec<_> = order.iter().map(|known| format!("`{known}`")).collect();
                Err(format!(
                    "{key} has no server `{server}`; it has {}",
                    or_none(&known)
                ))
            }
        }
    }

    /// Takes servers out: no new connections from now on, and out of the table when the old ones have ended. They stay
    /// out until [`enable`](Self::enable), whatever their checks say and over a reload, and do not count to the quorum.
    pub fn drain(&mut self, (service, servers): &Target, now: Instant) {
        self.hold(service, servers, true, now);
    }

    /// Takes servers in again that were taken out by hand.
    pub fn enable(&mut self, (service, servers): &Target, now: Instant) {
        self.hold(service, servers, false, now);
    }

    fn hold(&mut self, key: &ServiceKey, servers: &[DestinationKey], out: bool, now: Instant) {
        let Some(service) = self.services.get_mut(key) else {
            return;
        };
        for server in servers {
            if !out {
                service.held.remove(server);
            } else if service.servers.contains_key(server) {
                service.held.insert(*server);
            }
        }
        service.judge_quorum(&mut self.effects);
        self.begin_drains(key, &[], now);
        if let Some(service) = self.services.get(key) {
            self.keeper.want_service(service.entry());
        }
        self.turn(now);
    }
}

impl super::service::Service {
    /// How long a server may take to leave.
    pub(super) fn patience(&self, server: &DestinationKey) -> Option<Duration> {
        self.drain.or(self.held.contains(server).then_some(DRAIN))
    }
}

fn or_none(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
