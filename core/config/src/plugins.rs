//! Which plugins the plan uses, and what each may do.

use std::net::IpAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use model::ids::PluginName;
use model::plan::{CheckPlan, ExecGrant, Grants, HookAction, Limits, NetGrant, PluginPlan, PluginSource};
use model::value::{Parameters, Value};

use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, PluginUse};
use crate::source::Span;
use crate::unit;

/// Plugins inside the binary, by name. A `[plugin.NAME]` with a file replaces the one of its name.
pub const EMBEDDED: [&str; 11] = [
    "http", "tcp", "misc", "dns", "file", "json", "ping", "process", "redis", "smtp", "udp",
];

/// Types of record that `dns` asks for.
pub(crate) const DNS_TYPES: [&str; 10] = [
    "A", "AAAA", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "SRV", "CAA",
];

/// Parameters of an embedded plugin; `None` for all others, whose parameters only they know.
pub(crate) fn parameters_of(plugin: &str) -> Option<&'static [&'static str]> {
    match plugin {
        "tcp" => Some(&[]),
        "misc" => Some(&["command", "user"]),
        "dns" => Some(&["name", "type", "records"]),
        "file" => Some(&["path", "absent", "contains", "age"]),
        "json" => Some(&["path", "field", "equals", "scheme", "host", "verify", "status"]),
        "ping" => Some(&["host", "size", "count", "needed"]),
        "process" => Some(&["name", "min", "max"]),
        "redis" => Some(&["role", "password", "user", "lag"]),
        "smtp" => Some(&["helo"]),
        "udp" => Some(&["payload", "reply", "min", "max", "wait"]),
        "http" => Some(&[
            "scheme", "path", "host", "status", "digest", "method", "sni", "verify", "urls",
        ]),
        _ => None,
    }
}

/// Lets the answers of a check set the server's weight. `misc` has to be told what exit codes mean then.
pub(crate) fn let_set_weight(plan: &mut CheckPlan) {
    plan.sets_weight = true;
    if plan.plugin.as_str() == "misc" {
        plan.parameters.insert("dynamic".to_owned(), Value::Boolean(true));
    }
}

/// Checks the types of what an embedded plugin is given.
pub(crate) fn check_parameters(plan: &CheckPlan, span: &Span, d: &mut Diagnostics) {
    match plan.plugin.as_str() {
        "misc" if !plan.parameters.contains_key("command") => {
            let example = "command = [\"/usr/bin/pidof\", \"haproxy\"]";
            d.missing_parameter(span, "misc", "command", example);
        }
        "http" => http(&plan.parameters, span, d),
        name => simple(name, &plan.parameters, span, d),
    }
}

/// Parameters that are needed, and what each has to be.
fn simple(plugin: &str, parameters: &Parameters, span: &Span, d: &mut Diagnostics) {
    let needed = match plugin {
        "file" => Some(("path", "path = \"/run/maintenance\"")),
        "process" => Some(("name", "name = \"haproxy\"")),
        "json" => Some(("field", "field = \"status\"")),
        _ => None,
    };
    if let Some((name, example)) = needed
        && !parameters.contains_key(name)
    {
        d.missing_parameter(span, plugin, name, example);
    }
    for (name, value) in parameters {
        let (good, wanted) = match (plugin, name.as_str(), value) {
            ("dns", "type", Value::Text(kind)) => (
                DNS_TYPES.contains(&kind.to_uppercase().as_str()),
                "A, AAAA, NS, CNAME, SOA, PTR, MX, TXT, SRV or CAA",
            ),
            ("dns", "records", value) => (matches!(value, Value::Boolean(_)), "true or false"),
            ("file", "path", Value::Text(path)) => (path.starts_with('/'), "a path that begins with `/`"),
            ("file", "absent", value) => (matches!(value, Value::Boolean(_)), "true or false"),
            ("file", "age", value) => (is_number(value), "a number of seconds"),
            ("json", "verify", value) => (matches!(value, Value::Boolean(_)), "true or false"),
            ("json", "equals", value) => (
                !matches!(value, Value::List(_) | Value::Table(_)),
                "a text, a number, true or false",
            ),
            ("json", "status", value) => (is_status(value), "a status code"),
            ("ping", "host", Value::Text(address)) => (address.parse::<IpAddr>().is_ok(), "an address"),
            ("udp", "payload", Value::Text(hex)) => (is_hex(hex, false), "bytes in hexadecimal"),
            ("udp", "reply", Value::Text(hex)) => {
                (is_hex(hex, true), "bytes in hexadecimal, x for any digit")
            }
            (
                "ping" | "process" | "udp" | "redis",
                "size" | "count" | "needed" | "min" | "max" | "wait" | "lag",
                value,
            ) => (is_number(value), "a number that is not negative"),
            ("redis", "role", Value::Text(role)) => {
                (role == "master" || role == "slave", "\"master\" or \"slave\"")
            }
            ("dns" | "file" | "json" | "ping" | "process" | "redis" | "smtp" | "udp", _, value) => {
                (matches!(value, Value::Text(_)), "a text")
            }
            _ => continue,
        };
        if !good {
            d.unknown_parameter(span, plugin, name, wanted);
        }
    }
}

