//! One virtual server: its real servers, its quorum, its sorry server and the rows that follow from them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use model::effect::{BalanceEffect, ServiceChange};
use model::ids::InstanceName;
use model::ipvs::{DestinationKey, DestinationRow, ServiceRow, TableEntry};
use model::plan::{QuorumPlan, SorryPlan};
use model::time::Instant;

use super::drain::Leaving;
use super::server::Server;
use crate::probe::Prober;

/// Weight of a sorry server's row. It is alone in the table, so any number but 0 serves.
const SORRY_WEIGHT: u32 = 1;

/// A virtual server and what its real servers make of it.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) row: ServiceRow,
    pub(super) quorum: QuorumPlan,
    pub(super) sorry: Option<SorryPlan>,
    /// In configured order, which `status` keeps.
    pub(super) order: Vec<DestinationKey>,
    pub(super) servers: BTreeMap<DestinationKey, Server>,
    /// How long a server that is taken out keeps its connections.
    pub(super) drain: Option<Duration>,
    pub(super) leaving: BTreeMap<DestinationKey, Leaving>,
    /// Taken out by the operator's hand.
    pub(super) held: BTreeSet<DestinationKey>,
    /// Checks sleep while this instance is not Master.
    pub(super) suspend: Option<InstanceName>,
    pub(super) up: bool,
    /// The operator was told of `up` at least once.
    pub(super) told: bool,
    /// Times that the quorum was gained or lost.
    pub(super) changes: u64,
}

impl Service {
    /// What of a server decides about quorum and table.
    pub(super) fn fingerprint(&self, server: &DestinationKey) -> Option<(bool, u32)> {
        self.servers
            .get(server)
            .map(|server| (server.up, server.weight()))
    }

    /// Looks at a server's checks again and tells if it changed.
    pub(super) fn judge_server(
        &mut self,
        key: &DestinationKey,
        prober: &Prober,
        reason: &str,
        now: Instant,
        effects: &mut VecDeque<BalanceEffect>,
    ) {
        let Some(server) = self.servers.get_mut(key) else {
            return;
        };
        if server.judge(prober) {
            server.begin_ramp(now);
            let change = server.change(self.row.key, server.up, reason);
            effects.push_back(BalanceEffect::Server(change));
        }
    }

    /// Sum of the weights of good servers that are there for the quorum.
    pub(super) fn weight(&self) -> u32 {
        let counts =
            |server: &&Server| server.up && !server.plan.backup && !self.held.contains(&server.plan.key);
        let good = self.servers.values().filter(counts);
        good.fold(0, |sum, server| sum.saturating_add(server.weight()))
    }

    /// Counts the good servers again and tells if the quorum was gained or lost, and at the very first time in any
    /// case. A service begins as up; so does keepalived, and hysteresis is counted from there.
    pub(super) fn judge_quorum(&mut self, effects: &mut VecDeque<BalanceEffect>) {
        let up = self.has_quorum();
        self.changes += u64::from(up != self.up);
        if up != self.up || !self.told {
            self.up = up;
            self.told = true;
            effects.push_back(BalanceEffect::Service(self.change(up)));
        }
    }

    /// Whether its good servers are enough, seen from what it counts as now.
    pub(super) fn has_quorum(&self) -> bool {
        let QuorumPlan {
            needed, hysteresis, ..
        } = &self.quorum;
        let enough = if self.up {
            needed.saturating_sub(*hysteresis)
        } else {
            needed.saturating_add(*hysteresis)
        };
        self.weight() >= enough.max(1)
    }

    /// The row of the service and those of its servers, as wanted now.
    ///
    /// While the quorum is lost, good backup servers take all; without any, the sorry server; without that, whoever of
    /// the others is still good.
    pub(super) fn entry(&self) -> TableEntry {
        let is_ready =
            |server: &Server| server.plan.backup && server.up && !self.is_put_out(&server.plan.key);
        let backups = !self.up && self.servers.values().any(is_ready);
        let alone = self.sorry.as_ref().filter(|_| !self.up && !backups);
        let wants = |server: &Server| {
            if server.plan.backup {
                backups
            } else {
                !backups && alone.is_none()
            }
        };
        let leaving = self.leaving.values().map(|leaving| leaving.row.clone());
        let stay = self
            .servers
            .values()
            .filter(|server| !self.is_put_out(&server.plan.key));
        let rows = leaving.chain(stay.filter_map(|server| server.row(wants(server))));
        let mut destinations: BTreeMap<_, _> = rows.map(|row| (row.key, row)).collect();
        if let Some(sorry) = alone.or(self.sorry.as_ref().filter(|sorry| sorry.inhibit)) {
            let row = DestinationRow {
                key: sorry.key,
                forward: sorry.forward,
                weight: alone.map_or(0, |_| SORRY_WEIGHT),
                upper_threshold: 0,
                lower_threshold: 0,
            };
            destinations.insert(row.key, row);
        }
        TableEntry {
            row: self.row.clone(),
            destinations,
        }
    }

    /// Its end, by removal or at a stop. With `omega` the operator's down commands run.
    pub(super) fn farewell(&self, reason: &str, effects: &mut VecDeque<BalanceEffect>) {
        if !self.quorum.omega {
            return;
        }
        for server in self.servers.values().filter(|server| server.up) {
            let change = server.change(self.row.key, false, reason);
            effects.push_back(BalanceEffect::Server(change));
        }
        if self.up {
            effects.push_back(BalanceEffect::Service(self.change(false)));
        }
    }

    fn change(&self, up: bool) -> ServiceChange {
        let command = if up { &self.quorum.up } else { &self.quorum.down };
        ServiceChange {
            service: self.row.key,
            up,
            weight: self.weight(),
            command: command.clone(),
        }
    }
}
