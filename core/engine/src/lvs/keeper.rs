//! Keeps the kernel's table as wanted: one exchange at a time, read again after every refusal. IPVS tells nobody when
//! somebody else changes it, so the table is glanced at every [`GLANCE_EVERY`], which is one read, and dumped only when
//! that shows a difference, and every [`DUMP_EVERY`] for what a glance does not show.

use std::collections::BTreeSet;
use std::time::Duration;

use model::effect::BalanceEffect;
use model::ipvs::{
    Change, DestinationKey, DestinationRow, Glance, GlanceKey, GlanceService, ServiceKey, Table, TableEntry,
};
use model::status::IpvsStatus;
use model::time::Instant;

use super::Reason;
use super::diff::{apply_changes, diff};
use super::drain::LOOK_EVERY;

/// From one glance at the kernel's table to the next.
const GLANCE_EVERY: Duration = Duration::from_secs(2);
/// From one dump to the next.
const DUMP_EVERY: Duration = Duration::from_secs(300);
/// The same where the kernel's table cannot be glanced at.
const BLIND_DUMP_EVERY: Duration = Duration::from_secs(10);
/// From a refusal to the next attempt; doubled at each, up to [`RETRY_MAX`].
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// The wanted table, the kernel's as last known, and the exchange under way.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    wanted: Table,
    /// Services that are ours to delete: wanted now, or once wanted and not yet seen gone.
    owned: BTreeSet<ServiceKey>,
    known: Table,
    exchange: Exchange,
    /// `known` is the kernel's table as far as anybody can know.
    trust: Trust,
    /// Refusals in a row.
    refusals: u32,
    /// `wanted` changed since it was last found equal to `known`.
    stale: bool,
    unreadable: bool,
    was_read: bool,
    message: Option<String>,
    messages: u64,
    repairs: u64,
    dumps: u64,
    glances: u64,
    /// When the table is to be dumped again, whatever glances say.
    next_dump: Instant,
    /// The last glance failed.
    blind: bool,
    /// Servers drain: look more often.
    draining: bool,
}

#[derive(Debug, Default)]
enum Exchange {
    #[default]
    None,
    Reading,
    Glancing,
    Applying(Vec<Change>),
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Trust {
    /// Never read.
    #[default]
    Unread,
    /// As read or as changed by us; to be glanced at then.
    Until(Instant),
    /// Glance now.
    Doubted,
    /// Compare now, for drift.
    Overdue,
    /// Something was refused; read again then.
    Refused { retry: Instant },
    /// It could not even be read; try again then, whatever is wanted meanwhile.
    Unreadable { retry: Instant },
}

impl Keeper {
    /// A service is wanted like this.
    pub(super) fn want_service(&mut self, entry: TableEntry) {
        self.stale = true;
        self.owned.insert(entry.row.key);
        self.wanted.services.insert(entry.row.key, entry);
    }

    /// A service is not wanted any more.
    pub(super) fn unwant_service(&mut self, key: &ServiceKey) {
        self.stale = true;
        self.wanted.services.remove(key);
    }

    /// A service is ours, though nobody has wanted it yet.
    pub(super) fn own_service(&mut self, key: ServiceKey) {
        self.owned.insert(key);
    }

    /// The kernel's table was never read since the start.
    pub(super) fn is_unread(&self) -> bool {
        !self.was_read
    }

    /// Nothing is wanted any more.
    pub(super) fn unwant_all(&mut self) {
        self.stale = true;
        self.wanted.services.clear();
    }

    pub(super) fn handle_table(&mut self, table: Result<Table, String>, now: Instant) {
        if !matches!(self.exchange, Exchange::Reading) {
            return;
        }
        self.exchange = Exchange::None;
        self.unreadable = table.is_err();
        match table {
            Ok(table) => {
                if self.trust == Trust::Overdue && !diff(&self.known, &table, &self.owned).is_empty() {
                    self.repairs += 1;
                }
                self.known = table;
                self.was_read = true;
                self.trust = Trust::Until(now + self.pause());
                self.next_dump = now + DUMP_EVERY;
                self.stale = true;
            }
            Err(why) => {
                self.message = Some(why);
                let retry = self.back_off(now);
                self.trust = Trust::Unreadable { retry };
            }
        }
    }

    pub(super) fn handle_glance(&mut self, glance: Result<Glance, String>, now: Instant) {
        if !matches!(self.exchange, Exchange::Glancing) {
            return;
        }
        self.exchange = Exchange::None;
        self.blind = glance.is_err();
        self.trust = match glance {
            Ok(glance) if self.agrees(&glance) => Trust::Until(now + self.pause()),
            Ok(_) | Err(_) => Trust::Overdue,
        };
    }

    /// Whether a glance shows our services as they are known.
    fn agrees(&self, glance: &Glance) -> bool {
        let ours: BTreeSet<GlanceKey> = self.owned.iter().map(|key| GlanceKey::from(*key)).collect();
        let known = self
            .known
            .services
            .iter()
            .map(|(key, entry)| (GlanceKey::from(*key), GlanceService::of(entry)));
        let mut known: Vec<_> = known.filter(|(key, _)| ours.contains(key)).collect();
        let found = glance.services.iter().filter(|(key, _)| ours.contains(key));
        let mut found: Vec<_> = found.map(|(key, row)| (*key, row.at_rest())).collect();
        known.sort();
        found.sort();
        known == found
    }

