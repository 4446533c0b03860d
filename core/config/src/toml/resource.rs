//! `[[instance.NAME.resource]]`: what is true while Master, and only then.

use std::time::Duration;

use model::plan::{Grants, ResourcePlan};

use super::keys::{self, Keys};
use super::tree::Node;
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, PluginUse};

/// From one look to the next where nothing is said, and the shortest there may be: whoever runs an API counts.
const INTERVAL: Duration = Duration::from_secs(30);
const INTERVAL_MIN: Duration = Duration::from_secs(1);
/// Longest time for a step where nothing is said.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The resources of an instance or group, in order.
pub(super) fn lower_all(outer: &mut Keys<'_>, draft: &mut Draft, d: &mut Diagnostics) -> Vec<ResourcePlan> {
    let nodes = outer.list("resource", d);
    let mut plans: Vec<ResourcePlan> = Vec::new();
    for node in nodes {
        let Some(plan) = lower(node, draft, d) else {
            continue;
        };
        let is_same =
            |other: &ResourcePlan| other.plugin == plan.plugin && other.parameters == plan.parameters;
        if plans.iter().any(is_same) {
            d.resource_twice(&node.span);
        } else {
            plans.push(plan);
        }
    }
    plans
}

fn lower(node: &Node, draft: &mut Draft, d: &mut Diagnostics) -> Option<ResourcePlan> {
    let mut keys = Keys::new(keys::table(node, d)?, "a resource");
    let plugin = keys.text("plugin", d);
    let parameters = keys.table("parameters", d);
    let interval = keys.duration("interval", d);
    let timeout = keys.duration("timeout", d);
    let refused = keys.refused;
    keys.finish(d);
    if let Some(at) = interval.as_ref().filter(|at| at.value < INTERVAL_MIN) {
        return d.resource_interval(&at.span);
    }
    if let Some(at) = timeout.as_ref().filter(|at| at.value.is_zero()) {
        return d.zero_time(&at.span);
    }
    let Some(plugin) = plugin else {
        if refused {
            return None;
        }
        return d.missing_key(&node.span, "a resource", "plugin", "plugin = \"cloud-address\"");
    };
    draft.uses.push(PluginUse {
        plugin: plugin.value.into(),
        span: plugin.span,
        needs: Grants::default(),
        given: parameters.map(super::tree::Table::given).unwrap_or_default(),
    });
    Some(ResourcePlan {
        plugin: plugin.value.into(),
        parameters: parameters.map(super::tree::Table::parameters).unwrap_or_default(),
        interval: interval.map_or(INTERVAL, |at| at.value),
        timeout: timeout.map_or(TIMEOUT, |at| at.value),
    })
}
