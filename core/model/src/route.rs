//! Entries of the kernel's routing tables and of its policy rules: those that come and go with an instance, and those
//! that stay while the daemon runs.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::ids::LinkName;
use crate::net::Family;

/// RT_TABLE_MAIN (linux/rtnetlink.h).
pub const TABLE_MAIN: u32 = 254;
/// RTPROT_KEEPALIVED (linux/rtnetlink.h): the number by which routing daemons know what a VRRP daemon put there.
pub const PROTOCOL: u8 = 18;

/// A route or a rule. `L` names an interface: by [`LinkName`] in a plan, by index in an order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Entry<L = LinkName> {
    /// A route.
    Route(Route<L>),
    /// A rule. The kernel knows its interfaces by name, whether they exist or not.
    Rule(Rule),
}

impl<L> Entry<L> {
    /// The same with its interfaces named otherwise; `None` when one of them has no such name.
    pub fn resolve<M>(&self, resolve: impl Fn(&L) -> Option<M>) -> Option<Entry<M>> {
        match self {
            Self::Route(route) => route.resolve(resolve).map(Entry::Route),
            Self::Rule(rule) => Some(Entry::Rule(rule.clone())),
        }
    }

    /// The interfaces that it cannot be without.
    pub fn links(&self) -> impl Iterator<Item = &L> {
        let hops = match self {
            Self::Route(route) => route.hops.as_slice(),
            Self::Rule(_) => &[],
        };
        hops.iter().filter_map(|hop| hop.link.as_ref())
    }

    /// Not put back when somebody else takes it off.
    pub fn is_untracked(&self) -> bool {
        match self {
            Self::Route(route) => route.untracked,
            Self::Rule(rule) => rule.untracked,
        }
    }
}

/// A route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Route<L = LinkName> {
    /// Where to, without host bits.
    pub destination: IpNet,
    /// What happens to a packet that goes there.
    pub kind: RouteKind,
    /// Table.
    pub table: u32,
    /// Metric; the kernel's own when absent.
    pub metric: Option<u32>,
    /// Who put it there (RTPROT_*).
    pub protocol: u8,
    /// RT_SCOPE_*, of IPv4 alone; what fits the next hop when absent.
    pub scope: Option<u8>,
    /// Source of packets of this host that take it.
    pub source: Option<IpAddr>,
    /// Type of service that a packet must have; 0 for any.
    pub tos: u8,
    /// None when packets go nowhere; several share the load.
    pub hops: Vec<Hop<L>>,
    /// Metrics of connections over it.
    pub metrics: BTreeMap<Metric, MetricValue>,
    /// Not put back when somebody else takes it off.
    pub untracked: bool,
}

impl<L> Route<L> {
    fn resolve<M>(&self, resolve: impl Fn(&L) -> Option<M>) -> Option<Route<M>> {
        let hops = self.hops.iter().map(|hop| {
            let link = match &hop.link {
                Some(link) => Some(resolve(link)?),
                None => None,
            };
            Some(Hop {
                via: hop.via,
                link,
                weight: hop.weight,
                onlink: hop.onlink,
            })
        });
        Some(Route {
            hops: hops.collect::<Option<_>>()?,
            destination: self.destination,
            kind: self.kind,
            table: self.table,
            metric: self.metric,
            protocol: self.protocol,
            scope: self.scope,
            source: self.source,
            tos: self.tos,
            metrics: self.metrics.clone(),
            untracked: self.untracked,
        })
    }
}

/// A way to send a packet on. At least one of `via` and `link` is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hop<L = LinkName> {
    /// The router.
    pub via: Option<IpAddr>,
    /// Interface.
    pub link: Option<L>,
    /// Its share among several, 1..=256.
    pub weight: u16,
    /// The router is on the link, whatever its address says.
    pub onlink: bool,
}

/// What happens to a packet (RTN_*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RouteKind {
    /// Sent on.
    Unicast,
    /// Dropped in silence.
    Blackhole,
    /// Dropped, and the sender is told that there is no way.
    Unreachable,
    /// Dropped, and the sender is told that it may not.
    Prohibit,
    /// Looked up in the next table.
    Throw,
}

