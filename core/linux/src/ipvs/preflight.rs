//! Settings of this kernel that keep balanced traffic from flowing, told with their cure. What is set at the real
//! servers (`arp_ignore` behind direct routing) cannot be seen from here.

use std::fs;

use model::ipvs::{DestinationKey, Forward};
use model::net::Family;
use model::plan::Plan;

/// What a plan's services need and this network namespace does not have.
pub fn preflight(plan: &Plan) -> Vec<String> {
    warnings(plan, |name| {
        // What we set ourselves counts as set.
        let ours = name
            .strip_prefix("ipv4.vs.")
            .and_then(|name| plan.ipvs.sysctls.get(name));
        if let Some(value) = ours {
            return Some(*value);
        }
        let text = fs::read_to_string(format!("/proc/sys/net/{}", name.replace('.', "/"))).ok()?;
        text.trim().parse().ok()
    })
}

/// The same, with the settings as `sysctl` tells them (`ipv4.ip_forward`); what it does not know is passed over.
pub(super) fn warnings(plan: &Plan, sysctl: impl Fn(&str) -> Option<i64>) -> Vec<String> {
    let mut found = Vec::new();
    let by = |family: Family| {
        plan.services.iter().find_map(|service| {
            let servers = service.servers.iter().map(|server| (server.key, server.forward));
            let all = servers.chain(service.sorry.iter().map(|sorry| (sorry.key, sorry.forward)));
            let is_one = |(key, forward): &(DestinationKey, Forward)| {
                *forward == Forward::Nat && Family::of(key.address) == family && !key.address.is_loopback()
            };
            all.into_iter()
                .any(|server| is_one(&server))
                .then(|| service.key())
        })
    };
    for (family, name) in [
        (Family::V4, "ipv4.ip_forward"),
        (Family::V6, "ipv6.conf.all.forwarding"),
    ] {
        if let Some(service) = by(family).filter(|_| sysctl(name) == Some(0)) {
            found.push(format!(
                "{service} forwards by nat, but net.{name} is 0 and replies of its servers are dropped; set it with \
                 `sysctl -w net.{name}=1`"
            ));
        }
    }
    let sticky = plan
        .services
        .iter()
        .find(|service| service.drain.is_some() && service.row.persistence.is_some());
    let quiescent = "ipv4.vs.expire_quiescent_template";
    if let Some(service) = sticky.filter(|_| sysctl(quiescent) == Some(0)) {
        found.push(format!(
            "{} is persistent and drains, but net.{quiescent} is 0: clients keep to a server that leaves; set it with \
             `sysctl -w net.{quiescent}=1`, or `sysctl = {{ expire_quiescent_template = 1 }}` below [ipvs]",
            service.key()
        ));
    }
    let drains = plan.services.iter().find(|service| service.drain.is_some());
    let nodest = "ipv4.vs.expire_nodest_conn";
    if let Some(service) = drains.filter(|_| sysctl(nodest) == Some(0)) {
        found.push(format!(
            "{} drains, but net.{nodest} is 0: connections that outlast a drain hang until they time out; set it with \
             `sysctl -w net.{nodest}=1`, or `sysctl = {{ expire_nodest_conn = 1 }}` below [ipvs]",
            service.key()
        ));
    }
    found
}
