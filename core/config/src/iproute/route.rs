//! `[TYPE] [to] DESTINATION [via ROUTER] [dev LINK] [src ADDRESS] ...`

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::net::Family;
use model::route::{Hop, Metric, MetricValue, PROTOCOL, Route, RouteKind, TABLE_MAIN};

use super::names::{RouteNames, number};
use super::words::{Line, Mistake, Words};

/// Types of routes that are done.
const KINDS: [RouteKind; 5] = [
    RouteKind::Unicast,
    RouteKind::Blackhole,
    RouteKind::Unreachable,
    RouteKind::Prohibit,
    RouteKind::Throw,
];

/// Reads a route.
pub(crate) fn route(words: &[&str], names: &RouteNames) -> Result<Line<Route>, Mistake> {
    let mut draft = Draft::default();
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

/// A route of which not all is read.
#[derive(Default)]
struct Draft {
    kind: Option<RouteKind>,
    destination: Option<Destination>,
    /// What stands outside of any `nexthop`.
    hop: HopDraft,
    hops: Vec<HopDraft>,
    source: Option<IpAddr>,
    table: Option<u32>,
    metric: Option<u32>,
    protocol: Option<u8>,
    scope: Option<u8>,
    tos: u8,
    metrics: BTreeMap<Metric, MetricValue>,
    untracked: bool,
}

#[derive(Clone, Copy)]
enum Destination {
    /// Everything, of the family of the next hop.
    Default,
    Net(IpNet),
}

#[derive(Clone, Default)]
struct HopDraft {
    via: Option<IpAddr>,
    link: Option<model::ids::LinkName>,
    weight: Option<u16>,
    onlink: bool,
}

impl HopDraft {
    fn is_empty(&self) -> bool {
        self.via.is_none() && self.link.is_none()
    }

    fn finish(self) -> Hop {
        Hop {
            via: self.via,
            link: self.link,
            weight: self.weight.unwrap_or(1),
            onlink: self.onlink,
        }
    }
}

impl Draft {
    fn take(&mut self, word: &str, words: &mut Words<'_>, names: &RouteNames) -> Result<(), Mistake> {
        if self.hop.take(word, words)? {
            return Ok(());
        }
        if let Some(metric) = Metric::ALL.into_iter().find(|metric| metric.word() == word) {
            return self.take_metric(metric, words);
        }
        if let Some(kind) = KINDS.into_iter().find(|kind| kind.word() == word) {
            self.kind = Some(kind);
            return Ok(());
        }
        match word {
            "to" => {
                let word = words.parameter("to 192.0.2.0/24")?;
                self.take_destination(word, words)?;
            }
            "or" => {
                let via = words.address("or 192.0.2.2")?;
                let link = self.hop.link.clone();
                self.hops.push(HopDraft {
                    via: Some(via),
                    link,
                    ..HopDraft::default()
                });
            }
            "nexthop" => self.hops.push(next_hop(words)?),
            "src" => self.source = Some(words.address("src 192.0.2.2")?),
            "table" => {
                let what = "a table: a number, or a name of /etc/iproute2/rt_tables";
                self.table = Some(words.read(what, "table 100", |word| names.table(word))?);
            }
            "metric" | "priority" | "preference" => {
                self.metric = Some(words.number(0..=u32::MAX, "metric 100")?);
            }
            "proto" | "protocol" => {
                let what = "a protocol: a number, or a name of /etc/iproute2/rt_protos";
                self.protocol = Some(words.read(what, "protocol static", |word| names.protocol(word))?);
            }
            "scope" => {
                let what = "a scope: a number, or a name of /etc/iproute2/rt_scopes";
                self.scope = Some(words.read(what, "scope link", |word| names.scope(word))?);
            }
            "tos" | "dsfield" => self.tos = words.byte("tos 0x10")?,
            "no_track" => self.untracked = true,
            "add" | "append" | "prepend" | "fastopen_no_cookie" => words.ignore(0),
            "realms" | "realm" | "congctl" | "features" | "pref" | "expires" | "ttl-propagate" | "rtt"
            | "rttvar" | "track_group" => words.ignore(1),
            "encap" | "vrf" | "nhid" | "local" | "broadcast" | "multicast" | "anycast" | "nat" | "from"
            | "as" => {
                let message = format!("not supported by bellwether: {word}");
                return Err(words.wrong(message, "put this route in by a hook at master and backup"));
            }
            other => self.take_destination(other, words)?,
        }
        Ok(())
    }

    fn take_destination(&mut self, word: &str, words: &Words<'_>) -> Result<(), Mistake> {
        if self.destination.is_some() {
            let cure = "write it as `ip route` does: default via 192.0.2.1 dev eth0";
            return Err(words.wrong(format!("`{word}` is not a word of a route"), cure));
        }
        self.destination = Some(match word {
            "default" => Destination::Default,
            "default6" => Destination::Net(everything(Family::V6)),
            other => Destination::Net(words.prefix(other)?),
        });
        Ok(())
    }

    /// `mtu [lock] 1400`.
    fn take_metric(&mut self, metric: Metric, words: &mut Words<'_>) -> Result<(), Mistake> {
        let locked = words.take("lock");
        let cure = format!("{} 1400", metric.word());
        let value = words.read("a number", &cure, |word| match metric {
            Metric::RtoMin => number(word.strip_suffix("ms").unwrap_or(word)),
            Metric::Mtu
            | Metric::Advmss
            | Metric::Window
            | Metric::Ssthresh
            | Metric::Cwnd
            | Metric::Reordering
            | Metric::Hoplimit
            | Metric::Initcwnd
            | Metric::Initrwnd
            | Metric::Quickack => number(word),
        })?;
        self.metrics.insert(metric, MetricValue { value, locked });
        Ok(())
    }

    fn finish(mut self, words: &Words<'_>) -> Result<Route, Mistake> {
        let kind = self.kind.unwrap_or(RouteKind::Unicast);
        if !self.hop.is_empty() {
            self.hops.insert(0, self.hop.clone());
        }
        let hops: Vec<Hop> = self.hops.into_iter().map(HopDraft::finish).collect();
        match (kind, hops.is_empty()) {
            (RouteKind::Unicast, true) => {
                let cure = "add via 192.0.2.1, or dev eth0, or write blackhole before it";
                return Err(words.wrong("a route that leads nowhere", cure));
            }
            (
                RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit | RouteKind::Throw,
                false,
            ) => {
                let message = format!("a {} route has no next hop", kind.word());
                return Err(words.wrong(message, "remove via and dev"));
            }
            _ => {}
        }
        let vias = || hops.iter().filter_map(|hop| hop.via);
        let destination = match self.destination {
            Some(Destination::Net(net)) => net,
            Some(Destination::Default) => {
                let known = self.source.or_else(|| vias().next());
                everything(known.map_or(Family::V4, Family::of))
            }
            None => {
                return Err(words.wrong("a route without destination", "begin with default, or a network"));
            }
        };
        let family = Family::of(destination.addr());
        // The other way round there is a way: an IPv4 route by an IPv6 router (RFC 9229).
        let strange = vias()
            .filter(|via| family == Family::V6 && via.is_ipv4())
            .chain(self.source.filter(|source| Family::of(*source) != family))
            .next();
        if let Some(strange) = strange {
            let message = format!("{strange} and {destination} are of two families");
            return Err(words.wrong(message, "write addresses of one family"));
        }
        Ok(Route {
            destination,
            kind,
            table: self.table.unwrap_or(TABLE_MAIN),
            metric: self.metric,
            protocol: self.protocol.unwrap_or(PROTOCOL),
            scope: self.scope,
            source: self.source,
            tos: self.tos,
            hops,
            metrics: self.metrics,
            untracked: self.untracked,
        })
    }
}

impl HopDraft {
    /// Takes a word that says where to; false if it says something else.
    fn take(&mut self, word: &str, words: &mut Words<'_>) -> Result<bool, Mistake> {
        match word {
            "via" | "gw" => {
                // The family is plain from the address.
                let _ = words.take("inet") || words.take("inet6");
                self.via = Some(words.address("via 192.0.2.1")?);
            }
            "dev" | "oif" => self.link = Some(words.interface("dev eth0")?),
            "onlink" => self.onlink = true,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// What follows `nexthop`, up to the next one or to a word of the route.
fn next_hop(words: &mut Words<'_>) -> Result<HopDraft, Mistake> {
    let mut hop = HopDraft::default();
    while let Some(word) = words.peek() {
        if word == "weight" {
            words.next();
            let weight = words.number(1..=256, "weight 1")?;
            hop.weight = u16::try_from(weight).ok();
        } else if matches!(word, "via" | "gw" | "dev" | "oif" | "onlink") {
            words.next();
            hop.take(word, words)?;
        } else {
            break;
        }
    }
    if hop.is_empty() {
        return Err(words.wrong(
            "a nexthop that leads nowhere",
            "write nexthop via 192.0.2.1 dev eth0 weight 1",
        ));
    }
    Ok(hop)
}

fn everything(family: Family) -> IpNet {
    match family {
        Family::V4 => IpNet::V4(Ipv4Net::default()),
        Family::V6 => IpNet::V6(Ipv6Net::default()),
    }
}
