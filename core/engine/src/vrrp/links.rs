//! What is known of the interfaces.

use std::collections::BTreeMap;

use model::fact::{LinkFact, LinkNews};
use model::ids::{LinkIndex, LinkName};

/// Interfaces by index, as last told.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_index: BTreeMap<LinkIndex, LinkFact>,
}

impl Links {
    pub(super) fn update(&mut self, news: LinkNews) {
        match news {
            LinkNews::Is(fact) => {
                // A device may be made anew under its old name before the end of the old one is told.
                self.by_index
                    .retain(|index, known| *index == fact.index || known.name != fact.name);
                self.by_index.insert(fact.index, fact);
            }
            LinkNews::Gone(index) => {
                self.by_index.remove(&index);
            }
        }
    }

    pub(super) fn named(&self, name: &LinkName) -> Option<&LinkFact> {
        self.by_index.values().find(|fact| fact.name == *name)
    }

    pub(super) fn at(&self, index: LinkIndex) -> Option<&LinkFact> {
        self.by_index.get(&index)
    }
}
