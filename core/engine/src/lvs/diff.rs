//! From the table there is to the table that is wanted, in as few messages as possible.

use std::collections::BTreeSet;

use model::ipvs::{Change, DestinationRow, Forward, ServiceKey, ServiceRow, Table, TableEntry};

/// The kernel's word for a service without a scheduler. It forwards nothing, and servers are added to it cheaply.
const NO_SCHEDULER: &str = "none";

/// What turns `actual` into `wanted`. Services outside `wanted` are deleted if they are `owned`, and left alone
/// otherwise.
///
/// A new service gets its scheduler last: its servers then appear to packets in one step, and a Maglev table is
/// built once instead of once for each server. In a service that exists, servers are added before others are
/// deleted, so that there is no moment without any.
pub fn diff(wanted: &Table, actual: &Table, owned: &BTreeSet<ServiceKey>) -> Vec<Change> {
    let mut changes = Vec::with_capacity(most_for_new(wanted, actual));
    for (key, entry) in &wanted.services {
        match actual.services.get(key) {
            None => create(entry, &mut changes),
            Some(found) => adjust(entry, found, &mut changes),
        }
    }
    let gone = |key: &&ServiceKey| owned.contains(key) && !wanted.services.contains_key(key);
    changes.extend(
        actual
            .services
            .keys()
            .filter(gone)
            .copied()
            .map(Change::DeleteService),
    );
    changes
}

/// How many changes make the services that are new.
fn most_for_new(wanted: &Table, actual: &Table) -> usize {
    let new = wanted
        .services
        .iter()
        .filter(|(key, _)| !actual.services.contains_key(*key));
    new.map(|(_, entry)| entry.destinations.len() + 2).sum()
}

fn create(entry: &TableEntry, changes: &mut Vec<Change>) {
    let row = entry.row.clone();
    if entry.destinations.is_empty() {
        changes.push(Change::AddService(row));
        return;
    }
    changes.push(Change::AddService(ServiceRow {
        scheduler: NO_SCHEDULER.to_owned(),
        ..row.clone()
    }));
    let add = |server: &DestinationRow| Change::AddDestination(row.key, server.clone());
    changes.extend(entry.destinations.values().map(add));
    changes.push(Change::SetService(row));
}

fn adjust(entry: &TableEntry, found: &TableEntry, changes: &mut Vec<Change>) {
    let key = entry.row.key;
    for (server, row) in &entry.destinations {
        match found.destinations.get(server) {
            None => changes.push(Change::AddDestination(key, row.clone())),
            Some(old) if !same_destination(row, old) => {
                changes.push(Change::SetDestination(key, row.clone()))
            }
            Some(_) => {}
        }
    }
    if entry.row != found.row {
        changes.push(Change::SetService(entry.row.clone()));
    }
    let gone = found
        .destinations
        .keys()
        .filter(|server| !entry.destinations.contains_key(server));
    changes.extend(gone.map(|server| Change::DeleteDestination(key, *server)));
}

/// Equal, as far as it is ours to say: the kernel may find that a server is this node and mark it so by itself.
fn same_destination(wanted: &DestinationRow, actual: &DestinationRow) -> bool {
    let forward = match actual.forward {
        Forward::Local => wanted.forward,
        other @ (Forward::Nat | Forward::Direct | Forward::Tunnel(_) | Forward::Bypass) => other,
    };
    *wanted
        == DestinationRow {
            forward,
            ..actual.clone()
        }
}

/// What the kernel's table is after `changes`, if none was refused. A change of something that is not there is
/// passed over, as the kernel does.
pub fn apply_changes(table: &mut Table, changes: &[Change]) {
    for change in changes {
        match change {
            Change::AddService(row) => {
                let entry = TableEntry {
                    row: row.clone(),
                    destinations: Default::default(),
                };
                table.services.entry(row.key).or_insert(entry);
            }
            Change::SetService(row) => {
                if let Some(entry) = table.services.get_mut(&row.key) {
                    entry.row = row.clone();
                }
            }
            Change::DeleteService(key) => {
                table.services.remove(key);
            }
            Change::AddDestination(key, row) | Change::SetDestination(key, row) => {
                if let Some(entry) = table.services.get_mut(key) {
                    entry.destinations.insert(row.key, row.clone());
                }
            }
            Change::DeleteDestination(key, server) => {
                if let Some(entry) = table.services.get_mut(key) {
                    entry.destinations.remove(server);
                }
            }
        }
    }
}
