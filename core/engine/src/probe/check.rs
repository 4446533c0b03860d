//! What the answers to one check are worth: rise, fall and the rule for "unknown".

use std::time::Duration;

use model::ids::Generation;
use model::plan::{CheckPlan, OnUnknown};
use model::probe::{REASON_MAX, Status, Verdict, WEIGHT_MAX};

/// What a check counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is known yet, and nobody has assumed anything.
    Pending,
    /// Good.
    Good,
    /// Failed.
    Failed,
}

/// One check: its plan, its standing and its last verdict.
#[derive(Clone, Debug)]
pub struct Check {
    plan: CheckPlan,
    standing: Standing,
    /// A verdict counted since the standing was assumed.
    decided: bool,
    /// Verdicts in a row that speak against the standing.
    against: u32,
    weight: Option<u32>,
    reason: String,
    generation: Generation,
    took: Duration,
    verdicts: u64,
    failures: u64,
}

impl Check {
    /// A check that is taken for `standing` until its first verdict.
    pub fn new(plan: CheckPlan, standing: Standing) -> Self {
        Self {
            plan,
            standing,
            decided: false,
            against: 0,
            weight: None,
            reason: String::new(),
            generation: Generation(0),
            took: Duration::ZERO,
            verdicts: 0,
            failures: 0,
        }
    }

    /// How it is asked.
    pub fn plan(&self) -> &CheckPlan {
        &self.plan
    }

    pub(super) fn set_plan(&mut self, plan: CheckPlan) {
        self.plan = plan;
    }

    /// What it counts as.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Weight that the last success carried, when the plan lets it set one.
    pub fn weight(&self) -> Option<u32> {
        self.weight
    }

    /// Words of the last verdict; empty before the first.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Which version of the plugin gave the last verdict.
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// How long the last verdict took.
    pub fn took(&self) -> Duration {
        self.took
    }

    /// Verdicts so far.
    pub fn verdicts(&self) -> u64 {
        self.verdicts
    }

    /// Those that were not "up".
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Counts a verdict. Returns whether it was a failure that does not count yet.
    pub(super) fn handle_verdict(&mut self, verdict: Verdict) -> bool {
        let Verdict {
            status,
            weight,
            took,
            generation,
            reason,
            ..
        } = verdict;
        let (status, reason) = match weight {
            Some(weight) if weight > WEIGHT_MAX => {
                let why = format!(
                    "plugin {} proposed weight {weight}, above {WEIGHT_MAX}",
                    self.plan.plugin
                );
                (Status::Unknown, why)
            }
            _ => (status, tame(&reason)),
        };
        self.reason = reason;
        self.generation = generation;
        self.took = took;
        self.verdicts = self.verdicts.saturating_add(1);
        self.failures = self.failures.saturating_add(u64::from(status != Status::Up));
        match (status, self.plan.on_unknown) {
            (Status::Up, _) => {
                self.weight = weight.filter(|_| self.plan.sets_weight);
                self.count(Standing::Good, self.plan.rise)
            }
            (Status::Down, _) | (Status::Unknown, OnUnknown::Fail) => {
                self.count(Standing::Failed, self.plan.fall)
            }
            (Status::Unknown, OnUnknown::Keep) => false,
        }
    }

    /// Counts one verdict towards `side`, which needs `enough` in a row. The first one ever decides alone.
    fn count(&mut self, side: Standing, enough: u32) -> bool {
        if self.standing == side {
            self.against = 0;
        } else {
            self.against = self.against.saturating_add(1);
            if !self.decided || self.against >= enough.max(1) {
                self.standing = side;
                self.against = 0;
            }
        }
        self.decided = true;
        side == Standing::Failed && self.standing != Standing::Failed
    }
}

/// A plugin's words, fit for a log line: bounded, and without control characters.
fn tame(reason: &str) -> String {
    let mut tamed = String::with_capacity(reason.len().min(REASON_MAX));
    for letter in reason.chars() {
        let letter = if letter.is_control() { ' ' } else { letter };
        if tamed.len() + letter.len_utf8() > REASON_MAX {
            break;
        }
        tamed.push(letter);
    }
    tamed
}
