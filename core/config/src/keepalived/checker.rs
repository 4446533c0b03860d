//! `TCP_CHECK`, `HTTP_GET`, `SSL_GET`, `MISC_CHECK` and others: checks by our plugins.

mod more;
mod via;

use std::net::IpAddr;
use std::time::Duration;

use model::plan::{CheckPlan, OnUnknown, Via};
use model::value::{Parameters, Value};

use super::global::{self, Globals};
use super::tree::Item;
use super::{args, bfd, script};
use crate::diagnostics::Diagnostics;
use crate::draft::PluginUse;
use crate::plugins;

/// What a virtual_server hands down to its real_servers, and these to their checkers.
#[derive(Clone, Debug, Default)]
pub(super) struct Timing {
    interval: Option<Duration>,
    warmup: Option<Duration>,
    retry: Option<u32>,
    gap: Option<Duration>,
    timeout: Option<Duration>,
    host: Option<String>,
    pub(super) alpha: bool,
}

impl Timing {
    /// What a block says, above what it inherits.
    pub(super) fn inherit(&self, block: &Item, d: &mut Diagnostics) -> Self {
        let mut timing = self.clone();
        let longest = Duration::from_secs(2_678_400);
        for item in &block.children {
            match item.keyword() {
                "delay_loop" => timing.interval = args::period(item, d).or(timing.interval),
                "warmup" => timing.warmup = args::time(item, Duration::ZERO, longest, d).or(timing.warmup),
                "connect_timeout" => timing.timeout = args::period(item, d).or(timing.timeout),
                "delay_before_retry" => {
                    timing.gap = args::time(item, Duration::ZERO, longest, d).or(timing.gap);
                }
                "retry" | "nb_get_retry" => {
                    if item.keyword() == "nb_get_retry" {
                        d.deprecated(item.span(), "nb_get_retry", "retry");
                    }
                    let count = args::number(item, 0, 1_000_000, d);
                    timing.retry = count.and_then(|count| u32::try_from(count).ok()).or(timing.retry);
                }
                "virtualhost" => timing.host = Some(item.arg().to_owned()),
                "alpha" => timing.alpha = args::flag(item, d),
                _ => {}
            }
        }
        timing
    }

    fn interval(&self) -> Duration {
        self.interval.unwrap_or(Duration::from_secs(60))
    }

    /// `retry` counts the failures after the first that are still forgiven.
    fn plan(&self, plugin: &str, parameters: Parameters, retry: u32, gap: Duration) -> CheckPlan {
        CheckPlan {
            plugin: plugin.into(),
            parameters,
            address: None,
            port: None,
            via: Via::default(),
            interval: self.interval(),
            warmup: self.warmup,
            retry_interval: Some(self.gap.unwrap_or(gap)).filter(|gap| !gap.is_zero()),
            timeout: self.timeout.unwrap_or(Duration::from_secs(5)),
            rise: 1,
            fall: self.retry.unwrap_or(retry).saturating_add(1),
            on_unknown: model::plan::OnUnknown::Fail,
            sets_weight: false,
        }
    }
}

/// A check with its use of a plugin, and whether its server counts as failed at first. `None` when the block is no
/// checker, or is one that is refused.
pub(super) fn lower(
    block: &Item,
    inherited: &Timing,
    globals: &Globals,
    d: &mut Diagnostics,
) -> Option<(CheckPlan, PluginUse, bool)> {
    let timing = inherited.inherit(block, d);
    let (plan, exec) = match block.keyword() {
        "TCP_CHECK" => {
            let plan = timing.plan("tcp", Parameters::new(), 1, Duration::from_secs(1));
            (endpoint(plan, block, d), None)
        }
        "HTTP_GET" | "SSL_GET" => {
            let plan = timing.plan("http", http(block, &timing, d)?, 1, Duration::from_secs(3));
            (endpoint(plan, block, d), None)
        }
        "MISC_CHECK" => {
            let (plan, exec) = misc(block, &timing, globals, d)?;
            (plan, Some(exec))
        }
        "SMTP_CHECK" => (endpoint(more::smtp(block, &timing), block, d), None),
        "DNS_CHECK" => (endpoint(more::dns(block, &timing, d), block, d), None),
        "UDP_CHECK" => (endpoint(more::udp(block, &timing, d), block, d), None),
        "PING_CHECK" => (endpoint(more::ping(&timing), block, d), None),
        "BFD_CHECK" => (session(block, &timing, globals, d)?, None),
        name @ "FILE_CHECK" => {
            let why = "without it the server would always count as good";
            let cure = "use TCP_CHECK, or a MISC_CHECK that runs a program";
            d.not_supported_error(block.span(), name, why, cure);
            return None;
        }
        _ => return None,
    };
    let used = PluginUse::of(&plan, block.span(), exec);
    Some((plan, used, timing.alpha))
}

/// Of a neighbour that a bfd_instance before it names.
fn session(block: &Item, timing: &Timing, globals: &Globals, d: &mut Diagnostics) -> Option<CheckPlan> {
    let Some(item) = block.last("name") else {
        let message = "BFD_CHECK without a name";
        d.refused_value(
            block.span(),
            message,
            "watches nobody",
            "add name, that of a bfd_instance",
        );
        return None;
    };
    let Some(peer) = globals.neighbours.get(item.arg()) else {
        let known = globals.neighbours.keys().map(String::as_str);
        let example = "bfd_instance NAME { neighbor_ip 192.0.2.2 }, before this";
        d.undefined(item.arg_span(), "bfd_instance", item.arg(), known, example);
        return None;
    };
    let plan = timing.plan("bfd", bfd::parameters(*peer), 1, Duration::ZERO);
    Some(CheckPlan {
        on_unknown: OnUnknown::Keep,
        ..plan
    })
}