fn is_number(value: &Value) -> bool {
    match value {
        Value::Integer(number) => *number >= 0,
        Value::Number(number) => *number >= 0.0,
        _ => false,
    }
}

fn http(parameters: &Parameters, span: &Span, d: &mut Diagnostics) {
    for (name, value) in parameters {
        let wanted = match (name.as_str(), value) {
            ("path", Value::Text(path)) if path.starts_with('/') => continue,
            ("path", _) => "a text that begins with `/`",
            ("scheme", Value::Text(scheme)) if scheme == "http" || scheme == "https" => continue,
            ("scheme", _) => "\"http\" or \"https\"",
            ("status", Value::List(list)) if !list.is_empty() && list.iter().all(is_status) => continue,
            ("status", _) => "a list of codes and ranges, such as [200, \"300-399\"]",
            ("digest", Value::Text(digest)) if is_md5(digest) => continue,
            ("digest", _) => "an MD5 digest: 32 hexadecimal digits",
            ("verify", Value::Boolean(_)) => continue,
            ("verify", _) => "true or false",
            ("host" | "sni" | "method", Value::Text(_)) => continue,
            ("host" | "sni" | "method", _) => "a text",
            ("urls", Value::List(list)) if !list.is_empty() => {
                for url in list {
                    match url {
                        Value::Table(table) => http(table, span, d),
                        _ => d.unknown_parameter(span, "http", "urls", "a list of tables"),
                    }
                }
                continue;
            }
            ("urls", _) => "a list of tables such as { path = \"/healthz\", status = [200] }",
            _ => continue,
        };
        d.unknown_parameter(span, "http", name, wanted);
    }
}

/// `200` or `"200-299"`.
fn is_status(value: &Value) -> bool {
    let code = |code: i64| (100..=999).contains(&code);
    match value {
        Value::Integer(number) => code(*number),
        Value::Text(range) => range.split_once('-').is_some_and(|(low, high)| {
            matches!((low.parse(), high.parse()), (Ok(low), Ok(high)) if code(low) && code(high) && low <= high)
        }),
        _ => false,
    }
}

