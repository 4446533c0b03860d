//! `check = { plugin = "http", path = "/healthz", interval = "2s" }`: our own keys, and beside them the plugin's.

mod via;

use std::collections::BTreeMap;
use std::time::Duration;

use model::plan::{CheckPlan, OnUnknown, Via};
use model::value::{Parameters, Value as Parameter};

use super::keys::{self, Keys};
use super::tree::{Entry, Node, Table, Value};
use crate::diagnostics::Diagnostics;
use crate::draft::{Exec, PluginUse};
use crate::plugins;
use crate::source::Span;

/// What a check of a real server does where it says nothing.
const INTERVAL: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_secs(1);

/// A check and what it needs of its plugin.
#[derive(Debug)]
pub(super) struct Checked {
    pub(super) plan: CheckPlan,
    pub(super) used: PluginUse,
}

/// The checks of a table: `check` for one, `checks` for several. `None` when there is neither key.
pub(super) fn lower_all(outer: &mut Keys<'_>, d: &mut Diagnostics) -> Option<Vec<Checked>> {
    let one = outer.node("check");
    let several = outer.entry("checks");
    if let (Some(_), Some(entry)) = (one, several) {
        d.check_and_checks(&entry.key_span);
    }
    match (one, several) {
        (None, None) => None,
        (Some(node), _) => Some(lower(node, d).into_iter().collect()),
        (None, Some(entry)) => {
            let nodes = keys::list(&entry.node, d).unwrap_or_default();
            Some(nodes.iter().filter_map(|node| lower(node, d)).collect())
        }
    }
}

/// One check: the name of a plugin, or a table.
pub(super) fn lower(node: &Node, d: &mut Diagnostics) -> Option<Checked> {
    if let Value::Text(plugin) = &node.value {
        let plan = plan(plugin, Parameters::new(), INTERVAL, TIMEOUT);
        plugins::check_parameters(&plan, &node.span, d);
        let used = PluginUse::of(&plan, &node.span, None);
        return Some(Checked { plan, used });
    }
    let table = keys::table(node, d)?;
    let mut keys = Keys::new(table, "a check");
    let Some(plugin) = keys.text("plugin", d) else {
        if keys.refused {
            return None;
        }
        return d.missing_key(&node.span, "a check", "plugin", "plugin = \"tcp\"");
    };
    let interval = keys.duration("interval", d);
    let timeout = keys.duration("timeout", d);
    let warmup = keys.duration("warmup", d).map(|at| at.value);
    let retry_interval = keys.duration("retry_interval", d).map(|at| at.value);
    let rise = count(&mut keys, "rise", d);
    let fall = count(&mut keys, "fall", d);
    let address = keys.address("address", d).map(|at| at.value);
    let port = keys
        .number("port", 1, 65_535, d)
        .and_then(|at| u16::try_from(at.value).ok());
    let via = via::lower(&mut keys, plugin.value, d);
    let on_unknown = keys.choice(
        "on_unknown",
        &[("keep", OnUnknown::Keep), ("fail", OnUnknown::Fail)],
        d,
    );
    let sets_weight = keys.flag("sets_weight", d).unwrap_or(false);
    let apart = keys.table("parameters", d);
    let mut parameters = apart.map(Table::parameters).unwrap_or_default();
    let exec = if plugin.value == "misc" {
        command(&mut keys, &mut parameters, d)
    } else {
        None
    };
    if keys.refused {
        return None;
    }
    rest(&keys, plugin.value, &mut parameters, d)?;
    let every = interval.as_ref().map_or(INTERVAL, |at| at.value);
    for at in [&interval, &timeout].into_iter().flatten() {
        if at.value.is_zero() {
            return d.zero_time(&at.span);
        }
    }
    let limit = timeout.map_or(TIMEOUT.min(every), |at| at.value);
    let mut plan = CheckPlan {
        warmup,
        retry_interval,
        rise,
        fall,
        address,
        port,
        via: via?,
        on_unknown: on_unknown.unwrap_or(OnUnknown::Fail),
        ..plan(plugin.value, parameters, every, limit)
    };
    if sets_weight {
        plugins::let_set_weight(&mut plan);
    }
    plugins::check_parameters(&plan, &node.span, d);
    let used = PluginUse::of(&plan, &plugin.span, exec).with_places(&places(apart, &keys));
    Some(Checked { plan, used })
}

/// Where parameters stand: in their own table, or beside our keys.
fn places(apart: Option<&Table>, keys: &Keys<'_>) -> BTreeMap<String, Span> {
    let mut places = apart.map(Table::places).unwrap_or_default();
    places.extend(
        keys.rest()
            .map(|entry| (entry.key.clone(), entry.key_span.clone())),
    );
    places
}

fn plan(plugin: &str, parameters: Parameters, interval: Duration, timeout: Duration) -> CheckPlan {
    CheckPlan {
        plugin: plugin.into(),
        parameters,
        address: None,
        port: None,
        via: Via::default(),
        interval,
        warmup: None,
        retry_interval: None,
        timeout,
        rise: 1,
        fall: 1,
        on_unknown: OnUnknown::Fail,
        sets_weight: false,
    }
}

fn count(keys: &mut Keys<'_>, key: &'static str, d: &mut Diagnostics) -> u32 {
    keys.number(key, 1, 1_000_000, d)
        .and_then(|at| u32::try_from(at.value).ok())
        .unwrap_or(1)
}

/// The command of `misc`: checked here, handed to the plugin as words, and granted to it.
fn command(keys: &mut Keys<'_>, parameters: &mut Parameters, d: &mut Diagnostics) -> Option<Exec> {
    let user = keys.user("user", d).flatten();
    let argv = keys.command("command", d)?.value;
    let words = argv.iter().map(|word| Parameter::Text(word.clone())).collect();
    parameters.insert("command".to_owned(), Parameter::List(words));
    Some(Exec { argv, user })
}

/// What is none of our keys is a parameter of the plugin, unless it looks like one of ours misspelt.
fn rest(keys: &Keys<'_>, plugin: &str, parameters: &mut Parameters, d: &mut Diagnostics) -> Option<()> {
    let own = plugins::parameters_of(plugin);
    let mut good = true;
    for Entry { key, key_span, node } in keys.rest() {
        let known = own.as_ref().is_some_and(|own| own.contains(&key.as_str()));
        // Only a single slip: `role` is a good name for a parameter, although `rise` is near.
        let misspelt = keys
            .known()
            .iter()
            .any(|known| strsim::damerau_levenshtein(key, known) == 1);
        match &own {
            Some(own) if !known => {
                let all: Vec<&str> = keys.known().iter().chain(own).copied().collect();
                d.unknown_key(key_span, key, &format!("a check by {plugin}"), &all);
                good = false;
            }
            None if misspelt => {
                d.unknown_key(key_span, key, "a check", keys.known());
                good = false;
            }
            _ => {
                parameters.insert(key.clone(), node.parameter());
            }
        }
    }
    good.then_some(())
}
