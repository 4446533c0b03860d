//! The plugins inside the binary: their parameters, what each has to be, and what has to be granted for it.

use std::net::IpAddr;

use ipnet::IpNet;
use model::plan::{CheckPlan, ExecGrant, Grants, NetGrant, SecretSource};
use model::value::{Parameters, Value};

use crate::diagnostics::Diagnostics;
use crate::source::Span;

/// Plugins inside the binary, by name. A `[plugin.NAME]` with a file replaces the one of its name.
pub const EMBEDDED: [&str; 19] = [
    "http",
    "tcp",
    "misc",
    "bfd",
    "dns",
    "file",
    "gateway",
    "grpc",
    "haproxy",
    "json",
    "mysql",
    "ping",
    "postgres",
    "process",
    "prometheus",
    "redis",
    "smtp",
    "systemd",
    "udp",
];

/// Those that have no business on the network; the others are about their target.
const LOCAL: [&str; 7] = ["misc", "bfd", "file", "gateway", "haproxy", "process", "systemd"];

/// Types of record that `dns` asks for.
pub(crate) const DNS_TYPES: [&str; 10] = [
    "A", "AAAA", "NS", "CNAME", "SOA", "PTR", "MX", "TXT", "SRV", "CAA",
];

/// What a parameter has to be.
#[derive(Clone, Copy)]
enum Kind {
    /// Judged elsewhere.
    Any,
    Flag,
    Number,
    Text,
    OneOf(&'static [&'static str], &'static str),
    Table,
    /// A text, a number, true or false.
    Plain,
    /// Of HTTP.
    Status,
    Statuses,
    UrlPath,
    Digest,
    /// Tables with the parameters of one URL.
    Urls,
    DnsType,
    Hex,
    HexPattern,
    /// Granted to be pinged.
    Address,
    Addresses,
    /// Whose session is asked for, by the one command that is granted.
    Neighbour,
    /// Granted to be read.
    Path,
    /// Granted as a secret, under its own path.
    SecretPath,
    /// Granted to be connected to.
    SocketPath,
    /// Granted to be looked at.
    Unit,
    /// Granted to be read, below /sys/fs/cgroup.
    Group,
}

/// A parameter; with an example when there has to be one.
struct Parameter(&'static str, Kind, Option<&'static str>);

const fn may(name: &'static str, kind: Kind) -> Parameter {
    Parameter(name, kind, None)
}

const fn must(name: &'static str, kind: Kind, example: &'static str) -> Parameter {
    Parameter(name, kind, Some(example))
}

const SCHEME: Kind = Kind::OneOf(&["http", "https"], "\"http\" or \"https\"");

const BFD: &[Parameter] = &[must("peer", Kind::Neighbour, "peer = \"192.0.2.2\"")];
const DNS: &[Parameter] = &[
    may("name", Kind::Text),
    may("type", Kind::DnsType),
    may("records", Kind::Flag),
];
const FILE: &[Parameter] = &[
    must("path", Kind::Path, "path = \"/run/maintenance\""),
    may("absent", Kind::Flag),
    may("contains", Kind::Text),
    may("age", Kind::Number),
];
const GATEWAY: &[Parameter] = &[
    must("hosts", Kind::Addresses, "hosts = [\"192.0.2.1\", \"192.0.2.2\"]"),
    may("needed", Kind::Number),
    may("tries", Kind::Number),
];
const GRPC: &[Parameter] = &[
    may("service", Kind::Text),
    may("scheme", SCHEME),
    may("host", Kind::Text),
    may("verify", Kind::Flag),
    may("ca_file", Kind::SecretPath),
    may("client_file", Kind::SecretPath),
];
const HAPROXY: &[Parameter] = &[
    must("socket", Kind::SocketPath, "socket = \"/run/haproxy/admin.sock\""),
    may("backend", Kind::Text),
    may("min", Kind::Number),
];
const HTTP: &[Parameter] = &[
    may("scheme", SCHEME),
    may("path", Kind::UrlPath),
    may("host", Kind::Text),
    may("status", Kind::Statuses),
    may("digest", Kind::Digest),
    may("match", Kind::Text),
    may("match_not", Kind::Text),
    may("response_headers", Kind::Table),
    may("request_headers", Kind::Table),
    may("method", Kind::Text),
    may("sni", Kind::Text),
    may("verify", Kind::Flag),
    may("ca_file", Kind::SecretPath),
    may("client_file", Kind::SecretPath),
    may("days_left", Kind::Number),
    may("redirects", Kind::Number),
    may("urls", Kind::Urls),
];
const JSON: &[Parameter] = &[
    may("path", Kind::Text),
    must("field", Kind::Text, "field = \"status\""),
    may("equals", Kind::Plain),
    may("scheme", Kind::Text),
    may("host", Kind::Text),
    may("verify", Kind::Flag),
    may("status", Kind::Status),
];
const MISC: &[Parameter] = &[
    must(
        "command",
        Kind::Any,
        "command = [\"/usr/bin/pidof\", \"haproxy\"]",
    ),
    may("user", Kind::Any),
    may("dynamic", Kind::Flag),
];
const MYSQL: &[Parameter] = &[
    may("user", Kind::Text),
    may("password_file", Kind::SecretPath),
    may(
        "role",
        Kind::OneOf(&["primary", "replica"], "\"primary\" or \"replica\""),
    ),
    may("lag", Kind::Number),
    may("galera", Kind::Flag),
    may("tls", Kind::Flag),
];
const PING: &[Parameter] = &[
    may("host", Kind::Address),
    may("size", Kind::Number),
    may("count", Kind::Number),
    may("needed", Kind::Number),
];
const POSTGRES: &[Parameter] = &[
    may("user", Kind::Text),
    may("database", Kind::Text),
    may("password_file", Kind::SecretPath),
    may(
        "role",
        Kind::OneOf(&["primary", "standby"], "\"primary\" or \"standby\""),
    ),
    may("lag", Kind::Number),
    may("tls", Kind::Flag),
];
const PROCESS: &[Parameter] = &[
    may("name", Kind::Text),
    may("pid_file", Kind::Path),
    may("cgroup", Kind::Group),
    may("min", Kind::Number),
    may("max", Kind::Number),
];
const PROMETHEUS: &[Parameter] = &[
    must("metric", Kind::Text, "metric = \"pg_up\""),
    may("labels", Kind::Table),
    may("min", Kind::Plain),
    may("max", Kind::Plain),
    may("sum", Kind::Flag),
    may("path", Kind::UrlPath),
    may("scheme", SCHEME),
    may("verify", Kind::Flag),
];
const REDIS: &[Parameter] = &[
    may(
        "role",
        Kind::OneOf(&["master", "slave"], "\"master\" or \"slave\""),
    ),
    may("password", Kind::Text),
    may("password_file", Kind::SecretPath),
    may("user", Kind::Text),
    may("lag", Kind::Number),
];
const SMTP: &[Parameter] = &[may("helo", Kind::Text)];
const SYSTEMD: &[Parameter] = &[
    must("unit", Kind::Unit, "unit = \"haproxy.service\""),
    may("sub", Kind::Text),
];
const UDP: &[Parameter] = &[
    may("payload", Kind::Hex),
    may("reply", Kind::HexPattern),
    may("min", Kind::Number),
    may("max", Kind::Number),
    may("wait", Kind::Number),
];

