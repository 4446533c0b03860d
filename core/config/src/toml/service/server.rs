//! Real servers: `servers`, `server` and `backup`.

use std::time::Duration;

use model::ipvs::{DestinationKey, Forward};
use model::plan::{Arguments, CommandPlan, ServerPlan};

use super::parts::{self, destination};
use crate::diagnostics::Diagnostics;
use crate::draft::{PluginUse, server};
use crate::toml::check::{self, Checked};
use crate::toml::keys::{self, Keys};
use crate::toml::tree::{Node, Value};

/// What servers inherit.
pub(super) struct Base<'a> {
    pub(super) forward: Forward,
    pub(super) inhibit: bool,
    pub(super) starts_down: bool,
    pub(super) needed: Option<u32>,
    pub(super) slow_start: Option<Duration>,
    pub(super) checks: &'a [Checked],
}

impl Base<'_> {
    fn server(&self, key: DestinationKey) -> ServerPlan {
        let mut plan = server(key, self.forward);
        plan.inhibit_on_failure = self.inhibit;
        plan.starts_down = self.starts_down;
        plan.needed = self.needed;
        plan.slow_start = self.slow_start;
        plan
    }
}

/// `"10.0.0.11:80"`, or a table.
pub(super) fn lower(
    node: &Node,
    base: &Base<'_>,
    uses: &mut Vec<PluginUse>,
    d: &mut Diagnostics,
) -> Option<ServerPlan> {
    let inherit = |uses: &mut Vec<PluginUse>| {
        uses.extend(base.checks.iter().map(|check| check.used.clone()));
        base.checks.iter().map(|check| check.plan.clone()).collect()
    };
    let Value::Table(table) = &node.value else {
        let socket = keys::socket(node, d)?;
        let mut plan = base.server(destination(socket));
        plan.checks = inherit(uses);
        return Some(plan);
    };
    let mut keys = Keys::new(table, "a server");
    let address = match keys.node("address") {
        Some(node) => keys::socket(node, d),
        None => d.missing_key(&node.span, "a server", "address", "address = \"10.0.0.11:80\""),
    };
    let weight = keys.number("weight", 0, 65_535, d).map(|at| at.value);
    let upper = keys
        .number("upper_threshold", 0, i64::from(u32::MAX), d)
        .map(|at| at.value);
    let lower = keys
        .number("lower_threshold", 0, i64::from(u32::MAX), d)
        .map(|at| at.value);
    let forward = parts::forward(&mut keys, d).unwrap_or(base.forward);
    let inhibit = keys.flag("inhibit_on_failure", d).unwrap_or(base.inhibit);
    let starts_down = keys.flag("starts_down", d).unwrap_or(base.starts_down);
    let needed = parts::checks_needed(&mut keys, d).unwrap_or(base.needed);
    let slow_start = parts::slow_start(&mut keys, d).unwrap_or(base.slow_start);
    let up = keys.command("up", d);
    let down = keys.command("down", d);
    let user = keys.user("user", d).flatten();
    let checks = match check::lower_all(&mut keys, d) {
        None => inherit(uses),
        Some(own) => own
            .into_iter()
            .map(|check| (uses.push(check.used), check.plan).1)
            .collect(),
    };
    keys.finish(d);
    let number = |number: Option<i64>, or| number.and_then(|n| u32::try_from(n).ok()).unwrap_or(or);
    let command = |at: keys::At<Vec<String>>| CommandPlan {
        argv: at.value,
        user: user.clone(),
        arguments: Arguments::AsWritten,
    };
    Some(ServerPlan {
        weight: number(weight, 1),
        upper_threshold: number(upper, 0),
        lower_threshold: number(lower, 0),
        inhibit_on_failure: inhibit,
        starts_down,
        checks,
        needed,
        slow_start,
        up: up.map(command),
        down: down.map(command),
        ..server(destination(address?), forward)
    })
}
