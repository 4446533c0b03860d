//! `[not] [from NET] [to NET] [fwmark M] ... table T [priority N]`

use ipnet::IpNet;
use model::net::Family;
use model::route::{PROTOCOL, Rule, RuleAction};

use super::names::{RouteNames, number};
use super::words::{Line, Mistake, Words};

/// Priorities for rules that name none: keepalived counts down from here.
#[derive(Debug)]
pub(crate) struct Priorities(u32);

impl Default for Priorities {
    fn default() -> Self {
        Self(16_384)
    }
}

impl Priorities {
    /// The next one.
    pub(crate) fn take(&mut self) -> u32 {
        let next = self.0;
        self.0 = self.0.saturating_sub(1).max(1);
        next
    }
}

/// Reads a rule; its priority is `None` when none was written.
pub(crate) fn rule(words: &[&str], names: &RouteNames) -> Result<Line<(Rule, Option<u32>)>, Mistake> {
    let mut draft = Draft {
        family: None,
        priority: None,
        action: None,
        rule: Rule {
            family: Family::V4,
            priority: 0,
            inverted: false,
            from: None,
            to: None,
            iif: None,
            oif: None,
            tos: 0,
            mark: None,
            ip_protocol: None,
            source_ports: None,
            destination_ports: None,
            users: None,
            suppress_prefix_length: None,
            action: RuleAction::Nop,
            protocol: PROTOCOL,
            untracked: false,
        },
    };
    let mut words = Words::new(words);
    while let Some(word) = words.next() {
        draft.take(word, &mut words, names)?;
    }
    let value = draft.finish(&words)?;
    Ok(Line {
        value,
        ignored: words.ignored,
    })
}

struct Draft {
    family: Option<Family>,
    priority: Option<u32>,
    action: Option<RuleAction>,
    rule: Rule,
}

impl Draft {
    fn take(&mut self, word: &str, words: &mut Words<'_>, names: &RouteNames) -> Result<(), Mistake> {
        let rule = &mut self.rule;
        match word {
            "inet" => self.family = Some(Family::V4),
            "inet6" => self.family = Some(Family::V6),
            "not" => rule.inverted = true,
            "from" => rule.from = selector(words, "from 192.0.2.0/24")?,
            "to" => rule.to = selector(words, "to 192.0.2.0/24")?,
            "iif" | "dev" => rule.iif = Some(words.interface("iif eth0")?),
            "oif" => rule.oif = Some(words.interface("oif eth0")?),
            "tos" | "dsfield" => rule.tos = words.byte("tos 0x10")?,
            "fwmark" => rule.mark = Some(words.read("a mark", "fwmark 0x1/0xff", mark)?),
            "ipproto" => {
                let what = "an IP protocol: a number, tcp, udp, sctp, icmp or icmpv6";
                rule.ip_protocol = Some(words.read(what, "ipproto tcp", ip_protocol)?);
            }
            "sport" => rule.source_ports = Some(words.range("sport 1-1023")?),
            "dport" => rule.destination_ports = Some(words.range("dport 80")?),
            "uidrange" => rule.users = Some(words.range("uidrange 0-99")?),
            "suppress_prefixlength" | "suppress_prefixlen" | "sup_pl" => {
                rule.suppress_prefix_length = Some(words.number(0..=128, "suppress_prefixlength 0")?);
            }
            "protocol" | "proto" => {
                let what = "a protocol: a number, or a name of /etc/iproute2/rt_protos";
                rule.protocol = words.read(what, "protocol static", |word| names.protocol(word))?;
            }
            "preference" | "pref" | "order" | "priority" => {
                self.priority = Some(words.number(0..=u32::MAX, "priority 1000")?);
            }
            "no_track" => rule.untracked = true,
            "track_group" => words.ignore(1),
            // Without one of them the rule would hold for more packets than it should.
            "realms" | "realm" | "suppress_ifgroup" | "sup_group" | "tunnel-id" | "tun_id" | "l3mdev"
            | "nat" => {
                let message = format!("not supported by bellwether: {word}");
                return Err(words.wrong(message, "put this rule in by a hook at master and backup"));
            }
            other => return self.take_action(other, words, names),
        }
        Ok(())
    }

    fn take_action(&mut self, word: &str, words: &mut Words<'_>, names: &RouteNames) -> Result<(), Mistake> {
        self.action = Some(match word {
            "table" | "lookup" => {
                let what = "a table: a number, or a name of /etc/iproute2/rt_tables";
                RuleAction::Lookup(words.read(what, "table 100", |word| names.table(word))?)
            }
            "goto" => RuleAction::Goto(words.number(1..=u32::MAX, "goto 2000")?),
            "nop" => RuleAction::Nop,
            "blackhole" => RuleAction::Blackhole,
            "unreachable" => RuleAction::Unreachable,
            "prohibit" => RuleAction::Prohibit,
            "type" => {
                return match words.next() {
                    Some(kind) => self.take_action(kind, words, names),
                    None => Err(words.wrong("`type` needs a parameter", "write type blackhole")),
                };
            }
            other => {
                let cure = "write it as `ip rule` does: from 192.0.2.0/24 table 100 priority 1000";
                return Err(words.wrong(format!("`{other}` is not a word of a rule"), cure));
            }
        });
        Ok(())
    }

    fn finish(self, words: &Words<'_>) -> Result<(Rule, Option<u32>), Mistake> {
        let mut rule = self.rule;
        let Some(action) = self.action else {
            return Err(words.wrong("a rule that does nothing", "add table 100"));
        };
        if action == RuleAction::Lookup(0) {
            return Err(words.wrong("there is no table 0", "write table 100"));
        }
        let nets = [rule.from, rule.to];
        let mut families = nets.iter().flatten().map(|net| Family::of(net.addr()));
        rule.family = self.family.or_else(|| families.next()).unwrap_or(Family::V4);
        let strange = nets
            .into_iter()
            .flatten()
            .find(|net| Family::of(net.addr()) != rule.family);
        if let Some(strange) = strange {
            let message = format!("{strange} is not {}", rule.family);
            return Err(words.wrong(message, "write addresses of one family"));
        }
        rule.action = action;
        rule.priority = self.priority.unwrap_or_default();
        Ok((rule, self.priority))
    }
}

/// `all` is no selector.
fn selector(words: &mut Words<'_>, cure: &str) -> Result<Option<IpNet>, Mistake> {
    match words.parameter(cure)? {
        "all" | "any" | "default" => Ok(None),
        word => words.prefix(word).map(Some),
    }
}

/// `M` or `M/MASK`.
fn mark(word: &str) -> Option<(u32, u32)> {
    match word.split_once('/') {
        Some((mark, mask)) => Some((number(mark)?, number(mask)?)),
        None => Some((number(word)?, u32::MAX)),
    }
}

fn ip_protocol(word: &str) -> Option<u8> {
    match word {
        "icmp" => Some(1),
        "tcp" => Some(6),
        "udp" => Some(17),
        "icmpv6" | "ipv6-icmp" => Some(58),
        "sctp" => Some(132),
        other => number(other).and_then(|number| u8::try_from(number).ok()),
    }
}
