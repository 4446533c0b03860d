//! What drafts have to be to become a plan, whichever language they came from.

mod device;
mod lvs;
mod strict;
mod vrrp;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use model::plan::Plan;

use crate::diagnostics::Diagnostics;
use crate::draft::Draft;
use crate::source::Span;

/// The kernel's schedulers (net/netfilter/ipvs).
pub(crate) const SCHEDULERS: [&str; 14] = [
    "rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf", "twos",
];

/// Seconds that IPVS takes for a time-out.
pub(crate) const IPVS_SECONDS: std::ops::RangeInclusive<u32> = 1..=2_678_400;

/// Longest time that a server may take to leave.
pub(crate) const LONGEST_DRAIN: Duration = Duration::from_secs(86_400);

/// Longest time that a server's weight may grow for.
pub(crate) const LONGEST_SLOW_START: Duration = Duration::from_secs(86_400);

/// Judges all drafts together. What it gives is whole only if there was no error.
pub(crate) fn check(draft: &mut Draft, d: &mut Diagnostics) -> Plan {
    vrrp::trackers(draft, d);
    vrrp::instances(draft, d);
    device::devices(draft, d);
    vrrp::groups(draft, d);
    fifos(draft, d);
    lvs::services(draft, d);
    lvs::sync(draft, d);
    Plan {
        node: draft.node.clone(),
        instances: draft
            .instances
            .iter()
            .map(|instance| instance.plan.clone())
            .collect(),
        groups: draft.groups.iter().map(|group| group.plan.clone()).collect(),
        statics: draft.statics.clone(),
        trackers: draft
            .trackers
            .iter()
            .map(|tracker| tracker.plan.clone())
            .collect(),
        machine: draft.machine.clone(),
        start: draft.start,
        links: draft.links.clone(),
        life: draft.life.clone(),
        switches: draft.switches.clone(),
        watches: draft.watches.iter().map(|watch| watch.plan.clone()).collect(),
        fifos: draft.fifos.iter().map(|fifo| fifo.plan.clone()).collect(),
        services: draft
            .services
            .iter()
            .map(|service| service.plan.clone())
            .collect(),
        ipvs: draft.ipvs.clone(),
        plugins: Vec::new(),
    }
}

/// Each named pipe has one meaning.
fn fifos(draft: &Draft, d: &mut Diagnostics) {
    let mut first: BTreeMap<&Path, &Span> = BTreeMap::new();
    for fifo in &draft.fifos {
        if let Some(span) = first.insert(&fifo.plan.path, &fifo.head) {
            d.duplicate(&fifo.head, "fifo", &fifo.plan.path.display().to_string(), span);
        }
    }
}
