//! From one state to another, with everything that belongs to it.

use model::effect::ElectEffect;
use model::time::Instant;
use model::transition::{Cause, State, Transition};

use super::instance::{Backup, Instance, Master, Phase};
use super::notice::Topic;
use super::{Election, Out};

/// Three Masterships within so many Down intervals are too many.
const FLAPPING: u32 = 20;

/// Where an instance goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Next {
    Initialize,
    Backup(Backup),
    Master,
    Fault,
}

/// Whether a Master that leaves says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// With priority 0: nobody else is known to be Master.
    Say,
    /// Not: a better Master was just heard.
    Omit,
}

impl Election {
    /// Moves an instance: what it says first, then its addresses, then the record of it.
    pub(super) fn enter(&mut self, i: usize, next: Next, farewell: Farewell, cause: Cause, now: Instant) {
        let Some(instance) = self.instances.get_mut(i) else {
            return;
        };
        let from = instance.state();
        let to = match next {
            Next::Initialize => State::Initialize,
            Next::Backup(_) => State::Backup,
            Next::Master => State::Master,
            Next::Fault => State::Fault,
        };
        match (from, to) {
            (State::Initialize, State::Initialize)
            | (State::Backup, State::Backup)
            | (State::Master, State::Master)
            | (State::Fault, State::Fault) => return,
            (State::Master, State::Initialize | State::Backup | State::Fault) => {
                instance.counters.released_master += 1;
                instance.trusting = false;
                // What is still to be said would draw hosts to us (KA-045).
                self.out.pace.withdraw(&instance.plan.name);
                if farewell == Farewell::Say {
                    // RFC 9568 §6.4.3: "Send an ADVERTISEMENT with Priority = 0", while the addresses are still on.
                    instance.send_farewell(&mut self.out);
                }
            }
            (State::Initialize | State::Backup | State::Fault, State::Master) => {
                instance.counters.became_master += 1;
                // Of a former Master; a Backup of later must not measure its silence from then.
                instance.heard = None;
                // RFC 9568 §6.4.2: the advert first, then the announcements.
                instance.send_advert(&mut self.out);
            }
            (State::Initialize | State::Fault, State::Backup) => instance.heard = None,
            (State::Initialize, State::Fault)
            | (State::Backup, State::Initialize | State::Fault)
            | (State::Fault, State::Initialize) => {}
        }
        instance.become_(next, cause.clone(), now);
        let record = instance.record(from, to, cause, now);
        // Its deadlines are found anew after this, too.
        self.reconcile(i, now);
        self.out.push(ElectEffect::Transition(record));
        if to == State::Master
            && let Some(instance) = self.instances.get_mut(i)
        {
            instance.count_rising(&mut self.out, now);
            instance.tell_twins(&self.links, &mut self.out, now);
        }
    }

    /// Ends an instance: Masters say so first.
    pub(super) fn stop_instance(&mut self, i: usize, cause: Cause, now: Instant) {
        if let Some(instance) = self.instances.get_mut(i) {
            instance.inherits_until = None;
        }
        self.enter(i, Next::Initialize, Farewell::Say, cause, now);
        self.reconcile(i, now);
    }
}

impl Instance {
    fn become_(&mut self, next: Next, cause: Cause, now: Instant) {
        self.phase = match next {
            Next::Initialize => Phase::Initialize,
            Next::Backup(backup) => Phase::Backup(backup),
            Next::Master => Phase::Master(Master {
                advert_at: now + self.interval(),
                spoke_at: now,
                believed_until: self.believed_until(now),
                healed_at: now,
            }),
            Next::Fault => Phase::Fault,
        };
        self.since = now;
        self.cause = Some(cause);
        self.inherits_until = None;
    }

    /// VRRP-018: a Mastership that comes and goes is told.
    fn count_rising(&mut self, out: &mut Out, now: Instant) {
        self.risings.rotate_left(1);
        let [first, _, last] = &mut self.risings;
        *last = Some(now);
        let Some(first) = *first else { return };
        let span = now.since(first);
        if span <= self.down_interval(self.plan.advert_interval) * FLAPPING {
            let words = || {
                format!(
                    "became Master 3 times in {span:.1?}; look for adverts that are lost or late, \
                     and for trackers that come and go"
                )
            };
            self.notice(Topic::Flapping, None, words, out, now);
        }
    }

    fn record(&self, from: State, to: State, cause: Cause, now: Instant) -> Transition {
        Transition {
            instance: self.plan.name.clone(),
            group: self.group.clone(),
            from,
            to,
            cause,
            priority: self.priority.get(),
            at: now,
        }
    }
}