fn endpoint(plan: CheckPlan, block: &Item, d: &mut Diagnostics) -> CheckPlan {
    let address: Option<IpAddr> = block.last("connect_ip").and_then(|item| global::address(item, d));
    let port = block
        .last("connect_port")
        .and_then(|item| args::number(item, 1, 65_535, d));
    CheckPlan {
        address,
        port: port.and_then(|port| u16::try_from(port).ok()),
        via: via::lower(block, d),
        ..plan
    }
}

fn http(block: &Item, timing: &Timing, d: &mut Diagnostics) -> Option<Parameters> {
    let mut urls: Vec<Parameters> = block.all("url").filter_map(|item| url(item, timing, d)).collect();
    let mut parameters = match urls.len() {
        0 => {
            if block.last("url").is_none() {
                let message = format!("{} without a url", block.keyword());
                d.refused_value(block.span(), &message, "fetches nothing", "add url { path / }");
            }
            return None;
        }
        1 => urls.pop().unwrap_or_default(),
        _ => Parameters::from([(
            "urls".to_owned(),
            Value::List(urls.into_iter().map(Value::Table).collect()),
        )]),
    };
    let secure = block.keyword() == "SSL_GET";
    parameters.insert(
        "scheme".to_owned(),
        Value::from(if secure { "https" } else { "http" }),
    );
    if secure {
        // keepalived accepts any certificate.
        parameters.insert("verify".to_owned(), Value::from(false));
        let name = block.last("sni_name").map(|item| item.arg().to_owned());
        let name = name.or_else(|| block.last("enable_sni").and(timing.host.clone()));
        if let Some(name) = name {
            parameters.insert("sni".to_owned(), Value::Text(name));
        }
    }
    Some(parameters)
}

fn url(block: &Item, timing: &Timing, d: &mut Diagnostics) -> Option<Parameters> {
    let mut parameters = Parameters::new();
    let Some(path) = block.last("path") else {
        d.refused_value(
            block.span(),
            "url without a path",
            "fetches nothing",
            "add path /",
        );
        return None;
    };
    // A path without its slash is sent by keepalived as it stands, and no server understands it.
    let slash = if path.arg().starts_with('/') { "" } else { "/" };
    parameters.insert("path".to_owned(), Value::Text(format!("{slash}{}", path.arg())));
    let status = block
        .last("status_code")
        .map(|item| status(item, d))
        .filter(|list| !list.is_empty());
    let status = status.unwrap_or_else(|| vec![Value::from("200-299")]);
    parameters.insert("status".to_owned(), Value::List(status));
    parameters.extend(more::regex(block, d));
    if let Some(item) = block.last("digest") {
        if crate::plugins::is_md5(item.arg()) {
            parameters.insert("digest".to_owned(), Value::Text(item.arg().to_lowercase()));
        } else {
            let help = "keepalived --genhash and md5sum print one";
            d.refused_value(
                item.arg_span(),
                "not an MD5 digest",
                "32 hexadecimal digits",
                help,
            );
        }
    }
    let host = block
        .last("virtualhost")
        .map(|item| item.arg().to_owned())
        .or_else(|| timing.host.clone());
    if let Some(host) = host {
        parameters.insert("host".to_owned(), Value::Text(host));
    }
    Some(parameters)
}

/// `200-299 301`.
fn status(item: &Item, d: &mut Diagnostics) -> Vec<Value> {
    let mut list = Vec::new();
    for word in item.args() {
        let code = |text: &str| text.parse::<i64>().ok().filter(|code| (100..=999).contains(code));
        let range = word
            .text
            .split_once('-')
            .map(|(low, high)| (code(low), code(high)));
        match (code(&word.text), range) {
            (Some(code), _) => list.push(Value::from(code)),
            (None, Some((Some(low), Some(high)))) if low <= high => {
                list.push(Value::Text(format!("{low}-{high}")));
            }
            _ => {
                let message = format!("`{}` is not a status code", word.text);
                d.ignored_value(&word.span, &message, "ignored");
            }
        }
    }
    list
}

fn misc(
    block: &Item,
    timing: &Timing,
    globals: &Globals,
    d: &mut Diagnostics,
) -> Option<(CheckPlan, crate::draft::Exec)> {
    let Some(path) = block.last("misc_path") else {
        d.refused_value(
            block.span(),
            "MISC_CHECK without misc_path",
            "runs nothing",
            "add misc_path \"...\"",
        );
        return None;
    };
    let user = block
        .last("user")
        .map(args::user)
        .unwrap_or_else(|| globals.user.clone());
    let exec = args::command(path, &user, d)?;
    let timeout = block.last("misc_timeout").and_then(|item| args::period(item, d));
    let shape = timing.plan("misc", script::misc(&exec).parameters, 0, Duration::from_secs(1));
    let mut plan = CheckPlan {
        timeout: timeout.unwrap_or_else(|| timing.interval()),
        ..shape
    };
    if block.last("misc_dynamic").is_some() {
        plugins::let_set_weight(&mut plan);
    }
    Some((plan, exec))
}
