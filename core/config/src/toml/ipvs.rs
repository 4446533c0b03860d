//! `[ipvs]`: what the kernel's balancer has once for the node.

use std::collections::BTreeMap;
use std::net::IpAddr;

use model::ids::{InstanceName, LinkName};
use model::ipvs::{SYSCTLS, SyncAttributes, Timeouts};
use model::plan::SyncPlan;

use super::keys::Keys;
use super::tree::{Entry, Table};
use crate::check::IPVS_SECONDS;
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, SyncDraft};

pub(super) fn lower(table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "ipvs");
    if let Some(table) = keys.table("timeouts", d) {
        draft.ipvs.timeouts = timeouts(table, d);
    }
    if let Some(table) = keys.table("sysctl", d) {
        draft.ipvs.sysctls = sysctls(table, d);
    }
    let entry = keys.entry("sync");
    if let Some((entry, table)) = entry.zip(keys.table("sync", d)) {
        draft.sync = sync(entry, table, d);
    }
    keys.finish(d);
}

fn timeouts(table: &Table, d: &mut Diagnostics) -> Timeouts {
    let mut keys = Keys::new(table, "timeouts");
    let mut seconds = |key| {
        let at = keys.duration(key, d)?;
        let found = u32::try_from(at.value.as_secs()).ok();
        let found = found.filter(|seconds| IPVS_SECONDS.contains(seconds) && at.value.subsec_nanos() == 0);
        found.or_else(|| d.timeout_range(&at.span))
    };
    let found = Timeouts {
        tcp_s: seconds("tcp"),
        tcp_fin_s: seconds("tcp_fin"),
        udp_s: seconds("udp"),
    };
    keys.finish(d);
    found
}

/// `{ expire_nodest_conn = 1 }`: names below `net.ipv4.vs`.
fn sysctls(table: &Table, d: &mut Diagnostics) -> BTreeMap<String, i64> {
    let mut keys = Keys::new(table, "sysctl");
    let mut found = BTreeMap::new();
    for (name, min, max) in SYSCTLS {
        let number = keys.number(name, min, max, d);
        found.extend(number.map(|at| (name.to_owned(), at.value)));
    }
    keys.finish(d);
    found
}

fn sync(entry: &Entry, table: &Table, d: &mut Diagnostics) -> Option<SyncDraft> {
    let mut keys = Keys::new(table, "sync");
    let link = keys.interface("interface", d);
    let follow = keys.text("instance", d);
    let mut number = |key, min, max| keys.number(key, min, max, d).map(|at| at.value);
    let id = number("id", 0, 255).and_then(|id| u8::try_from(id).ok());
    let max_length = number("max_length", 64, 65_507).and_then(|length| u16::try_from(length).ok());
    let port = number("port", 1, 65_535).and_then(|port| u16::try_from(port).ok());
    let ttl = number("ttl", 1, 255).and_then(|ttl| u8::try_from(ttl).ok());
    let group = keys.address("group", d).and_then(|at| {
        let group: Option<IpAddr> = Some(at.value).filter(IpAddr::is_multicast);
        group.or_else(|| d.not_a_group(&at.span, &at.value.to_string()))
    });
    let refused = keys.refused;
    keys.finish(d);
    let Some(link) = link else {
        if !refused {
            d.missing_key::<()>(&entry.key_span, "sync", "interface", "interface = \"eth1\"");
        }
        return None;
    };
    let head = entry.key_span.clone();
    Some(SyncDraft {
        plan: SyncPlan {
            attributes: SyncAttributes {
                link: LinkName::from(link.value),
                id: 0,
                max_length,
                port,
                ttl,
                group,
            },
            follow: follow.as_ref().map(|at| InstanceName::from(at.value)),
        },
        id,
        follow: follow.map_or_else(|| head.clone(), |at| at.span),
        head,
    })
}
