//! When to ask what, and what the answers are worth. Real servers and trackers are asked by the same machine.
//!
//! Rules: one question at a time per check; a question without an answer counts as unknown after its timeout and
//! [`GRACE`]; a lost worker leaves all verdicts standing and takes its unanswered questions with it.

mod check;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use model::ids::AskId;
use model::plan::CheckPlan;
use model::probe::{Ask, Status, Subject, Verdict};
use model::time::Instant;

pub use check::{Check, Standing};

/// Added to a question's timeout before it counts as lost: the answer's way back from the worker.
pub const GRACE: Duration = Duration::from_secs(1);
/// The first question of a check comes at latest after this long, however long its interval.
pub const FIRST_WITHIN: Duration = Duration::from_secs(1);

/// Names a check within one [`Prober`]. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProbeId(u64);

/// What a check is about. `Subject` tells the worker, `target` tells it where to look.
#[derive(Clone, Debug, PartialEq)]
pub struct Aim {
    /// What is being checked.
    pub subject: Subject,
    /// Where to look; trackers have none.
    pub target: Option<SocketAddr>,
}

/// What became due.
#[derive(Clone, Debug, PartialEq)]
pub enum Due {
    /// Ask this.
    Ask(Ask),
    /// A question was never answered; counted as unknown, look at the check again.
    Lapsed(ProbeId),
}

/// All checks of a node and their schedule.
#[derive(Debug)]
pub struct Prober {
    seed: u64,
    next_id: u64,
    next_ask: u64,
    worker_up: bool,
    probes: BTreeMap<ProbeId, Probe>,
    /// Every instant at which a probe wants something, soonest first.
    queue: BTreeSet<(Instant, ProbeId)>,
    asked: BTreeMap<AskId, ProbeId>,
}

#[derive(Debug)]
struct Probe {
    aim: Aim,
    check: Check,
    phase: Phase,
    /// Not asked until it is woken.
    asleep: bool,
    /// Fraction of an interval in 1/65536ths, so that checks made at once are not asked at once for ever.
    spread: u16,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// Ask at this instant.
    Waiting(Instant),
    /// Asked; lost at `until`. `asked` anchors the next question.
    Asked {
        id: AskId,
        asked: Instant,
        until: Instant,
    },
}

impl Prober {
    /// A machine without checks and without a worker. `seed` spreads first questions and does nothing else.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            next_id: 0,
            next_ask: 0,
            worker_up: false,
            probes: BTreeMap::new(),
            queue: BTreeSet::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Adds a check that counts as `standing` until its first verdict, which decides alone.
    pub fn add(&mut self, aim: Aim, plan: CheckPlan, standing: Standing, now: Instant) -> ProbeId {
        let id = ProbeId(self.next_id);
        self.next_id += 1;
        let spread = scatter(self.seed, id.0);
        let first = now + fraction(first_within(&plan), spread);
        let probe = Probe {
            aim,
            check: Check::new(plan, standing),
            phase: Phase::Waiting(first),
            asleep: false,
            spread,
        };
        self.probes.insert(id, probe);
        self.enqueue(id);
        id
    }

    /// Gives a check another plan. Verdicts, counters and schedule stay, the next question comes sooner if the new
    /// interval is shorter.
    pub fn update(&mut self, id: ProbeId, aim: Aim, plan: CheckPlan, now: Instant) {
        self.dequeue(id);
        if let Some(probe) = self.probes.get_mut(&id) {
            if let Phase::Waiting(at) = &mut probe.phase {
                *at = (*at).min(now + plan.interval);
            }
            probe.aim = aim;
            probe.check.set_plan(plan);
        }
        self.enqueue(id);
    }

    /// A check without a verdict yet counts as this until its first.
    pub fn assume(&mut self, id: ProbeId, standing: Standing) {
        if let Some(probe) = self
            .probes
            .get_mut(&id)
            .filter(|probe| probe.check.verdicts() == 0)
        {
            probe.check = Check::new(probe.check.plan().clone(), standing);
        }
    }

    /// Puts a check to sleep, and its verdict stands; or wakes it, and it is asked soon. An answer under way is ignored.
    pub fn suspend(&mut self, id: ProbeId, asleep: bool, now: Instant) {
        if self.probes.get(&id).is_none_or(|probe| probe.asleep == asleep) {
            return;
        }
        self.dequeue(id);
        if let Some(probe) = self.probes.get_mut(&id) {
            if let Phase::Asked { id: ask, .. } = probe.phase {
                self.asked.remove(&ask);
            }
            let within = first_within(probe.check.plan());
            probe.phase = Phase::Waiting(now + fraction(within, probe.spread));
            probe.asleep = asleep;
        }
        self.enqueue(id);
    }

    /// Forgets a check. An answer under way will be ignored.
    pub fn remove(&mut self, id: ProbeId) {
        self.dequeue(id);
        if let Some(Probe {
            phase: Phase::Asked { id: ask, .. },
            ..
        }) = self.probes.remove(&id)
        {
            self.asked.remove(&ask);
        }
    }

