//! `[tracker.NAME]`: a check of this node.

use super::check;
use super::keys::Keys;
use super::tree::{Entry, Table};
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, TrackerDraft};
use model::plan::TrackerPlan;

pub(super) fn lower(name: &Entry, table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "a tracker");
    let node = keys.node("check");
    let weight = keys
        .number("weight", -253, 253, d)
        .and_then(|at| i16::try_from(at.value).ok());
    keys.finish(d);
    let Some(node) = node else {
        let example = "check = { plugin = \"misc\", command = [\"/usr/bin/pidof\", \"haproxy\"] }";
        return d
            .missing_key::<()>(&name.key_span, "a tracker", "check", example)
            .unwrap_or_default();
    };
    // A tracker whose check is refused still exists, so that no reference to it is called undefined.
    let Some(check) = check::lower(node, d) else {
        return draft.broken_trackers.push(name.key.as_str().into());
    };
    draft.uses.push(check.used);
    draft.trackers.push(TrackerDraft {
        plan: TrackerPlan {
            name: name.key.as_str().into(),
            check: check.plan,
        },
        weight: weight.unwrap_or(0),
        head: name.key_span.clone(),
    });
}
