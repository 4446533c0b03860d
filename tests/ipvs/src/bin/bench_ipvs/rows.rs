//! The table that everybody fills: services with ten real servers each.

use std::collections::BTreeMap;
use std::time::Duration;

use model::ipvs::{DestinationKey, DestinationRow, Forward, ServiceKey, ServiceRow, Table, TableEntry};
use model::net::Protocol;
use model::plan::{Plan, QuorumPlan, ServerPlan, ServicePlan};

pub(crate) const SERVERS: u16 = 10;

pub(crate) fn table(services: u16, scheduler: &str) -> Table {
    let mut table = Table::default();
    for number in 0..services {
        let row = service(number, scheduler);
        let rows = (0..SERVERS).map(|server| destination(number, server));
        let destinations: BTreeMap<_, _> = rows.map(|row| (row.key, row)).collect();
        table.services.insert(row.key, TableEntry { row, destinations });
    }
    table
}

/// The same, as a plan whose servers have this weight.
pub(crate) fn plan(services: u16, weight: u32) -> Plan {
    let of = |number: u16| ServicePlan {
        row: service(number, "rr"),
        servers: (0..SERVERS)
            .map(|server| server_plan(destination(number, server), weight))
            .collect(),
        quorum: QuorumPlan::default(),
        sorry: None,
        drain: None,
        suspend: None,
    };
    Plan {
        services: (0..services).map(of).collect(),
        ..Plan::default()
    }
}

pub(crate) fn service(number: u16, scheduler: &str) -> ServiceRow {
    let [high, low] = number.to_be_bytes();
    ServiceRow {
        key: ServiceKey::Address {
            protocol: Protocol::Tcp,
            address: [10, 1, high, low].into(),
            port: 80,
        },
        scheduler: scheduler.to_owned(),
        flags: 0,
        persistence: None,
    }
}

pub(crate) fn destination(service: u16, number: u16) -> DestinationRow {
    let [high, low] = service.to_be_bytes();
    DestinationRow {
        key: DestinationKey {
            address: [10, 2, high, low].into(),
            port: 8000 + number,
        },
        forward: Forward::Nat,
        weight: 1,
        upper_threshold: 0,
        lower_threshold: 0,
    }
}

fn server_plan(row: DestinationRow, weight: u32) -> ServerPlan {
    ServerPlan {
        key: row.key,
        forward: row.forward,
        weight,
        upper_threshold: 0,
        lower_threshold: 0,
        inhibit_on_failure: false,
        starts_down: false,
        checks: Vec::new(),
        needed: None,
        slow_start: None,
        backup: false,
        up: None,
        down: None,
    }
}

/// As a table prints it.
pub(crate) fn millis(seconds: f64) -> String {
    format!("{:.1?}", Duration::from_secs_f64(seconds.max(0.0)))
}