impl RouteKind {
    /// iproute2's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unicast => "unicast",
            Self::Blackhole => "blackhole",
            Self::Unreachable => "unreachable",
            Self::Prohibit => "prohibit",
            Self::Throw => "throw",
        }
    }
}

/// Metrics of connections (RTAX_*), by iproute2's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Metric {
    /// Bytes of a packet.
    Mtu,
    /// Bytes of the segment that TCP announces.
    Advmss,
    /// Bytes of the largest window that TCP announces.
    Window,
    /// Slow start threshold in segments.
    Ssthresh,
    /// Clamp of the congestion window in segments; works with a lock alone.
    Cwnd,
    /// Segments that may come out of order.
    Reordering,
    /// Hop limit.
    Hoplimit,
    /// First congestion window in segments.
    Initcwnd,
    /// First announced window in segments.
    Initrwnd,
    /// Acknowledge at once: 0 or 1.
    Quickack,
    /// Least time before TCP sends again, in milliseconds.
    RtoMin,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Mtu,
        Self::Advmss,
        Self::Window,
        Self::Ssthresh,
        Self::Cwnd,
        Self::Reordering,
        Self::Hoplimit,
        Self::Initcwnd,
        Self::Initrwnd,
        Self::Quickack,
        Self::RtoMin,
    ];

    /// iproute2's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mtu => "mtu",
            Self::Advmss => "advmss",
            Self::Window => "window",
            Self::Ssthresh => "ssthresh",
            Self::Cwnd => "cwnd",
            Self::Reordering => "reordering",
            Self::Hoplimit => "hoplimit",
            Self::Initcwnd => "initcwnd",
            Self::Initrwnd => "initrwnd",
            Self::Quickack => "quickack",
            Self::RtoMin => "rto_min",
        }
    }
}

/// The value of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MetricValue {
    /// In the metric's own unit.
    pub value: u32,
    /// What is learned on the way does not change it.
    pub locked: bool,
}

/// A policy rule: which packets are looked up where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Rule {
    /// Family of the packets.
    pub family: Family,
    /// Its place among the rules; lower is asked first.
    pub priority: u32,
    /// Holds for packets that do not match.
    pub inverted: bool,
    /// Source, without host bits.
    pub from: Option<IpNet>,
    /// Destination, without host bits.
    pub to: Option<IpNet>,
    /// Interface that a packet came in by.
    pub iif: Option<LinkName>,
    /// Interface that the socket of a packet of this host is bound to.
    pub oif: Option<LinkName>,
    /// Type of service; 0 for any.
    pub tos: u8,
    /// Firewall mark and the bits of it that count.
    pub mark: Option<(u32, u32)>,
    /// IP protocol number.
    pub ip_protocol: Option<u8>,
    /// First and last source port.
    pub source_ports: Option<(u16, u16)>,
    /// First and last destination port.
    pub destination_ports: Option<(u16, u16)>,
    /// Users of local sockets, first and last.
    pub users: Option<(u32, u32)>,
    /// Routes of this prefix length and shorter do not count.
    pub suppress_prefix_length: Option<u32>,
    /// What happens to a packet that matches.
    pub action: RuleAction,
    /// Who put it there (RTPROT_*).
    pub protocol: u8,
    /// Not put back when somebody else takes it off.
    pub untracked: bool,
}

/// What happens to a packet that a rule matches (FR_ACT_*).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleAction {
    /// It is looked up in a table.
    Lookup(u32),
    /// The rule of that priority is next.
    Goto(u32),
    /// Nothing.
    Nop,
    /// Dropped in silence.
    Blackhole,
    /// Dropped, and the sender is told that there is no way.
    Unreachable,
    /// Dropped, and the sender is told that it may not.
    Prohibit,
}

impl<L: fmt::Display> fmt::Display for Entry<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Route(route) => write!(f, "route {route}"),
            Self::Rule(rule) => write!(f, "rule {rule}"),
        }
    }
}

