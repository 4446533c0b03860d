//! `bfd_instance`: a tracker that asks the plugin `bfd`. The session is kept by FRR's bfdd; how fast it finds out, and
//! where its packets come from, is said there.

use std::net::IpAddr;

use model::plan::{CheckPlan, OnUnknown, TrackerPlan};
use model::value::{Parameters, Value};

use super::args;
use super::global::{self, Globals};
use super::script::{self, VERDICT};
use super::tree::Item;
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, PluginUse, TrackerDraft};

pub(super) fn lower(block: &Item, globals: &mut Globals, draft: &mut Draft, d: &mut Diagnostics) {
    args::at_most(block, 1, d);
    let name = block.arg();
    let written = block.last("neighbor_ip").or(block.last("neighbour_ip"));
    let Some(item) = written else {
        d.refused_value(
            block.arg_span(),
            "this bfd_instance has no neighbor_ip",
            "watches nobody",
            "add neighbor_ip 192.0.2.2",
        );
        return draft.broken_trackers.push(name.into());
    };
    let Some(peer) = global::address(item, d) else {
        return draft.broken_trackers.push(name.into());
    };
    d.bfd_of_another(block.arg_span(), peer);
    let weight = block.last("weight").and_then(|item| {
        let words = item.args().iter().map(|word| word.text.as_str());
        script::weight(words, item, VERDICT, d)
    });
    let check = CheckPlan {
        // What nobody can tell is no end of the neighbour.
        on_unknown: OnUnknown::Keep,
        ..script::each_second("bfd", parameters(peer))
    };
    draft.uses.push(PluginUse::of(&check, block.span(), None));
    globals.neighbours.insert(name.to_owned(), peer);
    draft.trackers.push(TrackerDraft {
        plan: TrackerPlan {
            name: name.into(),
            check,
            starts_failed: false,
        },
        weight: weight.unwrap_or_default(),
        head: block.arg_span().clone(),
    });
}

/// What the plugin is asked.
pub(super) fn parameters(peer: IpAddr) -> Parameters {
    Parameters::from([("peer".to_owned(), Value::Text(peer.to_string()))])
}
