//! Which code was offered, which serves, and which there is to return to.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hostcall::codec::{Algorithm, digest};
use model::declared::Declared;
use model::ids;
use model::status::{Standing, VersionStatus};

use super::Code;
use super::trial::{FAULTS, Finding, Trial};
use crate::answer::bounded;
use crate::bench::Fault;

/// Versions that the status tells of.
const TOLD: usize = 8;
/// Digits of a digest: enough to know a file by.
const DIGITS: usize = 12;

/// One version of a plugin.
pub(crate) struct Version {
    pub(crate) number: ids::Generation,
    pub(crate) code: Code,
    pub(super) bytes: Arc<[u8]>,
    pub(super) declared: Option<Vec<Declared>>,
}

/// Code that was found good.
pub(crate) struct Loaded {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) code: Code,
    pub(crate) declared: Option<Vec<Declared>>,
    /// How long that took.
    pub(crate) took: Duration,
}

/// What is known of a plugin's versions, beside the one that serves.
#[derive(Clone, Default)]
pub(super) struct Versions {
    /// What was offered last, good or bad.
    pub(super) offered: Option<Arc<[u8]>>,
    /// Why what was offered last does not serve.
    pub(super) error: Option<String>,
    /// The last number given to a version.
    last: u32,
    /// Of what serves, until it is trusted.
    trial: Option<Trial>,
    /// What to return to when what serves proves bad.
    refuge: Option<Arc<Version>>,
    /// What was taken back, and why: it is not tried again.
    condemned: Option<(Arc<[u8]>, String)>,
    pub(super) told: VecDeque<VersionStatus>,
    pub(super) rollbacks: u64,
}

impl Versions {
    /// The same plugin as configured now: its file is to be read again.
    pub(super) fn reconfigured(&self) -> Self {
        Self {
            offered: None,
            error: None,
            ..self.clone()
        }
    }

    /// Notes what is offered; whether it has to be loaded.
    pub(super) fn offer(&mut self, bytes: &Arc<[u8]>) -> bool {
        if self.offered.as_deref() == Some(&**bytes) {
            return false;
        }
        self.offered = Some(Arc::clone(bytes));
        self.condemned.take_if(|(condemned, _)| condemned != bytes);
        self.error = self.condemned.as_ref().map(|(_, why)| why.clone());
        self.condemned.is_none()
    }

    /// Notes what is offered and was taken back before. Until something serves, that is what questions wait for.
    pub(super) fn condemn(&mut self, bytes: Arc<[u8]>, why: String, serves: bool) {
        if serves {
            self.error = Some(why.clone());
        }
        self.offered = Some(Arc::clone(&bytes));
        self.condemned = Some((bytes, why));
    }

    /// The next version, after `serving`; `None` when it is the same code and nothing about it is new.
    pub(super) fn accept(
        &mut self,
        loaded: Loaded,
        serving: Option<Arc<Version>>,
        anew: bool,
    ) -> Option<Arc<Version>> {
        self.error = self.condemned.as_ref().map(|(_, why)| why.clone());
        let is_same = serving
            .as_ref()
            .is_some_and(|version| version.bytes == loaded.bytes);
        if is_same && !anew {
            return None;
        }
        if !is_same {
            if self.trial.as_ref().is_none_or(Trial::is_spotless) {
                self.refuge = serving;
            }
            self.trial = Some(Trial::default());
        }
        self.last += 1;
        self.stands(Standing::Replaced);
        if self.told.len() == TOLD {
            self.told.pop_front();
        }
        self.told.push_back(VersionStatus {
            generation: self.last,
            digest: digest(Algorithm::Sha256, &loaded.bytes)
                .chars()
                .take(DIGITS)
                .collect(),
            at: since_1970(),
            took_ms: loaded.took.as_secs_f64() * 1e3,
            standing: if self.trial.is_some() {
                Standing::OnTrial
            } else {
                Standing::Good
            },
        });
        Some(Arc::new(Version {
            number: ids::Generation(self.last),
            code: loaded.code,
            bytes: loaded.bytes,
            declared: loaded.declared,
        }))
    }

    /// Whether what serves is still to prove itself.
    pub(super) fn is_on_trial(&self) -> bool {
        self.trial.is_some()
    }

    /// What a call of `serving`, which is on trial, says of it.
    pub(super) fn judge(&mut self, fault: Option<&Fault>) -> Finding {
        let Some(trial) = &mut self.trial else {
            return Finding::Open;
        };
        match trial.count(fault) {
            Finding::Good => {
                self.trial = None;
                self.refuge = None;
                self.stands(Standing::Good);
                Finding::Good
            }
            Finding::Bad if self.refuge.is_none() => Finding::Open,
            other => other,
        }
    }

    /// Returns to the last good version: that, and why in words.
    pub(super) fn roll_back(&mut self, bad: &Version, fault: &Fault) -> Option<(Arc<Version>, String)> {
        let good = self.refuge.take()?;
        let calls = self.trial.take().map_or(0, |trial| trial.calls());
        let why = format!(
            "rolled back to generation {}: generation {} failed in {FAULTS} of its first {calls} calls, last: {}; it is \
             tried again when its file changes",
            good.number.0,
            bad.number.0,
            bounded(&fault.text)
        );
        self.rollbacks += 1;
        self.condemned = Some((Arc::clone(&bad.bytes), why.clone()));
        self.error = Some(why.clone());
        self.stands(Standing::RolledBack);
        if let Some(told) = self.told.iter_mut().find(|told| told.generation == good.number.0) {
            told.standing = Standing::Good;
        }
        Some((good, why))
    }

    /// What is thought of the version that serves.
    fn stands(&mut self, standing: Standing) {
        let serves = |told: &&mut VersionStatus| matches!(told.standing, Standing::OnTrial | Standing::Good);
        if let Some(told) = self.told.iter_mut().find(serves) {
            told.standing = standing;
        }
    }
}

fn since_1970() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}