/// As `ip route` would have it.
impl<L: fmt::Display> fmt::Display for Route<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != RouteKind::Unicast {
            write!(f, "{} ", self.kind.word())?;
        }
        write_net(f, self.destination)?;
        match self.hops.as_slice() {
            [hop] => write!(f, "{hop}")?,
            several => {
                for hop in several {
                    write!(f, " nexthop{hop} weight {}", hop.weight)?;
                }
            }
        }
        if let Some(source) = self.source {
            write!(f, " src {source}")?;
        }
        if self.table != TABLE_MAIN {
            write!(f, " table {}", self.table)?;
        }
        if let Some(metric) = self.metric {
            write!(f, " metric {metric}")?;
        }
        if self.tos != 0 {
            write!(f, " tos {:#x}", self.tos)?;
        }
        for (metric, MetricValue { value, locked }) in &self.metrics {
            let lock = if *locked { "lock " } else { "" };
            write!(f, " {} {lock}{value}", metric.word())?;
        }
        Ok(())
    }
}

impl<L: fmt::Display> fmt::Display for Hop<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(via) = self.via {
            write!(f, " via {via}")?;
        }
        if let Some(link) = &self.link {
            write!(f, " dev {link}")?;
        }
        if self.onlink {
            f.write_str(" onlink")?;
        }
        Ok(())
    }
}

/// As `ip rule` would have it.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.priority)?;
        if self.inverted {
            f.write_str(" not")?;
        }
        match self.from {
            Some(from) => {
                f.write_str(" from ")?;
                write_net(f, from)?;
            }
            None if self.family == Family::V6 => f.write_str(" inet6 from all")?,
            None => f.write_str(" from all")?,
        }
        if let Some(to) = self.to {
            f.write_str(" to ")?;
            write_net(f, to)?;
        }
        for (word, link) in [("iif", &self.iif), ("oif", &self.oif)] {
            if let Some(link) = link {
                write!(f, " {word} {link}")?;
            }
        }
        if self.tos != 0 {
            write!(f, " tos {:#x}", self.tos)?;
        }
        match self.mark {
            Some((mark, u32::MAX)) => write!(f, " fwmark {mark:#x}")?,
            Some((mark, mask)) => write!(f, " fwmark {mark:#x}/{mask:#x}")?,
            None => {}
        }
        if let Some(protocol) = self.ip_protocol {
            write!(f, " ipproto {protocol}")?;
        }
        for (word, ports) in [("sport", self.source_ports), ("dport", self.destination_ports)] {
            if let Some((first, last)) = ports {
                write_range(f, word, first, last)?;
            }
        }
        if let Some((first, last)) = self.users {
            write_range(f, "uidrange", first, last)?;
        }
        write!(f, " {}", self.action)?;
        if let Some(length) = self.suppress_prefix_length {
            write!(f, " suppress_prefixlength {length}")?;
        }
        Ok(())
    }
}

impl fmt::Display for RuleAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lookup(table) => write!(f, "lookup {table}"),
            Self::Goto(priority) => write!(f, "goto {priority}"),
            Self::Nop => f.write_str("nop"),
            Self::Blackhole => f.write_str("blackhole"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Prohibit => f.write_str("prohibit"),
        }
    }
}

fn write_range<T: fmt::Display + PartialEq>(
    f: &mut fmt::Formatter<'_>,
    word: &str,
    first: T,
    last: T,
) -> fmt::Result {
    if first == last {
        write!(f, " {word} {first}")
    } else {
        write!(f, " {word} {first}-{last}")
    }
}

fn write_net(f: &mut fmt::Formatter<'_>, net: IpNet) -> fmt::Result {
    match (net.prefix_len(), net) {
        (0, IpNet::V4(_)) => f.write_str("default"),
        (0, IpNet::V6(_)) => f.write_str("::/0"),
        (length, _) if length == net.max_prefix_len() => write!(f, "{}", net.addr()),
        _ => write!(f, "{net}"),
    }
}
