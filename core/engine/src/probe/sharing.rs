//! Who asks what with whom.

use model::time::Instant;

use super::question::{Phase, Question, QuestionId, Terms};
use super::{Probe, ProbeId, Prober};

impl Prober {
    /// Has a check ask: with those who ask the same already, or for itself.
    pub(super) fn join(&mut self, id: ProbeId, now: Instant) {
        let Some(terms) = self.probes.get(&id).map(Probe::terms) else {
            return;
        };
        let of = if let Some(of) = self.find(&terms) {
            of
        } else {
            let of = QuestionId(self.next_question);
            self.next_question += 1;
            self.questions
                .insert(of, Question::new(terms, self.seed, of, now));
            self.list(of);
            of
        };
        self.dequeue(of);
        if let Some(question) = self.questions.get_mut(&of) {
            question.users.insert(id);
            question.come_first(now);
        }
        self.enqueue(of);
        if let Some(probe) = self.probes.get_mut(&id) {
            probe.question = Some(of);
        }
    }

    /// Has a check ask no more. What nobody asks is forgotten.
    pub(super) fn leave(&mut self, id: ProbeId) {
        let Some(of) = self.probes.get_mut(&id).and_then(|probe| probe.question.take()) else {
            return;
        };
        let Some(question) = self.questions.get_mut(&of) else {
            return;
        };
        question.users.remove(&id);
        if question.users.is_empty() {
            self.dequeue(of);
            self.unlist(of);
            if let Some(Question {
                phase: Phase::Asked { id: ask, .. },
                ..
            }) = self.questions.remove(&of)
            {
                self.asked.remove(&ask);
            }
        }
    }

    pub(super) fn find(&self, terms: &Terms) -> Option<QuestionId> {
        let known = self.shareable.get(&terms.key()?)?;
        let same = |id: &QuestionId| {
            self.questions
                .get(id)
                .is_some_and(|question| question.terms == *terms)
        };
        known.iter().copied().find(same)
    }

    pub(super) fn list(&mut self, id: QuestionId) {
        if let Some(key) = self.questions.get(&id).and_then(|question| question.terms.key()) {
            self.shareable.entry(key).or_default().push(id);
        }
    }

    pub(super) fn unlist(&mut self, id: QuestionId) {
        let Some(key) = self.questions.get(&id).and_then(|question| question.terms.key()) else {
            return;
        };
        if let Some(known) = self.shareable.get_mut(&key) {
            known.retain(|known| *known != id);
            if known.is_empty() {
                self.shareable.remove(&key);
            }
        }
    }
}
