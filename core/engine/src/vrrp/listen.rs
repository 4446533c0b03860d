//! Where adverts are to be heard, as a level. A link that goes down and comes back is joined anew, because the kernel
//! may have forgotten the membership, and so is a link that was made anew under its name.

use std::collections::BTreeSet;

use model::effect::{ElectEffect, Listener};
use model::plan::{Auth, Transport};
use model::time::Instant;

use super::Election;
use super::instance::{Instance, Phase};

impl Election {
    /// Orders the difference between where we listen and where we have to.
    pub(super) fn settle_listeners(&mut self) {
        let wanted = self.wanted_listeners();
        for gone in self.listening.difference(&wanted) {
            self.out.push(ElectEffect::Unlisten(*gone));
        }
        for new in wanted.difference(&self.listening) {
            self.out.push(ElectEffect::Listen(*new));
        }
        self.listening = wanted;
    }

    /// Takes that adverts are heard from now on where they were asked for. The silence before says nothing about a
    /// Master, so a Backup begins to wait now: with many instances and short intervals the start takes longer than the
    /// Down interval.
    pub fn handle_listening(&mut self, listener: Listener, now: Instant) {
        for i in 0..self.instances.len() {
            let Some(instance) = self.instances.get_mut(i) else {
                continue;
            };
            let concerns = instance.listener().is_some_and(|own| {
                Listener {
                    authenticated: listener.authenticated,
                    ..own
                } == listener
            });
            if concerns && let Phase::Backup(backup) = &mut instance.phase {
                backup.armed = backup.armed.max(now);
                self.touch(i);
            }
        }
        self.schedule_touched();
    }

    fn wanted_listeners(&self) -> BTreeSet<Listener> {
        let mut wanted = BTreeSet::new();
        let up = self.instances.iter().filter(|instance| instance.link_up);
        for instance in up.filter(|_| !self.stopping) {
            let Some(listener) = instance.listener() else {
                continue;
            };
            // Who asks for authentication wants to know of those without it.
            wanted.insert(listener);
            if matches!(instance.plan.auth, Auth::Header(_)) {
                wanted.insert(Listener {
                    authenticated: true,
                    ..listener
                });
            }
        }
        wanted
    }
}

impl Instance {
    /// Where it hears adverts that prove nothing.
    fn listener(&self) -> Option<Listener> {
        Some(Listener {
            link: self.link?,
            family: self.plan.family,
            group: match &self.plan.transport {
                Transport::Multicast(group) => Some(*group),
                Transport::Unicast { .. } => None,
            },
            authenticated: false,
        })
    }
}
