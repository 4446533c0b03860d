//! Counters of services and their servers.

use std::collections::BTreeMap;

use model::ipvs::{Counters, DestinationKey, ServerCounters, ServiceKey, Statistics};

use super::decode::{self, Attributes};
use super::uapi::{self, command, counter, dest, service};
use super::{Client, IpvsError};

impl Client {
    /// Counters of those services of `keys` that are there: one dump of all services and one for each of these.
    pub fn statistics(&mut self, keys: &[ServiceKey]) -> Result<Statistics, IpvsError> {
        let mut found = Statistics::default();
        self.dump(command::GET_SERVICE, None, |message| {
            let top = message.attributes();
            let row = decode::service_row(top).filter(|row| keys.contains(&row.key));
            if let Some((row, nest)) = row.zip(top.get(uapi::SERVICE)) {
                let counters = counters(Attributes(nest), service::STATS64, service::STATS);
                found.services.insert(row.key, (counters, BTreeMap::new()));
            }
        })?;
        for (key, (_, servers)) in &mut found.services {
            self.dump(command::GET_DEST, Some(key), |message| {
                servers.extend(server(message.attributes(), key));
            })?;
        }
        Ok(found)
    }
}

fn server(top: Attributes<'_>, of: &ServiceKey) -> Option<(DestinationKey, ServerCounters)> {
    let row = decode::destination_row(top, of.family())?;
    let attributes = Attributes(top.get(uapi::DEST)?);
    let now = |kind| attributes.u32(kind).unwrap_or(0);
    let counters = ServerCounters {
        counters: counters(attributes, dest::STATS64, dest::STATS),
        active: now(dest::ACTIVE),
        inactive: now(dest::INACTIVE),
        persistent: now(dest::PERSISTENT),
    };
    Some((row.key, counters))
}

/// 64 bits wide where the kernel has them (4.1 and newer).
pub(super) fn counters(attributes: Attributes<'_>, wide: u16, narrow: u16) -> Counters {
    let nest = attributes.get(wide).or_else(|| attributes.get(narrow));
    let counters = Attributes(nest.unwrap_or_default());
    let number = |kind| counters.wide(kind).unwrap_or(0);
    Counters {
        connections: number(counter::CONNECTIONS),
        packets_in: number(counter::PACKETS_IN),
        packets_out: number(counter::PACKETS_OUT),
        bytes_in: number(counter::BYTES_IN),
        bytes_out: number(counter::BYTES_OUT),
    }
}
