//! `[interface.NAME]` and `[switch.NAME]`: what is known of interfaces.

use std::time::Duration;

use model::plan::{LinkPlan, SwitchPlan};

use super::keys::{self, Keys};
use super::tree::{Entry, Table};
use crate::diagnostics::Diagnostics;
use crate::draft::Draft;
use crate::unit;

pub(super) fn lower(name: &Entry, table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "an interface");
    let down_delay = wait(&mut keys, "down_delay", d);
    let up_delay = wait(&mut keys, "up_delay", d);
    keys.finish(d);
    if !unit::interface(&name.key) {
        return d
            .bad_interface::<()>(&name.key_span, &name.key)
            .unwrap_or_default();
    }
    draft.links.push(LinkPlan {
        interface: name.key.as_str().into(),
        down_delay,
        up_delay,
    });
}

pub(super) fn lower_switch(name: &Entry, table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "a switch");
    let nodes = keys.list("interfaces", d).iter();
    let mut interfaces = Vec::new();
    for node in nodes {
        let Some(interface) = keys::interface(node, d) else {
            continue;
        };
        let mut others = draft.switches.iter().flat_map(|switch| &switch.interfaces);
        if others.any(|known| known.as_str() == interface) {
            let message = format!("{interface} is behind another switch already");
            d.refused_value(
                &node.span,
                &message,
                "behind one switch only",
                "remove it here or there",
            );
        }
        interfaces.push(interface);
    }
    let (arp_gap, na_gap) = (wait(&mut keys, "arp_gap", d), wait(&mut keys, "na_gap", d));
    let refused = keys.refused;
    keys.finish(d);
    if interfaces.is_empty() {
        if !refused {
            let example = "interfaces = [\"eth0\", \"eth1\"]";
            d.missing_key::<()>(&name.key_span, "a switch", "interfaces", example);
        }
        return;
    }
    draft.switches.push(SwitchPlan {
        interfaces: interfaces.into_iter().map(Into::into).collect(),
        arp_gap,
        na_gap,
    });
}

/// A time that may pass before anything happens: none where nothing is written, an hour at most.
pub(super) fn wait(keys: &mut Keys<'_>, key: &'static str, d: &mut Diagnostics) -> Duration {
    let Some(at) = keys.duration(key, d) else {
        return Duration::ZERO;
    };
    if at.value > unit::WAIT_MAX {
        d.wait_range(&at.span);
    }
    at.value
}
