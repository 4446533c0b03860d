//! `lvs_timeouts`, `lvs_sysctl` and `lvs_sync_daemon`.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use model::ids::{InstanceName, LinkName};
use model::ipvs::{SYSCTLS, SyncAttributes, Timeouts};
use model::plan::SyncPlan;

use super::tree::Item;
use crate::check::IPVS_SECONDS;
use crate::diagnostics::Diagnostics;
use crate::draft::SyncDraft;
use crate::unit;

/// `[tcp N] [tcpfin N] [udp N]`.
pub(super) fn timeouts(item: &Item, d: &mut Diagnostics) -> Timeouts {
    let mut found = Timeouts::default();
    for (name, value) in pairs(item, 0) {
        let slot = match name {
            "tcp" => &mut found.tcp_s,
            "tcpfin" => &mut found.tcp_fin_s,
            "udp" => &mut found.udp_s,
            other => {
                let message = format!("lvs_timeouts knows tcp, tcpfin and udp, not `{other}`");
                d.ignored_value(item.arg_span(), &message, "ignored");
                continue;
            }
        };
        *slot = number(item, name, value, IPVS_SECONDS, d);
    }
    found
}

/// `lvs_sysctl NAME VALUE`, ours: a name below `net.ipv4.vs`.
pub(super) fn sysctl(item: &Item, d: &mut Diagnostics) -> Option<(String, i64)> {
    let Some((name, min, max)) = SYSCTLS.iter().find(|(name, ..)| *name == item.arg()) else {
        let message = format!("there is no sysctl net.ipv4.vs.{} to set", item.arg());
        d.ignored_value(item.arg_span(), &message, "ignored");
        return None;
    };
    let value = item.args().get(1)?;
    let found = value
        .text
        .parse()
        .ok()
        .filter(|value| (*min..=*max).contains(value));
    if found.is_none() {
        let message = format!("{name} is a number from {min} to {max}, not `{}`", value.text);
        d.ignored_value(&value.span, &message, "ignored");
    }
    found.map(|value| ((*name).to_owned(), value))
}

/// `IF [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]`.
pub(super) fn sync(item: &Item, d: &mut Diagnostics) -> Option<SyncDraft> {
    const OPTIONS: [&str; 6] = ["inst", "id", "maxlen", "port", "ttl", "group"];
    let link = item.arg();
    if !unit::interface(link) {
        return d.bad_interface(item.arg_span(), link);
    }
    let second = item
        .args()
        .get(1)
        .filter(|word| !OPTIONS.contains(&word.text.as_str()));
    let mut follow = second.map(|word| (word.text.as_str(), word.span.clone()));
    let mut attributes = SyncAttributes {
        link: LinkName::from(link),
        id: 0,
        max_length: None,
        port: None,
        ttl: None,
        group: None,
    };
    let mut id = None;
    for (name, value) in pairs(item, if second.is_some() { 2 } else { 1 }) {
        let mut number = |range| number(item, name, value, range, d);
        match name {
            "inst" => follow = Some((value, item.arg_span().clone())),
            "id" => id = number(0..=255).and_then(|id| u8::try_from(id).ok()),
            "maxlen" => {
                attributes.max_length = number(64..=65_507).and_then(|length| u16::try_from(length).ok())
            }
            "port" => attributes.port = number(1..=65_535).and_then(|port| u16::try_from(port).ok()),
            "ttl" => attributes.ttl = number(1..=255).and_then(|ttl| u8::try_from(ttl).ok()),
            "group" => {
                let group = value.parse::<IpAddr>().ok().filter(IpAddr::is_multicast);
                attributes.group = group.or_else(|| d.not_a_group(item.arg_span(), value));
            }
            other => {
                let message = format!("lvs_sync_daemon does not know `{other}`");
                d.ignored_value(item.arg_span(), &message, "ignored");
            }
        }
    }
    let head = item.arg_span().clone();
    Some(SyncDraft {
        plan: SyncPlan {
            attributes,
            follow: follow.as_ref().map(|(name, _)| InstanceName::from(*name)),
        },
        id,
        follow: follow.map_or_else(|| head.clone(), |(_, span)| span),
        head,
    })
}

/// Words after the first `skip`, two by two; the value of a last single one is empty.
fn pairs(item: &Item, skip: usize) -> impl Iterator<Item = (&str, &str)> {
    let words = item.args().get(skip..).unwrap_or_default();
    words.chunks(2).map(|pair| {
        let text = |at: usize| pair.get(at).map_or("", |word| word.text.as_str());
        (text(0), text(1))
    })
}

fn number(
    item: &Item,
    name: &str,
    value: &str,
    range: RangeInclusive<u32>,
    d: &mut Diagnostics,
) -> Option<u32> {
    let found = value.parse().ok().filter(|number| range.contains(number));
    if found.is_none() {
        let (keyword, min, max) = (item.keyword(), range.start(), range.end());
        let message = format!("`{keyword} {name} {value}` is not a number from {min} to {max}");
        d.ignored_value(item.arg_span(), &message, "ignored");
    }
    found
}
