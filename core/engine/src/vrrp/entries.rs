//! Routes and policy rules as levels. Nobody reports them: the kernel's consent to an order stands until the same
//! order is answered anew, because the entry had to be put back or could not be.

use model::effect::{ElectEffect, EntryOrder};
use model::fact::Outcome;
use model::ids::LinkIndex;
use model::route::Entry;
use model::time::Instant;

use super::Out;
use super::addresses::Place;
use super::level::{Aim, Answer, Level};
use super::links::Links;

/// One route or rule.
#[derive(Clone, Debug)]
pub(super) struct EntrySlot {
    pub(super) entry: Entry,
    /// With the interfaces that `level` is about; `None` while one of them is missing.
    placed: Option<Entry<LinkIndex>>,
    /// All of them were up when it was looked at last.
    up: bool,
    level: Level,
}

impl EntrySlot {
    pub(super) fn new(entry: Entry) -> Self {
        Self {
            entry,
            placed: None,
            up: false,
            level: Level::default(),
        }
    }

    /// What a predecessor left; `None` when an interface of it is gone, and the route with it.
    pub(super) fn left(left: &Entry<LinkIndex>, links: &Links) -> Option<Self> {
        left.resolve(|index| links.at(*index).map(|link| link.name.clone()))
            .map(Self::new)
    }

    /// Orders what is missing. What is not known is ordered: a start may find what a crash left behind.
    pub(super) fn reconcile(&mut self, aim: Aim, place: &Place<'_>, out: &mut Out, now: Instant) {
        if !self.is_placed(place.links) {
            self.leave(place, out);
            self.placed = self
                .entry
                .resolve(|name| place.links.named(name).map(|link| link.index));
            self.level.forget();
        }
        let Some(placed) = &self.placed else { return };
        let up = is_up(placed, place.links);
        if aim == Aim::On && up && !self.up {
            // The kernel drops routes over a link that goes down, and says nothing.
            self.level.forget();
        }
        self.up = up;
        if !self.level.must_order(&aim, || None, now) {
            return;
        }
        if aim == Aim::Off && place.others.hold_entry(placed) {
            self.level.forget();
            return;
        }
        let order = EntryOrder {
            order: out.next_order(),
            entry: placed.clone(),
        };
        self.level.ordered(aim, order.order, now);
        out.push(match aim {
            Aim::On => ElectEffect::AddEntry(order),
            Aim::Off => ElectEffect::RemoveEntry(order),
        });
    }

    /// Interfaces of it are gone, or have other names by now. Over those the kernel would keep it.
    fn leave(&self, place: &Place<'_>, out: &mut Out) {
        let stays = |placed: &&Entry<LinkIndex>| {
            let are_there = placed.links().all(|index| place.links.at(*index).is_some());
            are_there && self.level.is_done(&Aim::Off) != Some(true) && !self.level.is_idle()
        };
        let Some(placed) = self.placed.as_ref().filter(stays) else {
            return;
        };
        if !place.others.hold_entry(placed) {
            let order = EntryOrder {
                order: out.next_order(),
                entry: placed.clone(),
            };
            out.push(ElectEffect::RemoveEntry(order));
        }
    }

    /// Whether the interfaces that `level` is about still have the names that the plan says.
    fn is_placed(&self, links: &Links) -> bool {
        let named = self
            .entry
            .links()
            .map(|name| links.named(name).map(|link| link.index));
        let placed = self.placed.as_ref();
        placed.is_some_and(|placed| named.eq(placed.links().map(|index| Some(*index))))
    }

    /// It may be there no more, though the kernel agreed to it. False when nobody thought so.
    pub(super) fn doubt(&mut self) -> bool {
        let was_there = self.level.is_done(&Aim::On) == Some(true);
        if was_there {
            self.level.forget();
        }
        was_there
    }

    /// Takes an answer; `None` if it is not about this slot.
    pub(super) fn take_outcome(&mut self, outcome: &Outcome, now: Instant) -> Option<Answer> {
        self.level.take_outcome(outcome, true, now)
    }

    /// The next instant at which this slot has something to do.
    pub(super) fn due(&self) -> Option<Instant> {
        self.level.due()
    }

    /// Nothing of it is left, and nothing is under way.
    pub(super) fn is_gone(&self) -> bool {
        self.level.is_done(&Aim::Off).unwrap_or(true)
    }

    /// What is in the kernel's tables, or may be.
    pub(super) fn held(&self) -> Option<&Entry<LinkIndex>> {
        self.placed.as_ref()
    }
}

fn is_up(entry: &Entry<LinkIndex>, links: &Links) -> bool {
    let mut used = entry.links();
    used.all(|index| links.at(*index).is_some_and(|link| link.up))
}
