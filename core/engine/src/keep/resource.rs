//! One resource: what is known of it, and its next step.

use std::time::Duration;

use model::effect::ResourceNews;
use model::ids::StepId;
use model::link::{HookEvent, Step, StepCall};
use model::plan::{Phase, ResourcePlan};
use model::status::ResourceStatus;
use model::time::Instant;

use super::Owner;

/// From a failure to the next attempt; each that follows waits twice as long.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// Attempts to undo what is in the configuration no more. Its plugin may be gone with it, and then none succeeds.
const LEAVING_TRIES: u32 = 5;

#[derive(Debug)]
pub(super) struct Resource {
    pub(super) owner: Owner,
    pub(super) plan: ResourcePlan,
    /// What it is told.
    event: HookEvent,
    /// As last seen or made; `None` when that is not known.
    held: Option<bool>,
    step: Option<(StepId, Step)>,
    /// When the next step is due; `None` when there is nothing to do.
    due: Option<Instant>,
    failures: u32,
    error: Option<String>,
    /// It is in the configuration no more: gone once it is undone.
    is_leaving: bool,
    applied: u64,
    undone: u64,
    lost: u64,
}

impl Resource {
    /// A resource of an instance or group that had this transition.
    pub(super) fn new(owner: Owner, plan: ResourcePlan, event: HookEvent, now: Instant) -> Self {
        Self {
            owner,
            plan,
            event,
            held: None,
            step: None,
            due: Some(now),
            failures: 0,
            error: None,
            is_leaving: false,
            applied: 0,
            undone: 0,
            lost: 0,
        }
    }

    /// Whether it is this one: other times make no other resource.
    pub(super) fn is(&self, owner: &Owner, plan: &ResourcePlan) -> bool {
        self.owner == *owner && self.plan.plugin == plan.plugin && self.plan.parameters == plan.parameters
    }

    /// It is in the configuration like this, or no more.
    pub(super) fn handle_plan(&mut self, plan: Option<&ResourcePlan>, now: Instant) {
        if let Some(plan) = plan {
            self.plan.clone_from(plan);
        }
        let is_leaving = plan.is_none();
        if std::mem::replace(&mut self.is_leaving, is_leaving) != is_leaving {
            self.look(now);
        }
    }

    /// Its instance or group changed its state or its addresses.
    pub(super) fn handle_event(&mut self, event: &HookEvent, now: Instant) {
        self.event.clone_from(event);
        self.look(now);
    }

    /// Looks afresh: what is known may be of another time.
    fn look(&mut self, now: Instant) {
        self.failures = 0;
        self.due = Some(now);
    }

    /// Nobody will tell how its step ended.
    pub(super) fn handle_step_lost(&mut self, now: Instant) {
        if self.step.take().is_some() {
            self.held = None;
            self.due = Some(now);
        }
    }

    /// Its step ended; what is worth telling.
    pub(super) fn handle_done(
        &mut self,
        result: &Result<bool, String>,
        now: Instant,
    ) -> Option<ResourceNews> {
        let (_, step) = self.step.take()?;
        let had = self.held;
        let news = match result {
            Ok(is_so) => {
                self.held = Some(*is_so);
                // One that is seen well and changed in vain has failed still.
                if *is_so == self.is_wanted() {
                    self.failures = 0;
                    self.error = None;
                }
                self.judge(step, had, *is_so)
            }
            Err(reason) => {
                self.held = None;
                self.failures = self.failures.saturating_add(1);
                self.error = Some(reason.clone());
                let is_forsaken = self.is_leaving && self.failures >= LEAVING_TRIES;
                let (step, reason, failures) = (step.word(), reason.clone(), self.failures);
                Some(if is_forsaken {
                    ResourceNews::Left
                } else {
                    ResourceNews::Failed {
                        step,
                        reason,
                        failures,
                    }
                })
            }
        };
        // News that came meanwhile have set it already.
        if self.due.is_none() {
            self.due = match result {
                Ok(_) => self.next(now),
                Err(_) => self.again(now),
            };
        }
        news
    }

    fn judge(&mut self, step: Step, had: Option<bool>, is_so: bool) -> Option<ResourceNews> {
        match step {
            Step::Apply => {
                self.applied += 1;
                Some(ResourceNews::Held)
            }
            Step::Undo => {
                self.undone += 1;
                Some(ResourceNews::GivenUp)
            }
            Step::Verify if !self.is_wanted() => None,
            Step::Verify if is_so && had != Some(true) => Some(ResourceNews::Held),
            Step::Verify if !is_so && had == Some(true) => {
                self.lost += 1;
                Some(ResourceNews::Lost)
            }
            Step::Verify => None,
        }
    }

    /// When it is tried again after a failure.
    fn again(&self, now: Instant) -> Option<Instant> {
        if self.is_leaving && self.failures >= LEAVING_TRIES {
            return None;
        }
        let pause = FIRST.saturating_mul(1 << self.failures.saturating_sub(1).min(6));
        Some(now + pause.min(LONGEST))
    }

    fn next(&self, now: Instant) -> Option<Instant> {
        match (self.is_wanted(), self.held) {
            (true, Some(true)) => Some(now + self.plan.interval),
            (false, Some(false)) => None,
            (_, Some(_) | None) => Some(now),
        }
    }

    /// Whether it has to be held now.
    fn is_wanted(&self) -> bool {
        self.event.phase == Phase::Master && !self.is_leaving
    }

    /// When its next step is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due.filter(|_| self.step.is_none())
    }

    /// Begins its next step. What is known to differ is changed without another look: a takeover does not wait.
    pub(super) fn begin(&mut self, id: StepId) -> StepCall {
        let step = match (self.held, self.is_wanted()) {
            (Some(false), true) => Step::Apply,
            (Some(true), false) => Step::Undo,
            (Some(true), true) | (Some(false), false) | (None, _) => Step::Verify,
        };
        self.step = Some((id, step));
        self.due = None;
        StepCall {
            id,
            plugin: self.plan.plugin.clone(),
            parameters: self.plan.parameters.clone(),
            timeout: self.plan.timeout,
            step,
            event: self.event.clone(),
        }
    }

    /// The step that is under way.
    pub(super) fn running(&self) -> Option<StepId> {
        self.step.map(|(id, _)| id)
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.is_leaving
    }

    /// Whether it is as it has to be.
    pub(super) fn is_settled(&self) -> bool {
        let is_right = self.held == Some(self.is_wanted()) || (self.is_leaving && self.due.is_none());
        self.step.is_none() && is_right
    }

    /// Whether it can be forgotten.
    pub(super) fn is_gone(&self) -> bool {
        self.is_leaving && self.step.is_none() && self.due.is_none()
    }

    pub(super) fn status(&self) -> ResourceStatus {
        ResourceStatus {
            of: self.owner.words(),
            plugin: self.plan.plugin.to_string(),
            wanted: self.is_wanted(),
            held: self.held,
            step: self.step.map(|(_, step)| step.word().to_owned()),
            failures: self.failures,
            error: self.error.clone(),
            applied: self.applied,
            undone: self.undone,
            lost: self.lost,
        }
    }
}
