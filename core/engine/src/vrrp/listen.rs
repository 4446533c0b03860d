//! Where adverts are to be heard, as a level. A link that goes down and comes back is joined anew, because the kernel
//! may have forgotten the membership, and so is a link that was made anew under its name.

use std::collections::BTreeSet;

use model::effect::{ElectEffect, Listener};
use model::plan::{Auth, Transport};

use super::Election;

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

    fn wanted_listeners(&self) -> BTreeSet<Listener> {
        let mut wanted = BTreeSet::new();
        let up = self.instances.iter().filter(|instance| instance.link_up);
        for instance in up.filter(|_| !self.stopping) {
            let Some(link) = instance.link else { continue };
            let listener = Listener {
                link,
                family: instance.plan.family,
                group: match &instance.plan.transport {
                    Transport::Multicast(group) => Some(*group),
                    Transport::Unicast { .. } => None,
                },
                authenticated: false,
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
