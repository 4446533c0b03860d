//! What IPVS has once for the whole node: time-outs and sysctls, put back when they are no longer asked for, and sync daemons that
//! follow an instance. A level as well: what is wanted follows from the plan and the elections, and is made sure of
//! every [`CHECK_EVERY`].

use std::collections::BTreeMap;
use std::time::Duration;

use model::effect::BalanceEffect;
use model::ids::InstanceName;
use model::ipvs::{Settings, SyncDaemon, SyncRole, Timeouts};
use model::plan::IpvsPlan;
use model::time::Instant;
use model::transition::State;

/// From one comparison with the kernel to the next.
const CHECK_EVERY: Duration = Duration::from_secs(60);
/// From a refusal to the next attempt.
const RETRY: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct Tuner {
    plan: IpvsPlan,
    masters: BTreeMap<InstanceName, bool>,
    /// Time-outs and sysctls as they were before us, of those that we changed.
    original: Settings,
    /// Sync daemons may run that we started.
    started: bool,
    asked: Option<Settings>,
    done: Settings,
    again: Option<Instant>,
    message: Option<String>,
}

impl Tuner {
    /// What is in the kernel by a predecessor's doing is as if we had done it.
    pub(super) fn handle_predecessor(&mut self, plan: &IpvsPlan, original: Settings) {
        self.started = plan.sync.is_some();
        self.original = original;
    }

    pub(super) fn original(&self) -> &Settings {
        &self.original
    }

    pub(super) fn handle_plan(&mut self, plan: &IpvsPlan) {
        self.set(|tuner| tuner.plan = plan.clone());
    }

    pub(super) fn handle_state(&mut self, instance: &InstanceName, state: State) {
        self.set(|tuner| {
            tuner.masters.insert(instance.clone(), state == State::Master);
        });
    }

    /// Something that may change what is wanted. If it does, an earlier refusal delays nothing.
    fn set(&mut self, change: impl FnOnce(&mut Self)) {
        let before = self.wanted();
        change(self);
        if self.wanted() != before {
            self.again = None;
        }
    }

    /// `before` are the kernel's settings as they were found.
    pub(super) fn handle_configured(
        &mut self,
        before: Option<Settings>,
        result: Result<(), String>,
        now: Instant,
    ) {
        let Some(asked) = self.asked.take() else { return };
        self.started |= asked.daemons.is_some();
        self.remember(before.unwrap_or_default(), &asked);
        match result {
            Ok(()) => {
                self.message = None;
                self.again = (self.plan != IpvsPlan::default()).then(|| now + CHECK_EVERY);
                self.done = asked;
                self.forget();
                if self.plan.sync.is_none() {
                    self.done.daemons = None;
                    self.started = false;
                }
            }
            Err(why) => {
                self.message = Some(why);
                self.again = Some(now + RETRY);
                // A part of it may have been done.
                self.done = Settings::default();
            }
        }
    }

    /// What was found of what is changed now, for the first time.
    fn remember(&mut self, before: Settings, asked: &Settings) {
        let timeouts = before.timeouts.only(asked.timeouts);
        self.original.timeouts = self.original.timeouts.or(timeouts);
        for (name, value) in before.sysctls {
            if asked.sysctls.contains_key(&name) {
                self.original.sysctls.entry(name).or_insert(value);
            }
        }
    }

    /// What was put back is nobody's concern any more.
    fn forget(&mut self) {
        let Self {
            plan, original, done, ..
        } = self;
        if plan.timeouts.is_empty() && done.timeouts == original.timeouts {
            original.timeouts = Timeouts::default();
            done.timeouts = Timeouts::default();
        }
        original.sysctls.retain(|name, value| {
            let is_back = !plan.sysctls.contains_key(name) && done.sysctls.get(name) == Some(value);
            if is_back {
                done.sysctls.remove(name);
            }
            !is_back
        });
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.again.is_some_and(|at| at <= now) {
            self.again = None;
            // Whatever was done may have been undone by somebody.
            self.done = Settings::default();
        }
    }

    pub(super) fn poll_effect(&mut self) -> Option<BalanceEffect> {
        if self.asked.is_some() {
            return None;
        }
        let wanted = self.wanted();
        if wanted == self.done {
            self.message = None;
            return None;
        }
        if self.message.is_some() && self.again.is_some() {
            return None;
        }
        self.asked = Some(wanted.clone());
        Some(BalanceEffect::Configure(wanted))
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.again.filter(|_| self.asked.is_none())
    }

    /// Everything is as wanted, or was refused.
    pub(super) fn is_settled(&self) -> bool {
        self.asked.is_none() && (self.message.is_some() || self.wanted() == self.done)
    }

    pub(super) fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The daemons that run.
    pub(super) fn daemons(&self) -> Vec<String> {
        self.done
            .daemons
            .iter()
            .flatten()
            .map(ToString::to_string)
            .collect()
    }

    fn wanted(&self) -> Settings {
        let daemons = self.plan.sync.as_ref().map(|sync| {
            let roles: &[SyncRole] = match &sync.follow {
                None => &[SyncRole::Master, SyncRole::Backup],
                Some(instance) if self.masters.get(instance) == Some(&true) => &[SyncRole::Master],
                Some(_) => &[SyncRole::Backup],
            };
            let daemon = |role: &SyncRole| SyncDaemon {
                role: *role,
                attributes: sync.attributes.clone(),
            };
            roles.iter().map(daemon).collect()
        });
        // Ours that are wanted no more are stopped; those of others are left alone.
        let ours = self.started.then(Vec::new);
        let mut sysctls = self.original.sysctls.clone();
        sysctls.extend(self.plan.sysctls.clone());
        Settings {
            timeouts: self.plan.timeouts.or(self.original.timeouts),
            sysctls,
            daemons: daemons.or(ours),
        }
    }
}