/// 32 hexadecimal digits.
pub(crate) fn is_md5(digest: &str) -> bool {
    digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// `target`, `10.0.0.0/8`, `10.0.0.0/8:443`, `[2001:db8::/32]:443`: where a plugin may connect.
pub fn net_grant(text: &str) -> Option<NetGrant> {
    if text == "target" {
        return Some(NetGrant::Target);
    }
    if let Some(net) = unit::network(text) {
        return Some(NetGrant::Net { net, port: None });
    }
    let (net, port) = text.rsplit_once(':')?;
    let bare = net.strip_prefix('[').and_then(|net| net.strip_suffix(']'));
    let net = unit::network(bare.unwrap_or(net))?;
    let port = port.parse::<u16>().ok().filter(|port| *port != 0)?;
    Some(NetGrant::Net {
        net,
        port: Some(port),
    })
}

/// The plugins that are used, each once: as configured, else as embedded.
pub(crate) fn collect(draft: &Draft, d: &mut Diagnostics) -> Vec<PluginPlan> {
    let mut plans: Vec<PluginPlan> = Vec::new();
    let mut missing: Vec<&PluginName> = Vec::new();
    for used in &draft.uses {
        let place = match plans.iter().position(|plan| plan.name == used.plugin) {
            Some(place) => place,
            None => match find(draft, used) {
                Some(plan) => {
                    plans.push(plan);
                    plans.len() - 1
                }
                None => {
                    if !missing.contains(&&used.plugin) {
                        missing.push(&used.plugin);
                        undefined(draft, used, d);
                    }
                    continue;
                }
            },
        };
        if let Some(plan) = plans.get_mut(place) {
            grant(&mut plan.grants, used);
        }
    }
    debug_assert!(
        hooks_are_listed(draft),
        "every hook that runs a plugin is a use of it"
    );
    plans
}

fn find(draft: &Draft, used: &PluginUse) -> Option<PluginPlan> {
    let own = draft
        .plugins
        .iter()
        .find(|plugin| plugin.plan.name == used.plugin);
    if let Some(own) = own {
        return Some(own.plan.clone());
    }
    let name = used.plugin.as_str();
    // Some have no business on the network; the others are about their target.
    let net = if ["misc", "file", "process"].contains(&name) {
        Vec::new()
    } else {
        vec![NetGrant::Target]
    };
    EMBEDDED.contains(&name).then(|| PluginPlan {
        name: used.plugin.clone(),
        source: PluginSource::Embedded,
        grants: Grants {
            net,
            read: if name == "process" {
                vec!["/proc".into()]
            } else {
                Vec::new()
            },
            ..Grants::default()
        },
        limits: Limits::default(),
    })
}

fn undefined(draft: &Draft, used: &PluginUse, d: &mut Diagnostics) {
    let name = used.plugin.as_str();
    let known: Vec<&str> = EMBEDDED
        .into_iter()
        .chain(draft.plugins.iter().map(|plugin| plugin.plan.name.as_str()))
        .collect();
    d.undefined(
        &used.span,
        "plugin",
        name,
        known,
        &format!("[plugin.{name}] with file = \"plugins/{name}.lua\""),
    );
}

/// What the operator wrote for a plugin to do, it may do.
fn grant(grants: &mut Grants, used: &PluginUse) {
    if let Some(exec) = &used.exec {
        let grant = ExecGrant {
            argv: exec.argv.clone(),
            any_arguments: false,
            user: exec.user.clone(),
        };
        if !grants.exec.contains(&grant) {
            grants.exec.push(grant);
        }
    }
    if let Some(path) = &used.read
        && !grants.read.contains(path)
    {
        grants.read.push(path.clone());
    }
    if let Some(address) = used.connect {
        let grant = NetGrant::Net {
            net: IpNet::from(address),
            port: None,
        };
        if !grants.net.contains(&grant) {
            grants.net.push(grant);
        }
    }
}

/// The file that `file` is about.
pub(crate) fn file_in(check: &CheckPlan) -> Option<PathBuf> {
    match check.parameters.get("path") {
        Some(Value::Text(path)) if check.plugin.as_str() == "file" => Some(path.into()),
        _ => None,
    }
}

/// The address that `ping` is told instead of the server's.
pub(crate) fn address_in(check: &CheckPlan) -> Option<IpAddr> {
    match check.parameters.get("host") {
        Some(Value::Text(address)) if check.plugin.as_str() == "ping" => address.parse().ok(),
        _ => None,
    }
}

/// Whole bytes in hexadecimal; with `wild`, x stands for any digit.
pub(crate) fn is_hex(text: &str, wild: bool) -> bool {
    let digit = |byte: u8| byte.is_ascii_hexdigit() || wild && byte.eq_ignore_ascii_case(&b'x');
    text.len().is_multiple_of(2) && text.bytes().all(digit)
}

fn hooks_are_listed(draft: &Draft) -> bool {
    let instances = draft.instances.iter().flat_map(|instance| &instance.plan.hooks);
    let groups = draft.groups.iter().flat_map(|group| &group.plan.hooks);
    instances.chain(groups).all(|hook| match &hook.action {
        HookAction::Plugin { plugin, .. } => draft.uses.iter().any(|used| used.plugin == *plugin),
        HookAction::Command(_) => true,
    })
}