    /// The check with this name.
    pub fn check(&self, id: ProbeId) -> Option<&Check> {
        self.probes.get(&id).map(|probe| &probe.check)
    }

    /// What a check is about.
    pub fn aim(&self, id: ProbeId) -> Option<&Aim> {
        self.probes.get(&id).map(|probe| &probe.aim)
    }

    /// The worker was lost or is back. While it is lost nothing is asked; when it is back everything is asked again.
    pub fn handle_worker(&mut self, up: bool, now: Instant) {
        if self.worker_up == up {
            return;
        }
        self.worker_up = up;
        self.asked.clear();
        self.queue.clear();
        for (id, probe) in &mut self.probes {
            let within = first_within(probe.check.plan());
            probe.phase = Phase::Waiting(now + fraction(within, probe.spread));
            if up && !probe.asleep {
                self.queue.insert((probe.wants_at(), *id));
            }
        }
    }

    /// Takes an answer. Returns the check it was for; `None` when nobody waits for it (late, repeated, invented).
    pub fn handle_verdict(&mut self, verdict: Verdict, now: Instant) -> Option<ProbeId> {
        let id = self.asked.remove(&verdict.ask)?;
        self.dequeue(id);
        let probe = self.probes.get_mut(&id)?;
        probe.count(verdict, now);
        self.enqueue(id);
        Some(id)
    }

    /// The next thing due at `now`; call until it gives `None`.
    pub fn poll_due(&mut self, now: Instant) -> Option<Due> {
        let (at, id) = *self.queue.first()?;
        if at > now {
            return None;
        }
        self.queue.pop_first();
        let probe = self.probes.get_mut(&id)?;
        let due = match probe.phase {
            Phase::Waiting(_) => {
                let ask = AskId(self.next_ask);
                self.next_ask += 1;
                self.asked.insert(ask, id);
                Due::Ask(probe.ask(ask, now))
            }
            Phase::Asked { id: ask, .. } => {
                self.asked.remove(&ask);
                probe.lapse(ask, now);
                Due::Lapsed(id)
            }
        };
        self.enqueue(id);
        Some(due)
    }

    /// When something is due next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.queue.first().map(|(at, _)| *at)
    }

    fn enqueue(&mut self, id: ProbeId) {
        if !self.worker_up {
            return;
        }
        if let Some(probe) = self.probes.get(&id).filter(|probe| !probe.asleep) {
            self.queue.insert((probe.wants_at(), id));
        }
    }

    fn dequeue(&mut self, id: ProbeId) {
        if let Some(probe) = self.probes.get(&id) {
            self.queue.remove(&(probe.wants_at(), id));
        }
    }
}

impl Probe {
    fn wants_at(&self) -> Instant {
        match self.phase {
            Phase::Waiting(at) => at,
            Phase::Asked { until, .. } => until,
        }
    }

    fn ask(&mut self, id: AskId, now: Instant) -> Ask {
        let plan = self.check.plan();
        self.phase = Phase::Asked {
            id,
            asked: now,
            until: now + plan.timeout + GRACE,
        };
        Ask {
            id,
            subject: self.aim.subject.clone(),
            plugin: plan.plugin.clone(),
            target: self.aim.target,
            parameters: plan.parameters.clone(),
            timeout: plan.timeout,
        }
    }

    fn count(&mut self, verdict: Verdict, now: Instant) {
        let asked = match self.phase {
            Phase::Asked { asked, .. } => asked,
            Phase::Waiting(_) => now,
        };
        let first = self.check.verdicts() == 0;
        let pending_failure = self.check.handle_verdict(verdict);
        let plan = self.check.plan();
        let next = match plan.retry_interval.filter(|_| pending_failure) {
            Some(gap) => now + gap,
            // The second question comes early by up to half an interval: first questions stand close together.
            None if first => asked + plan.interval / 2 + fraction(plan.interval / 2, self.spread),
            None => asked + plan.interval,
        };
        self.phase = Phase::Waiting(next.max(now));
    }

    fn lapse(&mut self, ask: AskId, now: Instant) {
        let waited = self.check.plan().timeout + GRACE;
        let verdict = Verdict {
            ask,
            status: Status::Unknown,
            reason: format!("no answer from the worker within {waited:?}"),
            weight: None,
            took: waited,
            generation: model::ids::Generation(0),
        };
        self.count(verdict, now);
    }
}

/// How long a first question may wait.
fn first_within(plan: &CheckPlan) -> Duration {
    plan.warmup.unwrap_or(plan.interval.min(FIRST_WITHIN))
}

/// `spread`/65536 of `whole`.
fn fraction(whole: Duration, spread: u16) -> Duration {
    let nanos = whole.as_nanos() * u128::from(spread) / 65_536;
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// A number that looks random and is a function of its arguments (splitmix64's finalizer).
fn scatter(seed: u64, number: u64) -> u16 {
    let mut mixed = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let [high, low, ..] = (mixed ^ (mixed >> 31)).to_be_bytes();
    u16::from_be_bytes([high, low])
}

#[cfg(test)]
mod tests;
