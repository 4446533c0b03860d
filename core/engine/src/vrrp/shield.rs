//! Addresses whose packets are not accepted, as a level: those of the plan that the operator does not want accepted and
//! that this node does not own (RFC 9568 §6.4.3). They follow from the plan alone: a Backup has none of them to
//! accept packets for, so nothing has to be done at a takeover, and nothing can be late.

use std::net::IpAddr;

use model::effect::{ElectEffect, ShieldOrder};
use model::fact::Outcome;
use model::time::Instant;

use super::Election;
use super::instance::Instance;
use super::level::{Answer, Level};
use super::notice::Topic;

/// What was ordered about them. Before the first order nobody knows what there is: a dead daemon may have left something.
#[derive(Clone, Debug, Default)]
pub(super) struct Shield {
    level: Level<Vec<IpAddr>>,
}

impl Shield {
    /// When it is to be ordered again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.level.due()
    }
}

impl Election {
    /// Orders what is wanted, unless that is what was ordered last.
    pub(super) fn reconcile_shield(&mut self, now: Instant) {
        if !self.served {
            return;
        }
        let shielded = self.instances.iter().filter(|instance| instance.is_shielded());
        let mut addresses: Vec<IpAddr> = shielded
            .filter(|_| !self.stopping)
            .flat_map(|instance| &instance.holding.slots)
            .map(|slot| slot.address.net.addr())
            .collect();
        addresses.sort();
        addresses.dedup();
        let level = &mut self.shield.level;
        if level.must_order(&addresses, || None, now) {
            let order = self.out.next_order();
            level.ordered(addresses.clone(), order, now);
            self.out
                .push(ElectEffect::Shield(ShieldOrder { order, addresses }));
        }
    }

    /// Takes an answer about the shield; false if it is about something else.
    pub(super) fn take_shield_outcome(&mut self, outcome: &Outcome, now: Instant) -> bool {
        let Some(answer) = self.shield.level.take_outcome(outcome, true, now) else {
            return false;
        };
        let mut instances = self.instances.iter_mut();
        match (
            answer,
            &outcome.result,
            instances.find(|known| known.is_shielded()),
        ) {
            (Answer::Refused(pause), Err(words), Some(instance)) => {
                let words = || format!("{words}; the next attempt is in {pause:?}");
                instance.notice(Topic::Shield, None, words, &mut self.out, now);
            }
            (Answer::Restored, _, Some(instance)) => {
                let words = || {
                    "the filter that keeps packets from virtual addresses had been taken out, and is put back"
                        .to_owned()
                };
                instance.notice(Topic::Restored, None, words, &mut self.out, now);
            }
            (Answer::Done | Answer::Restored | Answer::Refused(_), _, _) => {}
        }
        true
    }
}

impl Instance {
    /// Whether packets to its addresses are not for this node.
    fn is_shielded(&self) -> bool {
        !self.plan.accept && !self.plan.priority.is_owner()
    }
}
