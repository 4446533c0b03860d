//! `[plugin.NAME]`: where its code is, what it may touch, what it may cost.

use std::collections::BTreeMap;

use model::plan::{ExecGrant, Grants, Limits, NetGrant, PluginPlan, PluginSource, SecretSource};

use super::keys::{self, Keys};
use super::tree::{Entry, Node, Table, Value};
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, PluginDraft};
use crate::{plugins, unit};

pub(super) fn lower(name: &Entry, table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "a plugin");
    let file = keys.text("file", d);
    let grants = keys.table("grants", d).map(|table| grants(table, d));
    let limits = keys.table("limits", d).map(|table| limits(table, d));
    let refused = keys.refused;
    keys.finish(d);
    let place = file.as_ref().map_or(&name.key_span, |file| &file.span).clone();
    let source = match file {
        Some(file) if file.value.ends_with(".lua") || file.value.ends_with(".wasm") => {
            PluginSource::File(file.span.directory().join(file.value))
        }
        Some(file) => return d.plugin_kind::<()>(&file.span, file.value).unwrap_or_default(),
        None if plugins::EMBEDDED.contains(&name.key.as_str()) => PluginSource::Embedded,
        None if refused => return,
        None => {
            let example = format!("file = \"plugins/{}.lua\"", name.key);
            return d
                .missing_key::<()>(&name.key_span, "a plugin", "file", &example)
                .unwrap_or_default();
        }
    };
    let granted = Grants {
        net: vec![NetGrant::Target],
        ..Grants::default()
    };
    draft.plugins.push(PluginDraft {
        span: place,
        plan: PluginPlan {
            name: name.key.as_str().into(),
            source,
            grants: grants.unwrap_or(granted),
            limits: limits.unwrap_or_default(),
        },
    });
}

fn grants(table: &Table, d: &mut Diagnostics) -> Grants {
    let mut keys = Keys::new(table, "grants");
    // What a plugin may do by default stays unless `net` itself is written: the target it was asked about.
    let net = match keys.entry("net") {
        None => vec![NetGrant::Target],
        Some(entry) => {
            let nodes = keys::list(&entry.node, d).unwrap_or_default();
            nodes.iter().filter_map(|node| net(node, d)).collect()
        }
    };
    let exec = keys
        .list("exec", d)
        .iter()
        .filter_map(|node| exec(node, d))
        .collect();
    let read = keys.list("read", d).iter().filter_map(|node| {
        let path = keys::text(node, d)?;
        if path.starts_with('/') {
            Some(path.into())
        } else {
            d.relative_grant(&node.span, path)
        }
    });
    let read = read.collect();
    let secret = keys
        .table("secret", d)
        .map(|table| secrets(table, d))
        .unwrap_or_default();
    let units = keys.list("units", d).iter().filter_map(|node| {
        let unit = keys::text(node, d)?;
        if unit.contains('.') {
            Some(unit.to_owned())
        } else {
            d.bad_unit(&node.span, unit)
        }
    });
    let units = units.collect();
    keys.finish(d);
    Grants {
        net,
        exec,
        read,
        secret,
        units,
    }
}

/// `{ token = "/etc/bellwether/token", other = "env:TOKEN" }`: each by the name that the plugin knows it by.
fn secrets(table: &Table, d: &mut Diagnostics) -> BTreeMap<String, SecretSource> {
    let mut found = BTreeMap::new();
    for Entry { key, node, .. } in &table.entries {
        let Some(text) = keys::text(node, d) else { continue };
        let source = match text.strip_prefix("env:") {
            Some(variable) if !variable.is_empty() => SecretSource::Environment(variable.to_owned()),
            _ if text.starts_with('/') => SecretSource::File(text.into()),
            _ => {
                d.bad_secret::<()>(&node.span, text);
                continue;
            }
        };
        found.insert(key.clone(), source);
    }
    found
}

fn net(node: &Node, d: &mut Diagnostics) -> Option<NetGrant> {
    let text = keys::text(node, d)?;
    match plugins::net_grant(text) {
        Some(grant) => Some(grant),
        None => d.bad_net_grant(&node.span, text),
    }
}

/// `["/usr/bin/pidof", "haproxy"]`, or `["/usr/bin/pidof", "*"]` for any arguments; a table adds a user.
fn exec(node: &Node, d: &mut Diagnostics) -> Option<ExecGrant> {
    let (mut argv, user) = match &node.value {
        Value::Table(table) => {
            let mut keys = Keys::new(table, "an exec grant");
            let argv = keys.command("command", d).map(|at| at.value);
            let user = keys.user("user", d).flatten();
            let refused = keys.refused;
            keys.finish(d);
            if argv.is_none() && !refused {
                let example = "command = [\"/usr/bin/pidof\", \"*\"]";
                return d.missing_key(&node.span, "an exec grant", "command", example);
            }
            (argv?, user)
        }
        _ => (keys::command(node, d)?, None),
    };
    let any_arguments = argv.len() == 2 && argv.last().is_some_and(|last| last == "*");
    if any_arguments {
        argv.truncate(1);
    }
    Some(ExecGrant {
        argv,
        any_arguments,
        user,
    })
}

fn limits(table: &Table, d: &mut Diagnostics) -> Limits {
    let mut keys = Keys::new(table, "limits");
    let mut limits = Limits::default();
    if let Some(memory) = keys.node("memory") {
        limits.memory = memory_size(memory, d).unwrap_or(limits.memory);
    }
    if let Some(cpu) = keys.duration("cpu", d) {
        if cpu.value.is_zero() {
            d.zero_time::<()>(&cpu.span);
        }
        limits.cpu = cpu.value;
    }
    if let Some(calls) = keys.number("calls", 1, 65_536, d) {
        limits.calls = u32::try_from(calls.value).unwrap_or(limits.calls);
    }
    if let Some(rate) = keys.number("log_rate", 0, 100_000, d) {
        limits.log_rate = u32::try_from(rate.value).unwrap_or(limits.log_rate);
    }
    keys.finish(d);
    limits
}

fn memory_size(node: &Node, d: &mut Diagnostics) -> Option<u64> {
    let bytes = match &node.value {
        Value::Integer(bytes) => u64::try_from(*bytes).ok(),
        Value::Text(text) => unit::bytes(text),
        other => return d.wrong_type(&node.span, "a size such as \"16MiB\"", other.kind()),
    };
    match bytes {
        Some(bytes) if (1 << 20..=1 << 32).contains(&bytes) => Some(bytes),
        Some(_) => d.memory_range(&node.span),
        None => d.bad_size(&node.span),
    }
}
