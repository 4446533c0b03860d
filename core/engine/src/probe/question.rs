//! One question and its schedule, for one check or for several that ask the same.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use model::ids::{AskId, Generation, PluginName};
use model::plan::{CheckPlan, Via};
use model::probe::{Ask, Status, Subject, Verdict};
use model::time::Instant;
use model::value::Parameters;

use super::{FIRST_WITHIN, GRACE, ProbeId};

/// Questions of an interval come at so many instants of it, its beats, for those that are due close together are asked
/// together, and cost their processes one waking: at least the first, at most the second.
const BEATS: [u32; 2] = [16, 64];
/// Between these two, how far apart beats are: further would save little.
const BEAT: Duration = Duration::from_micros(62_500);

/// Names a question within one prober. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct QuestionId(pub(super) u64);

/// What has to be the same for an answer to serve two checks: all of a plan but what the answers are worth.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Terms {
    target: Option<SocketAddr>,
    via: Via,
    plugin: PluginName,
    parameters: Parameters,
    pub(super) interval: Duration,
    warmup: Option<Duration>,
    retry_interval: Option<Duration>,
    timeout: Duration,
}

impl Terms {
    pub(super) fn new(target: Option<SocketAddr>, plan: &CheckPlan) -> Self {
        Self {
            target,
            via: plan.via.clone(),
            plugin: plan.plugin.clone(),
            parameters: plan.parameters.clone(),
            interval: plan.interval,
            warmup: plan.warmup,
            retry_interval: plan.retry_interval,
            timeout: plan.timeout,
        }
    }

    /// Most of what tells it apart; `None` for what is about one thing only.
    pub(super) fn key(&self) -> Option<(SocketAddr, PluginName)> {
        Some((self.target?, self.plugin.clone()))
    }
}

#[derive(Debug)]
pub(super) struct Question {
    pub(super) terms: Terms,
    /// Never empty, between two calls of the prober.
    pub(super) users: BTreeSet<ProbeId>,
    pub(super) phase: Phase,
    /// Fraction of an interval in 1/65536ths, so that checks made at once are not asked at once for ever.
    spread: u16,
    /// It had an answer.
    answered: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// Ask at this instant.
    Waiting(Instant),
    /// Asked; lost at `until`. `asked` anchors the next question.
    Asked {
        id: AskId,
        asked: Instant,
        until: Instant,
    },
}

impl Question {
    pub(super) fn new(terms: Terms, seed: u64, id: QuestionId, now: Instant) -> Self {
        let mut question = Self {
            terms,
            users: BTreeSet::new(),
            phase: Phase::Waiting(now),
            spread: scatter(seed, id.0),
            answered: false,
        };
        question.phase = Phase::Waiting(question.first(now));
        question
    }

    /// When a first question comes.
    pub(super) fn first(&self, now: Instant) -> Instant {
        let Terms { warmup, interval, .. } = self.terms;
        now + fraction(warmup.unwrap_or(interval.min(FIRST_WITHIN)), self.spread)
    }

    pub(super) fn wants_at(&self) -> Instant {
        match self.phase {
            Phase::Waiting(at) => at,
            Phase::Asked { until, .. } => until,
        }
    }

    /// The next question comes no later than this from now.
    pub(super) fn come_within(&mut self, within: Duration, now: Instant) {
        if let Phase::Waiting(at) = &mut self.phase {
            *at = (*at).min(now + within);
        }
    }

    /// Somebody asks for the first time.
    pub(super) fn come_first(&mut self, now: Instant) {
        self.come_within(self.first(now).since(now), now);
    }

    pub(super) fn ask(&mut self, id: AskId, subject: Subject, now: Instant) -> Ask {
        let Terms {
            target,
            via,
            plugin,
            parameters,
            timeout,
            ..
        } = &self.terms;
        self.phase = Phase::Asked {
            id,
            asked: now,
            until: now + *timeout + GRACE,
        };
        Ask {
            id,
            subject,
            plugin: plugin.clone(),
            target: *target,
            via: via.clone(),
            parameters: parameters.clone(),
            timeout: *timeout,
        }
    }

    /// Plans the next question. A failure that does not count yet is looked into after the retry interval.
    pub(super) fn answered(&mut self, pending_failure: bool, now: Instant) {
        let asked = match self.phase {
            Phase::Asked { asked, .. } => asked,
            Phase::Waiting(_) => now,
        };
        let Terms {
            interval,
            retry_interval,
            ..
        } = self.terms;
        let next = match retry_interval.filter(|_| pending_failure) {
            Some(gap) => now + gap,
            // The second question comes early by up to half an interval: first questions stand close together.
            None if !self.answered => on_the_beat(
                asked + interval / 2 + fraction(interval / 2, self.spread),
                interval,
            ),
            None => on_the_beat(asked + interval, interval),
        };
        self.answered = true;
        self.phase = Phase::Waiting(next.max(now));
    }

    /// What counts instead of the answer that never came.
    pub(super) fn lapsed(&self, ask: AskId) -> Verdict {
        let waited = self.terms.timeout + GRACE;
        Verdict {
            ask,
            status: Status::Unknown,
            reason: format!("no answer from the worker within {waited:?}"),
            weight: None,
            took: waited,
            generation: Generation(0),
        }
    }
}

/// The last beat of an interval up to `at`. What was asked a little late comes back to its beat, so that questions do
/// not drift together.
fn on_the_beat(at: Instant, interval: Duration) -> Instant {
    let [fewest, most] = BEATS.map(|beats| interval / beats);
    let beat = BEAT.clamp(most, fewest);
    let beat = u64::try_from(beat.as_nanos()).unwrap_or(u64::MAX).max(1);
    Instant::from_nanos(at.as_nanos() / beat * beat)
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