fn all_of(plugin: &str) -> Option<&'static [Parameter]> {
    Some(match plugin {
        "bfd" => BFD,
        "dns" => DNS,
        "file" => FILE,
        "gateway" => GATEWAY,
        "grpc" => GRPC,
        "haproxy" => HAPROXY,
        "http" => HTTP,
        "json" => JSON,
        "misc" => MISC,
        "mysql" => MYSQL,
        "ping" => PING,
        "postgres" => POSTGRES,
        "process" => PROCESS,
        "prometheus" => PROMETHEUS,
        "redis" => REDIS,
        "smtp" => SMTP,
        "systemd" => SYSTEMD,
        "tcp" => &[],
        "udp" => UDP,
        _ => return None,
    })
}

/// Parameters of an embedded plugin; `None` for all others, whose parameters only they know.
pub(crate) fn parameters_of(plugin: &str) -> Option<Vec<&'static str>> {
    let all = all_of(plugin)?.iter().map(|Parameter(name, ..)| *name);
    // The operator says it with `sets_weight`.
    Some(all.filter(|name| *name != "dynamic").collect())
}

/// What an embedded plugin is granted whatever it is asked.
pub fn grants_of(plugin: &str) -> Grants {
    Grants {
        net: if LOCAL.contains(&plugin) {
            Vec::new()
        } else {
            vec![NetGrant::Target]
        },
        read: if plugin == "process" {
            vec!["/proc".into()]
        } else {
            Vec::new()
        },
        ..Grants::default()
    }
}

/// What an embedded plugin has to be granted for a check: the places that the operator wrote for it.
pub fn needs(plugin: &str, parameters: &Parameters) -> Grants {
    let mut grants = Grants::default();
    for Parameter(name, kind, _) in all_of(plugin).unwrap_or_default() {
        if let Some(value) = parameters.get(*name) {
            need(*kind, value, &mut grants);
        }
    }
    grants
}

fn need(kind: Kind, value: &Value, grants: &mut Grants) {
    match (kind, value) {
        (Kind::Address, Value::Text(address)) => {
            if let Ok(address) = address.parse::<IpAddr>() {
                grants.net.push(NetGrant::Net {
                    net: IpNet::from(address),
                    port: None,
                });
            }
        }
        (Kind::Neighbour, Value::Text(peer)) => grants.exec.push(ExecGrant {
            argv: ["/usr/bin/vtysh", "-c", &format!("show bfd peer {peer} json")]
                .map(str::to_owned)
                .to_vec(),
            any_arguments: false,
            user: None,
        }),
        (Kind::Addresses, Value::List(all)) => {
            all.iter().for_each(|one| need(Kind::Address, one, grants));
        }
        (Kind::Path, Value::Text(path)) => grants.read.push(path.into()),
        (Kind::Group, Value::Text(path)) => grants.read.push(format!("/sys/fs/cgroup/{path}").into()),
        (Kind::SocketPath, Value::Text(path)) => grants.net.push(NetGrant::Unix(path.into())),
        (Kind::SecretPath, Value::Text(path)) => {
            grants
                .secret
                .insert(path.clone(), SecretSource::File(path.into()));
        }
        (Kind::Unit, Value::Text(unit)) => grants.units.push(unit.clone()),
        _ => {}
    }
}

