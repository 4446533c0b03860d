//! A Master that slept. Nobody can keep a process from being held up, but what it does on waking is ours: when its
//! peers have waited long enough to take its place, it goes before it speaks. A late advert would throw out whoever
//! took over, only to be missed again if the machine is still in trouble.

use model::time::Instant;
use model::transition::Cause;

use super::Election;
use super::group::waiting;
use super::instance::{Instance, Phase};
use super::transit::Farewell;

impl Election {
    /// Ends the Mastership of a unit of which a member slept for longer than its peers wait.
    pub(super) fn end_stalls(&mut self, unit: usize, now: Instant) {
        for n in 0.. {
            let Some(i) = self.member(unit, n) else { return };
            self.end_stall(i, now);
        }
    }

    /// The same for one member and its group.
    pub(super) fn end_stall(&mut self, i: usize, now: Instant) {
        let Some(slept) = self.instances.get(i).filter(|instance| instance.has_slept(now)) else {
            return;
        };
        for member in self.members(slept.unit) {
            let Some(instance) = self.instances.get_mut(member) else {
                continue;
            };
            let Phase::Master(master) = instance.phase else {
                continue;
            };
            instance.counters.late(now.since(master.advert_at));
            let (farewell, cause) = if instance.has_slept(now) {
                instance.counters.stalls += 1;
                let silence = now.since(master.spoke_at);
                (Farewell::Omit, Cause::Stalled { silence })
            } else {
                // Its own peers still wait: they are told instead of left waiting.
                let cause = instance.group.clone().map_or(Cause::Ready, Cause::Group);
                (Farewell::Say, cause)
            };
            // Who was Master before us is no news any more.
            instance.heard = None;
            let next = waiting(instance, now);
            self.enter(member, next, farewell, cause, now);
        }
    }
}

impl Instance {
    /// Whether this Master has been silent for longer than its peers wait. The owner stays: the addresses are its own.
    fn has_slept(&self, now: Instant) -> bool {
        match self.phase {
            Phase::Master(master) => now > master.believed_until && !self.priority.is_owner(),
            Phase::Initialize | Phase::Backup(_) | Phase::Fault => false,
        }
    }

    /// Until when peers that hear an advert now believe in us. They do not tell their priorities; whoever we outrank
    /// waits at least as long as we would ourselves. Who outranks us and does not preempt waits less, but is not moved
    /// by what we say then and answers it; to go for his sake alone (keepalived takes 254 for him) would cost those
    /// who have only lower peers a change of Masters that nobody needs.
    pub(super) fn believed_until(&self, now: Instant) -> Instant {
        now + self.down_interval(self.plan.advert_interval)
    }
}
