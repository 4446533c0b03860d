//! `virtual_server`, `virtual_server_group`, `real_server`.

mod parts;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use model::ipvs::{DestinationKey, Forward, ServiceKey, ServiceRow};
use model::net::{Family, Protocol};
use model::plan::{Arguments, CommandPlan, QuorumPlan, ServerPlan, ServicePlan, SorryPlan};

use super::args;
use super::checker::{self, Timing};
use super::global::Globals;
use super::lex::Word;
use super::tree::Item;
use crate::check::{LONGEST_DRAIN, LONGEST_SLOW_START};
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, Language, Places, PluginUse, ServiceDraft, User, server};
use crate::source::Span;

/// The groups by name.
pub(super) fn groups(items: &[Item]) -> BTreeMap<String, &Item> {
    let groups = items
        .iter()
        .filter(|item| item.keyword() == "virtual_server_group");
    groups.map(|item| (item.arg().to_owned(), item)).collect()
}

pub(super) fn lower(
    block: &Item,
    groups: &BTreeMap<String, &Item>,
    globals: &Globals,
    draft: &mut Draft,
    d: &mut Diagnostics,
) {
    let Some(heads) = parts::heads(block, groups, d) else {
        return;
    };
    let protocol = protocol(block, d);
    let timing = Timing::default().inherit(block, d);
    let family = heads.first().map_or(Family::V4, |(head, _)| head.family());
    let places = places(block);
    let scheduler = parts::scheduler(block, d);
    let flags = parts::flags(block);
    let persistence = parts::persistence(block, family, d);
    let forward = parts::forward(block, &["lb_kind", "lvs_method"], d).unwrap_or(Forward::Nat);
    let quorum = quorum(block, &globals.user, d);
    let mut uses = Vec::new();
    let inherited = Inherited {
        forward,
        timing,
        globals,
        inhibit: flag(block, "inhibit_on_failure", d),
        beginning: Beginning::default().inherit(block, d),
    };
    let weight = block
        .last("weight")
        .and_then(|item| args::number(item, 0, 65_535, d));
    let mut servers: Vec<(ServerPlan, bool, Span)> = Vec::new();
    for item in block.all("real_server") {
        servers.extend(real_server(item, &inherited, weight, &mut uses, d));
    }
    let sorry = sorry(block, forward, d);
    let drain = block
        .last("drain")
        .and_then(|item| args::time(item, Duration::ZERO, LONGEST_DRAIN, d));
    let drain = drain.filter(|drain| !drain.is_zero());
    let row = |key: ServiceKey| ServiceRow {
        key,
        scheduler: scheduler.clone(),
        flags,
        persistence: persistence.map(|persistence| parts::fitting(persistence, family, key)),
    };
    for (head, span) in heads {
        let mut places = places.clone();
        places.put("key", &span);
        let mut plan = at(row(head.key(protocol)), &servers, sorry.as_ref(), &quorum);
        plan.drain = drain;
        let spans = servers.iter().map(|(_, _, span)| span.clone()).collect();
        draft.services.push(ServiceDraft {
            language: Language::Keepalived,
            plan,
            places,
            servers: spans,
        });
    }
    draft.uses.extend(uses);
}

/// Where the parts stand that may be complained of.
fn places(block: &Item) -> Places {
    let mut places = Places::new(block.arg_span());
    for item in &block.children {
        match item.keyword() {
            "quorum" => places.put("quorum", item.arg_span()),
            "sorry_server" => places.put("sorry", item.arg_span()),
            "ops" => places.put("ops", item.span()),
            "persistence_engine" => places.put("sip", item.span()),
            "ha_suspend" => places.put("ha_suspend", item.span()),
            "flag-1" | "flag-2" | "sh-port" | "sh-fallback" | "mh-port" | "mh-fallback" => {
                places.put("flags", item.span());
            }
            _ => {}
        }
    }
    places
}

/// The service at one of its heads, whose port servers have that are written without one.
fn at(
    row: ServiceRow,
    servers: &[(ServerPlan, bool, Span)],
    sorry: Option<&(SorryPlan, bool)>,
    quorum: &QuorumPlan,
) -> ServicePlan {
    let port = if let ServiceKey::Address { port, .. } = row.key {
        port
    } else {
        0
    };
    let own_port = |key: DestinationKey, written: bool| DestinationKey {
        port: if written { key.port } else { port },
        ..key
    };
    let plans = servers.iter().map(|(server, written, _)| ServerPlan {
        key: own_port(server.key, *written),
        ..server.clone()
    });
    let sorry = sorry.map(|(plan, written)| SorryPlan {
        key: own_port(plan.key, *written),
        ..plan.clone()
    });
    ServicePlan {
        row,
        servers: plans.collect(),
        quorum: quorum.clone(),
        sorry,
        drain: None,
        suspend: None,
    }
}

fn flag(block: &Item, keyword: &str, d: &mut Diagnostics) -> bool {
    block.last(keyword).is_some_and(|item| args::flag(item, d))
}

fn protocol(block: &Item, d: &mut Diagnostics) -> Protocol {
    let Some(item) = block.last("protocol") else {
        // A firewall mark says nothing of the protocol, and needs none.
        if block.arg() != "fwmark" {
            d.protocol_unset(block.span());
        }
        return Protocol::Udp;
    };
    match item.arg().to_ascii_uppercase().as_str() {
        "TCP" => Protocol::Tcp,
        "UDP" => Protocol::Udp,
        "SCTP" => Protocol::Sctp,
        other => {
            let message = format!("protocol `{other}` is not TCP, UDP or SCTP");
            d.refused_value(item.arg_span(), &message, "not known", "write protocol TCP");
            Protocol::Udp
        }
    }
}

