//! What is to be looked after: what was put in, until it is ordered out or refused.

use std::collections::BTreeMap;
use std::ops::Bound;

use model::effect::{EntryOrder, ShieldOrder};
use model::ids::{LinkIndex, OrderId};
use model::route::Entry;

use super::KernelOrder;

#[derive(Debug, Default)]
pub(super) struct Keeper {
    /// Each with the order that put it in last.
    kept: BTreeMap<Entry<LinkIndex>, OrderId>,
    shield: Option<ShieldOrder>,
    /// Where the round goes on; `None` between two rounds.
    from: Option<Bound<Entry<LinkIndex>>>,
}

impl Keeper {
    /// Takes note of an order that was carried out. What was refused is the engine's to order again.
    pub(super) fn handle_done(&mut self, order: KernelOrder, agreed: bool) {
        match order {
            KernelOrder::AddEntry(EntryOrder { order, entry }) if agreed && !entry.is_untracked() => {
                self.kept.insert(entry, order);
            }
            KernelOrder::AddEntry(EntryOrder { entry, .. })
            | KernelOrder::RemoveEntry(EntryOrder { entry, .. }) => self.forget(&entry),
            KernelOrder::Shield(order) => {
                self.shield = Some(order).filter(|order| agreed && !order.addresses.is_empty());
            }
            // Their own reports say what becomes of them.
            KernelOrder::AddAddress(_) | KernelOrder::RemoveAddress(_) | KernelOrder::Device(_) => {}
        }
    }

    /// Looks after it no more.
    pub(super) fn forget(&mut self, entry: &Entry<LinkIndex>) {
        self.kept.remove(entry);
    }

    /// The filter that is to be there.
    pub(super) const fn shield(&self) -> Option<&ShieldOrder> {
        self.shield.as_ref()
    }

    /// Begins with the first again, unless a round is under way.
    pub(super) fn begin_round(&mut self) {
        self.from.get_or_insert(Bound::Unbounded);
    }

    /// Whether there is a next step.
    pub(super) const fn is_on_round(&self) -> bool {
        self.from.is_some()
    }

    /// The next ones to look after, at most `most`.
    pub(super) fn step(&mut self, most: usize) -> Vec<EntryOrder> {
        let Some(from) = self.from.take() else {
            return Vec::new();
        };
        let rest = self.kept.range((from, Bound::Unbounded)).take(most);
        let step: Vec<EntryOrder> = rest
            .map(|(entry, order)| EntryOrder {
                order: *order,
                entry: entry.clone(),
            })
            .collect();
        if let Some(last) = step.last().filter(|_| step.len() == most) {
            self.from = Some(Bound::Excluded(last.entry.clone()));
        }
        step
    }
}

#[cfg(test)]
mod tests;
