//! What is known of the interfaces, and what is believed of it: a change that the operator has us doubt counts only when
//! it has stayed (KA-053).

use std::collections::BTreeMap;
use std::time::Duration;

use model::fact::{LinkFact, LinkNews};
use model::ids::{LinkIndex, LinkName};
use model::plan::LinkPlan;
use model::time::Instant;

/// Interfaces by index, as they are believed to be.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    by_index: BTreeMap<LinkIndex, LinkFact>,
    by_name: BTreeMap<LinkName, LinkIndex>,
    plans: BTreeMap<LinkName, LinkPlan>,
    /// Interfaces that went up or down, and when that is believed.
    doubted: BTreeMap<LinkIndex, Instant>,
}

impl Links {
    /// Takes how long to doubt changes from now on. What is doubted already stays so.
    pub(super) fn plan(&mut self, plans: &[LinkPlan]) {
        self.plans = plans
            .iter()
            .map(|plan| (plan.interface.clone(), plan.clone()))
            .collect();
    }

    /// `hold_max` is the longest that a loss may be doubted, for whom that matters.
    pub(super) fn update(&mut self, news: LinkNews, hold_max: Option<Duration>, now: Instant) {
        match news {
            LinkNews::Is(mut fact) => {
                self.doubt(&mut fact, hold_max, now);
                self.forget(fact.index);
                // A device may be made anew under its old name before the end of the old one is told.
                if let Some(old) = self.by_name.insert(fact.name.clone(), fact.index) {
                    self.by_index.remove(&old);
                    self.doubted.remove(&old);
                }
                self.by_index.insert(fact.index, fact);
            }
            LinkNews::Gone(index) => {
                self.forget(index);
                self.doubted.remove(&index);
            }
        }
    }

    /// Leaves an interface up or down as it was, while its change is doubted.
    fn doubt(&mut self, fact: &mut LinkFact, hold_max: Option<Duration>, now: Instant) {
        let before = self.by_index.get(&fact.index).map(|known| known.up);
        let Some(before) = before.filter(|before| *before != fact.up) else {
            self.doubted.remove(&fact.index);
            return;
        };
        let plan = self.plans.get(&fact.name);
        let delay = plan.map_or(Duration::ZERO, |plan| match (fact.up, hold_max) {
            (true, _) => plan.up_delay,
            (false, Some(max)) => plan.down_delay.min(max),
            (false, None) => plan.down_delay,
        });
        let believed = *self.doubted.entry(fact.index).or_insert(now + delay);
        if believed > now {
            fact.up = before;
        } else {
            self.doubted.remove(&fact.index);
        }
    }

    /// Whether somebody asks for changes of an interface to be doubted.
    pub(super) fn doubts(&self, name: &LinkName) -> bool {
        self.plans.contains_key(name)
    }

    /// Whether an interface may have gone up or down, and it is not believed yet.
    pub(super) fn is_doubted(&self, index: LinkIndex) -> bool {
        self.doubted.contains_key(&index)
    }

    /// When the next change is believed.
    pub(super) fn due(&self) -> Option<Instant> {
        self.doubted.values().copied().min()
    }

    /// Believes what has stayed so for long enough; whether that was anything.
    pub(super) fn believe(&mut self, now: Instant) -> bool {
        let before = self.doubted.len();
        let by_index = &mut self.by_index;
        self.doubted.retain(|index, at| {
            let stays = *at > now;
            if let Some(fact) = by_index.get_mut(index).filter(|_| !stays) {
                fact.up = !fact.up;
            }
            stays
        });
        self.doubted.len() < before
    }

    fn forget(&mut self, index: LinkIndex) {
        if let Some(old) = self.by_index.remove(&index) {
            self.by_name.remove(&old.name);
        }
    }

    pub(super) fn named(&self, name: &LinkName) -> Option<&LinkFact> {
        self.at(*self.by_name.get(name)?)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &LinkFact> {
        self.by_index.values()
    }

    pub(super) fn at(&self, index: LinkIndex) -> Option<&LinkFact> {
        self.by_index.get(&index)
    }
}