/// Checks what an embedded plugin is given.
pub(crate) fn check_parameters(plan: &CheckPlan, span: &Span, d: &mut Diagnostics) {
    let plugin = plan.plugin.as_str();
    for Parameter(name, _, example) in all_of(plugin).unwrap_or_default() {
        if let Some(example) = example
            && !plan.parameters.contains_key(*name)
        {
            d.missing_parameter(span, plugin, name, example);
        }
    }
    let known = ["name", "pid_file", "cgroup"];
    if plugin == "process" && !known.iter().any(|name| plan.parameters.contains_key(*name)) {
        d.missing_parameter(span, plugin, "name", "name = \"haproxy\"");
    }
    judge(plugin, &plan.parameters, span, d);
}

fn judge(plugin: &str, parameters: &Parameters, span: &Span, d: &mut Diagnostics) {
    for Parameter(name, kind, _) in all_of(plugin).unwrap_or_default() {
        let Some(value) = parameters.get(*name) else {
            continue;
        };
        if let (Kind::Urls, Value::List(urls)) = (kind, value)
            && !urls.is_empty()
        {
            for url in urls {
                match url {
                    Value::Table(table) => judge(plugin, table, span, d),
                    _ => d.unknown_parameter(span, plugin, name, "a list of tables"),
                }
            }
        } else if let Some(wanted) = wanted(*kind, value) {
            d.unknown_parameter(span, plugin, name, wanted);
        }
    }
}

/// What the value should have been; `None` when it is good.
fn wanted(kind: Kind, value: &Value) -> Option<&'static str> {
    let text = match value {
        Value::Text(text) => Some(text.as_str()),
        _ => None,
    };
    let is = |test: &dyn Fn(&str) -> bool| text.is_some_and(test);
    let (good, wanted) = match kind {
        Kind::Any => return None,
        Kind::Flag => (matches!(value, Value::Boolean(_)), "true or false"),
        Kind::Number => (is_number(value), "a number that is not negative"),
        Kind::Text => (text.is_some(), "a text"),
        Kind::OneOf(words, wanted) => (is(&|text| words.contains(&text)), wanted),
        Kind::Table => (matches!(value, Value::Table(_)), "a table"),
        Kind::Plain => (
            !matches!(value, Value::List(_) | Value::Table(_)),
            "a text, a number, true or false",
        ),
        Kind::Status => (is_status(value), "a status code"),
        Kind::Statuses => (
            matches!(value, Value::List(list) if !list.is_empty() && list.iter().all(is_status)),
            "a list of codes and ranges, such as [200, \"300-399\"]",
        ),
        Kind::UrlPath => (is(&|path| path.starts_with('/')), "a text that begins with `/`"),
        Kind::Digest => (is(&is_md5), "an MD5 digest: 32 hexadecimal digits"),
        Kind::Urls => (
            false,
            "a list of tables such as { path = \"/healthz\", status = [200] }",
        ),
        Kind::DnsType => (
            is(&|kind| DNS_TYPES.contains(&kind.to_uppercase().as_str())),
            "A, AAAA, NS, CNAME, SOA, PTR, MX, TXT, SRV or CAA",
        ),
        Kind::Hex => (is(&|hex| is_hex(hex, false)), "bytes in hexadecimal"),
        Kind::HexPattern => (
            is(&|hex| is_hex(hex, true)),
            "bytes in hexadecimal, x for any digit",
        ),
        Kind::Address | Kind::Neighbour => (is(&is_address), "an address"),
        Kind::Addresses => (
            matches!(value, Value::List(all) if !all.is_empty() && all.iter().all(|one| wanted(Kind::Address, one).is_none())),
            "a list of addresses",
        ),
        Kind::Path | Kind::SecretPath | Kind::SocketPath => {
            (is(&|path| path.starts_with('/')), "a path that begins with `/`")
        }
        Kind::Unit => (
            is(&|unit| unit.contains('.')),
            "a unit with its kind, such as \"haproxy.service\"",
        ),
        Kind::Group => (
            is(&|group| !group.starts_with('/') && !group.contains("..")),
            "a path below /sys/fs/cgroup, such as \"system.slice/haproxy.service\"",
        ),
    };
    (!good).then_some(wanted)
}

fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

fn is_number(value: &Value) -> bool {
    match value {
        Value::Integer(number) => *number >= 0,
        Value::Number(number) => *number >= 0.0,
        _ => false,
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

/// Whole bytes in hexadecimal; with `wild`, x stands for any digit.
pub(crate) fn is_hex(text: &str, wild: bool) -> bool {
    let digit = |byte: u8| byte.is_ascii_hexdigit() || wild && byte.eq_ignore_ascii_case(&b'x');
    text.len().is_multiple_of(2) && text.bytes().all(digit)
}