    pub(super) fn is_glancing(&self) -> bool {
        matches!(self.exchange, Exchange::Glancing)
    }

    fn pause(&self) -> Duration {
        match (self.blind, self.draining) {
            (true, _) => BLIND_DUMP_EVERY,
            (false, true) => LOOK_EVERY,
            (false, false) => GLANCE_EVERY,
        }
    }

    /// Whether servers may drain.
    pub(super) fn is_draining(&self) -> bool {
        self.draining
    }

    /// Whether servers drain: their connections are counted by glances.
    pub(super) fn set_draining(&mut self, draining: bool, now: Instant) {
        let begins = draining && !self.draining && !self.blind;
        if let Trust::Until(at) = &mut self.trust
            && begins
        {
            *at = (*at).min(now + LOOK_EVERY);
        }
        self.draining = draining;
    }

    pub(super) fn handle_applied(&mut self, result: Result<(), String>, now: Instant) {
        let Exchange::Applying(changes) = std::mem::take(&mut self.exchange) else {
            return;
        };
        match result {
            Ok(()) => {
                apply_changes(&mut self.known, &changes);
                self.stale = true;
                self.refusals = 0;
                self.message = None;
            }
            Err(why) => {
                self.message = Some(why);
                let retry = self.back_off(now);
                self.trust = Trust::Refused { retry };
            }
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match self.trust {
            Trust::Until(at) if at <= now => {
                let is_due = self.next_dump <= now;
                self.trust = if is_due { Trust::Overdue } else { Trust::Doubted };
            }
            Trust::Refused { retry } | Trust::Unreadable { retry } if retry <= now => {
                self.trust = Trust::Unread
            }
            Trust::Until(_)
            | Trust::Refused { .. }
            | Trust::Unreadable { .. }
            | Trust::Unread
            | Trust::Doubted
            | Trust::Overdue => {}
        }
    }

    /// The next order to the kernel, unless one is under way. A node without services never touches IPVS.
    pub(super) fn poll_effect(&mut self) -> Option<BalanceEffect> {
        if !matches!(self.exchange, Exchange::None) {
            return None;
        }
        if self.owned.is_empty() {
            self.trust = Trust::Unread;
            self.message = None;
            self.unreadable = false;
            self.refusals = 0;
            return None;
        }
        match self.trust {
            Trust::Until(_) if !self.stale => None,
            Trust::Until(_) => self.send(),
            Trust::Doubted if self.stale => self.send().or_else(|| self.glance()),
            Trust::Doubted => self.glance(),
            Trust::Unreadable { .. } => None,
            Trust::Refused { .. } if !self.stale => None,
            Trust::Refused { .. } | Trust::Unread | Trust::Overdue => {
                self.exchange = Exchange::Reading;
                self.dumps += 1;
                Some(BalanceEffect::ReadTable)
            }
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<(Instant, Reason)> {
        if self.owned.is_empty() || !matches!(self.exchange, Exchange::None) {
            return None;
        }
        match self.trust {
            Trust::Until(at) => Some((at, Reason::Drift)),
            Trust::Refused { retry } | Trust::Unreadable { retry } => Some((retry, Reason::Retry)),
            Trust::Unread | Trust::Doubted | Trust::Overdue => None,
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        let idle = matches!(self.exchange, Exchange::None);
        idle && (self.owned.is_empty() || (matches!(self.trust, Trust::Until(_)) && !self.stale))
    }

    /// The kernel's row of a server, as last known.
    pub(super) fn known_row(&self, service: &ServiceKey, server: &DestinationKey) -> Option<&DestinationRow> {
        self.known.services.get(service)?.destinations.get(server)
    }

    /// The same, its weight.
    pub(super) fn known_weight(&self, service: &ServiceKey, server: &DestinationKey) -> Option<u32> {
        self.known_row(service, server).map(|row| row.weight)
    }

    pub(super) fn status(&self) -> IpvsStatus {
        IpvsStatus {
            available: !self.unreadable,
            message: self.message.clone(),
            messages: self.messages,
            repairs: self.repairs,
            dumps: self.dumps,
            glances: self.glances,
            ..IpvsStatus::default()
        }
    }

    fn glance(&mut self) -> Option<BalanceEffect> {
        self.exchange = Exchange::Glancing;
        self.glances += 1;
        Some(BalanceEffect::Glance)
    }

    fn send(&mut self) -> Option<BalanceEffect> {
        self.stale = false;
        let changes = diff(&self.wanted, &self.known, &self.owned);
        if changes.is_empty() {
            self.refusals = 0;
            self.message = None;
            let (wanted, known) = (&self.wanted.services, &self.known.services);
            self.owned
                .retain(|key| wanted.contains_key(key) || known.contains_key(key));
            return None;
        }
        self.messages += changes.len() as u64;
        self.exchange = Exchange::Applying(changes.clone());
        Some(BalanceEffect::Apply(changes))
    }

    fn back_off(&mut self, now: Instant) -> Instant {
        let wait = RETRY_MIN * 2_u32.pow(self.refusals.min(16));
        self.refusals += 1;
        now + wait.min(RETRY_MAX)
    }
}
