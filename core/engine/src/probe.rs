//! When to ask what, and what the answers are worth. Real servers and trackers are asked by the same machine.
//!
//! Rules: one question at a time per check; checks that ask the same of the same target share one question, whose answer
//! counts for each of them; a question without an answer counts as unknown after its timeout and [`GRACE`]; a lost worker
//! leaves all verdicts standing and takes its unanswered questions with it.

mod check;
mod question;
mod sharing;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use model::ids::{AskId, PluginName};
use model::plan::CheckPlan;
use model::probe::{Ask, Subject, Verdict};
use model::time::Instant;

pub use check::{Check, Standing};
use question::{Phase, Question, QuestionId, Terms};

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
    /// A question was never answered; counted as unknown, look at these checks again.
    Lapsed(Vec<ProbeId>),
}

/// All checks of a node and their schedule.
#[derive(Debug)]
pub struct Prober {
    seed: u64,
    next_id: u64,
    next_question: u64,
    next_ask: u64,
    worker_up: bool,
    probes: BTreeMap<ProbeId, Probe>,
    questions: BTreeMap<QuestionId, Question>,
    /// Questions by most of what tells them apart. Those without a target are about one thing each and are not here.
    shareable: BTreeMap<(SocketAddr, PluginName), Vec<QuestionId>>,
    /// Every instant at which a question wants something, soonest first.
    queue: BTreeSet<(Instant, QuestionId)>,
    asked: BTreeMap<AskId, QuestionId>,
}

#[derive(Debug)]
struct Probe {
    aim: Aim,
    check: Check,
    /// What it asks, alone or with others; `None` while it is asleep.
    question: Option<QuestionId>,
}

impl Prober {
    /// A machine without checks and without a worker. `seed` spreads first questions and does nothing else.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            next_id: 0,
            next_question: 0,
            next_ask: 0,
            worker_up: false,
            probes: BTreeMap::new(),
            questions: BTreeMap::new(),
            shareable: BTreeMap::new(),
            queue: BTreeSet::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Adds a check that counts as `standing` until its first verdict, which decides alone.
    pub fn add(&mut self, aim: Aim, plan: CheckPlan, standing: Standing, now: Instant) -> ProbeId {
        let id = ProbeId(self.next_id);
        self.next_id += 1;
        let check = Check::new(plan, standing);
        let question = None;
        self.probes.insert(id, Probe { aim, check, question });
        self.join(id, now);
        id
    }

    /// Gives a check another plan. Verdicts and counters stay, and the schedule as far as others do not share it; the next
    /// question comes sooner if the new interval is shorter.
    pub fn update(&mut self, id: ProbeId, aim: Aim, plan: CheckPlan, now: Instant) {
        let Some(probe) = self.probes.get_mut(&id) else {
            return;
        };
        probe.aim = aim;
        probe.check.set_plan(plan);
        let Some(of) = probe.question else { return };
        let terms = probe.terms();
        if self
            .questions
            .get(&of)
            .is_none_or(|question| question.terms == terms)
        {
            return;
        }
        let is_alone = self
            .questions
            .get(&of)
            .is_some_and(|question| question.users.len() == 1);
        if is_alone && self.find(&terms).is_none() {
            self.dequeue(of);
            self.unlist(of);
            if let Some(question) = self.questions.get_mut(&of) {
                question.come_within(terms.interval, now);
                question.terms = terms;
            }
            self.list(of);
            self.enqueue(of);
        } else {
            self.leave(id);
            self.join(id, now);
        }
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
        let is_asleep = self.probes.get(&id).map(|probe| probe.question.is_none());
        match (is_asleep, asleep) {
            (Some(false), true) => self.leave(id),
            (Some(true), false) => self.join(id, now),
            (Some(true), true) | (Some(false), false) | (None, _) => {}
        }
    }

    /// Forgets a check. An answer under way will be ignored.
    pub fn remove(&mut self, id: ProbeId) {
        self.leave(id);
        self.probes.remove(&id);
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
        for (id, question) in &mut self.questions {
            question.phase = Phase::Waiting(question.first(now));
            if up {
                self.queue.insert((question.wants_at(), *id));
            }
        }
    }

    /// Takes an answer. Returns the checks it was for; none when nobody waits for it (late, repeated, invented).
    pub fn handle_verdict(&mut self, verdict: &Verdict, now: Instant) -> Vec<ProbeId> {
        let Some(id) = self.asked.remove(&verdict.ask) else {
            return Vec::new();
        };
        self.dequeue(id);
        let users = self.count(id, verdict, now);
        self.enqueue(id);
        users
    }

    /// The next thing due at `now`; call until it gives `None`.
    pub fn poll_due(&mut self, now: Instant) -> Option<Due> {
        let (at, id) = *self.queue.first()?;
        if at > now {
            return None;
        }
        self.queue.pop_first();
        let question = self.questions.get_mut(&id)?;
        let due = match question.phase {
            Phase::Waiting(_) => {
                let ask = AskId(self.next_ask);
                self.next_ask += 1;
                self.asked.insert(ask, id);
                // A question without a check is forgotten with its last one.
                let first = question.users.first()?;
                let subject = self.probes.get(first)?.aim.subject.clone();
                Due::Ask(question.ask(ask, subject, now))
            }
            Phase::Asked { id: ask, .. } => {
                self.asked.remove(&ask);
                let verdict = question.lapsed(ask);
                Due::Lapsed(self.count(id, &verdict, now))
            }
        };
        self.enqueue(id);
        Some(due)
    }

    /// When something is due next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.queue.first().map(|(at, _)| *at)
    }

    /// Counts an answer for all who asked.
    fn count(&mut self, id: QuestionId, verdict: &Verdict, now: Instant) -> Vec<ProbeId> {
        let Some(question) = self.questions.get_mut(&id) else {
            return Vec::new();
        };
        let mut pending_failure = false;
        for user in &question.users {
            if let Some(probe) = self.probes.get_mut(user) {
                pending_failure |= probe.check.handle_verdict(verdict.clone());
            }
        }
        question.answered(pending_failure, now);
        question.users.iter().copied().collect()
    }

    fn enqueue(&mut self, id: QuestionId) {
        if !self.worker_up {
            return;
        }
        if let Some(question) = self.questions.get(&id) {
            self.queue.insert((question.wants_at(), id));
        }
    }

    fn dequeue(&mut self, id: QuestionId) {
        if let Some(question) = self.questions.get(&id) {
            self.queue.remove(&(question.wants_at(), id));
        }
    }
}

impl Probe {
    fn terms(&self) -> Terms {
        Terms::new(self.aim.target, self.check.plan())
    }
}

#[cfg(test)]
mod tests;