fn command(block: &Item, keyword: &str, user: &User, d: &mut Diagnostics) -> Option<CommandPlan> {
    let exec = block.last(keyword).and_then(|item| args::notify(item, user, d))?;
    Some(CommandPlan {
        argv: exec.argv,
        user: exec.user,
        arguments: Arguments::AsWritten,
    })
}

fn quorum(block: &Item, user: &User, d: &mut Diagnostics) -> QuorumPlan {
    let mut weight = |keyword, min, or| {
        let found = block
            .last(keyword)
            .and_then(|item| args::number(item, min, u64::from(u32::MAX), d));
        found.and_then(|number| u32::try_from(number).ok()).unwrap_or(or)
    };
    let (needed, hysteresis) = (weight("quorum", 1, 1), weight("hysteresis", 0, 0));
    QuorumPlan {
        needed,
        hysteresis,
        up: command(block, "quorum_up", user, d),
        down: command(block, "quorum_down", user, d),
        omega: block.last("omega").is_some(),
    }
}

fn sorry(block: &Item, forward: Forward, d: &mut Diagnostics) -> Option<(SorryPlan, bool)> {
    let item = block.last("sorry_server")?;
    let (key, written) = endpoint(item.args(), item, d)?;
    let forward = parts::forward(block, &["sorry_server_lvs_method"], d).unwrap_or(forward);
    let inhibit = flag(block, "sorry_server_inhibit", d);
    let plan = SorryPlan {
        key,
        forward,
        inhibit,
    };
    Some((plan, written))
}

/// `IP [PORT]`, and whether there is a port.
fn endpoint(words: &[Word], item: &Item, d: &mut Diagnostics) -> Option<(DestinationKey, bool)> {
    let address: Option<IpAddr> = words.first().and_then(|word| word.text.parse().ok());
    let Some(address) = address else {
        d.bad_keepalived_address(item.arg_span(), item.keyword(), item.arg());
        return None;
    };
    let Some(word) = words.get(1) else {
        return Some((DestinationKey { address, port: 0 }, false));
    };
    let Ok(port) = word.text.parse::<u16>() else {
        let message = format!("`{}` is not a port", word.text);
        d.refused_value(
            &word.span,
            &message,
            "0 to 65535",
            "write a number; names are not resolved",
        );
        return None;
    };
    if let Some(extra) = words.get(2) {
        d.extra_words(&extra.span, item.keyword());
    }
    Some((DestinationKey { address, port }, true))
}

struct Inherited<'a> {
    forward: Forward,
    timing: Timing,
    globals: &'a Globals,
    inhibit: bool,
    beginning: Beginning,
}

/// What keepalived does not have: how many checks a server needs, and how it begins.
#[derive(Clone, Copy, Default)]
struct Beginning {
    needed: Option<u32>,
    slow_start: Option<Duration>,
}

impl Beginning {
    fn inherit(self, block: &Item, d: &mut Diagnostics) -> Self {
        let slow = block
            .last("slow_start")
            .and_then(|item| args::time(item, Duration::ZERO, LONGEST_SLOW_START, d));
        let needed = block.last("checks_needed").map(|item| match item.arg() {
            "all" => None,
            "any" => Some(1),
            _ => args::number(item, 1, u64::from(u16::MAX), d).and_then(|number| u32::try_from(number).ok()),
        });
        Self {
            needed: needed.unwrap_or(self.needed),
            slow_start: slow.or(self.slow_start).filter(|slow| !slow.is_zero()),
        }
    }
}

fn real_server(
    block: &Item,
    inherited: &Inherited<'_>,
    weight: Option<u64>,
    uses: &mut Vec<PluginUse>,
    d: &mut Diagnostics,
) -> Option<(ServerPlan, bool, Span)> {
    let (key, written) = endpoint(block.args(), block, d)?;
    let timing = inherited.timing.inherit(block, d);
    let user = &inherited.globals.user;
    let mut number = |keyword, max| block.last(keyword).and_then(|item| args::number(item, 0, max, d));
    let weight = number("weight", 65_535).or(weight).unwrap_or(1);
    let upper = number("uthreshold", u64::from(u32::MAX)).unwrap_or(0);
    let lower = number("lthreshold", u64::from(u32::MAX)).unwrap_or(0);
    let forward = parts::forward(block, &["lvs_method"], d).unwrap_or(inherited.forward);
    let mut plan = server(key, forward);
    plan.weight = u32::try_from(weight).unwrap_or(1);
    plan.upper_threshold = u32::try_from(upper).unwrap_or(0);
    plan.lower_threshold = u32::try_from(lower).unwrap_or(0);
    plan.inhibit_on_failure = block
        .last("inhibit_on_failure")
        .map_or(inherited.inhibit, |item| args::flag(item, d));
    plan.starts_down = timing.alpha;
    let Beginning { needed, slow_start } = inherited.beginning.inherit(block, d);
    plan.needed = needed;
    plan.slow_start = slow_start;
    plan.backup = flag(block, "backup", d);
    plan.up = command(block, "notify_up", user, d);
    plan.down = command(block, "notify_down", user, d);
    for child in &block.children {
        if let Some((check, used, alpha)) = checker::lower(child, &timing, inherited.globals, d) {
            plan.starts_down |= alpha;
            plan.checks.push(check);
            uses.push(used);
        }
    }
    Some((plan, written, block.arg_span().clone()))
}
