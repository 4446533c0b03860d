//! Where adverts are to be heard, as a level. A link that goes down and comes back is joined anew, because the kernel
//! may have forgotten the membership, and so is a link that was made anew under its name.

use std::collections::BTreeSet;

use model::effect::{ElectEffect, Listener};
use model::plan::Transport;

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
        if self.stopping {
            return BTreeSet::new();
        }
        let up = self.instances.iter().filter(|instance| instance.link_up);
        up.filter_map(|instance| {
            Some(Listener {
                link: instance.link?,
                family: instance.plan.family,
                group: match &instance.plan.transport {
                    Transport::Multicast(group) => Some(*group),
                    Transport::Unicast { .. } => None,
                },
            })
        })
        .collect()
    }
}
