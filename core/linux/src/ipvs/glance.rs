//! /proc/net/ip_vs: the whole table in one read, some ten times cheaper than dumps, and for anybody to read.
//!
//! Addresses are bare hexadecimal for IPv4 and in brackets for IPv6; a line of a service begins with its protocol, one
//! of a real server with `->` (net/netfilter/ipvs/ip_vs_ctl.c, `ip_vs_info_seq_show`).

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::ipvs::{DestinationKey, Glance, GlanceKey, GlanceServer, GlanceService, Method};
use model::net::Protocol;

/// The table of this thread's network namespace.
const PATH: &str = "/proc/thread-self/net/ip_vs";

/// Looks at the table of this network namespace.
///
/// # Errors
/// The file is not there (no ip_vs, or no /proc), or not like any that is known: then it is to be dumped instead.
pub fn glance() -> io::Result<Glance> {
    let text = fs::read_to_string(PATH)?;
    parse(&text).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{PATH} has a new form")))
}

/// The file's text. `None` for anything that is not understood. Other transports are passed over.
pub(super) fn parse(text: &str) -> Option<Glance> {
    let mut lines = text.lines();
    // Three lines of headings.
    lines
        .next()
        .filter(|line| line.starts_with("IP Virtual Server version"))?;
    lines
        .next()
        .filter(|line| line.starts_with("Prot LocalAddress:Port"))?;
    lines
        .next()
        .filter(|line| line.trim_start().starts_with("-> RemoteAddress:Port"))?;
    let mut glance = Glance::default();
    let mut known = false;
    for line in lines {
        let mut words = line.split_whitespace();
        match words.next()? {
            "->" if !known => {}
            "->" => {
                let (_, service) = glance.services.last_mut()?;
                let (key, server) = server(words)?;
                service.servers.insert(key, server);
            }
            kind => {
                let key = match kind {
                    "FWM" => Some(GlanceKey::Mark(u32::from_str_radix(words.next()?, 16).ok()?)),
                    _ => {
                        let (address, port) = socket(words.next()?)?;
                        protocol(kind).map(|protocol| GlanceKey::Address {
                            protocol,
                            address,
                            port,
                        })
                    }
                };
                known = key.is_some();
                if let Some(key) = key {
                    glance.services.push((key, service(words)?));
                }
            }
        }
    }
    glance.services.sort_by_key(|(key, _)| *key);
    Some(glance)
}

fn protocol(word: &str) -> Option<Protocol> {
    match word {
        "TCP" => Some(Protocol::Tcp),
        "UDP" => Some(Protocol::Udp),
        "SCTP" => Some(Protocol::Sctp),
        _ => None,
    }
}

/// Scheduler and flags.
fn service<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<GlanceService> {
    let scheduler = words.next()?.to_owned();
    let flags: Vec<&str> = words.collect();
    Some(GlanceService {
        scheduler,
        one_packet: flags.contains(&"ops"),
        persistent: flags.contains(&"persistent"),
        servers: Default::default(),
    })
}

fn server<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<(DestinationKey, GlanceServer)> {
    let (address, port) = socket(words.next()?)?;
    let method = match words.next()? {
        "Masq" => Method::Nat,
        "Local" => Method::Local,
        "Tunnel" => Method::Tunnel,
        "Route" => Method::Direct,
        "Bypass" => Method::Bypass,
        _ => return None,
    };
    let mut number = || words.next()?.parse().ok();
    let server = GlanceServer {
        method,
        weight: number()?,
        active: number()?,
        inactive: number()?,
    };
    Some((DestinationKey { address, port }, server))
}

/// `0A4D0101:0050` or `[fd77:0000:0000:0000:0000:0000:0000:0001]:0050`.
fn socket(word: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = word.rsplit_once(':')?;
    let address = match address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => IpAddr::V6(address.parse::<Ipv6Addr>().ok()?),
        None => IpAddr::V4(Ipv4Addr::from(u32::from_str_radix(address, 16).ok()?)),
    };
    Some((address, u16::from_str_radix(port, 16).ok()?))
}
