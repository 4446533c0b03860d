//! What is known of the interfaces.

use std::collections::BTreeMap;

use model::fact::{LinkFact, LinkNews};
use model::ids::{LinkIndex, LinkName};

/// Interfaces by index, as last told.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    by_index: BTreeMap<LinkIndex, LinkFact>,
    by_name: BTreeMap<LinkName, LinkIndex>,
}

impl Links {
    pub(super) fn update(&mut self, news: LinkNews) {
        match news {
            LinkNews::Is(fact) => {
                self.forget(fact.index);
                // A device may be made anew under its old name before the end of the old one is told.
                if let Some(old) = self.by_name.insert(fact.name.clone(), fact.index) {
                    self.by_index.remove(&old);
                }
                self.by_index.insert(fact.index, fact);
            }
            LinkNews::Gone(index) => self.forget(index),
        }
    }

    fn forget(&mut self, index: LinkIndex) {
        if let Some(old) = self.by_index.remove(&index) {
            self.by_name.remove(&old.name);
        }
    }

    pub(super) fn named(&self, name: &LinkName) -> Option<&LinkFact> {
        self.at(*self.by_name.get(name)?)
    }

    pub(super) fn at(&self, index: LinkIndex) -> Option<&LinkFact> {
        self.by_index.get(&index)
    }
}
