//! Settings of this kernel that keep balanced traffic from flowing, told with their cure. What is set at the real
//! servers (`arp_ignore` behind direct routing, a clamp of the MSS behind a tunnel) cannot be seen from here.

mod machine;
mod path;

use model::ipvs::{DestinationKey, Forward};
use model::net::Family;
use model::plan::{Plan, ServicePlan};

use machine::{Kernel, Machine};

/// What a plan's services need and this network namespace does not have.
pub fn preflight(plan: &Plan) -> Vec<String> {
    warnings(plan, &Kernel { plan })
}

/// The same, of any machine.
fn warnings(plan: &Plan, machine: &dyn Machine) -> Vec<String> {
    let mut found = Vec::new();
    forwarding(plan, machine, &mut found);
    draining(plan, machine, &mut found);
    path::warnings(plan, machine, &mut found);
    found
}

/// Every server, the sorry one too, with its service.
fn servers(plan: &Plan) -> impl Iterator<Item = (&ServicePlan, DestinationKey, Forward)> {
    plan.services.iter().flat_map(|service| {
        let servers = service.servers.iter().map(|server| (server.key, server.forward));
        let all = servers.chain(service.sorry.iter().map(|sorry| (sorry.key, sorry.forward)));
        all.map(move |(key, forward)| (service, key, forward))
    })
}

fn forwarding(plan: &Plan, machine: &dyn Machine, found: &mut Vec<String>) {
    for (family, name) in [
        (Family::V4, "ipv4.ip_forward"),
        (Family::V6, "ipv6.conf.all.forwarding"),
    ] {
        let is_one = |key: DestinationKey, forward| {
            forward == Forward::Nat && Family::of(key.address) == family && !key.address.is_loopback()
        };
        let by_nat = servers(plan).find(|(_, key, forward)| is_one(*key, *forward));
        if let Some((service, ..)) = by_nat.filter(|_| machine.sysctl(name) == Some(0)) {
            found.push(format!(
                "{} forwards by nat, but net.{name} is 0 and replies of its servers are dropped; set it with \
                 `sysctl -w net.{name}=1`",
                service.key()
            ));
        }
    }
}

fn draining(plan: &Plan, machine: &dyn Machine, found: &mut Vec<String>) {
    let sticky = plan
        .services
        .iter()
        .find(|service| service.drain.is_some() && service.row.persistence.is_some());
    let quiescent = "ipv4.vs.expire_quiescent_template";
    if let Some(service) = sticky.filter(|_| machine.sysctl(quiescent) == Some(0)) {
        found.push(format!(
            "{} is persistent and drains, but net.{quiescent} is 0: clients keep to a server that leaves; set it with \
             `sysctl -w net.{quiescent}=1`, or `sysctl = {{ expire_quiescent_template = 1 }}` below [ipvs]",
            service.key()
        ));
    }
    let drains = plan.services.iter().find(|service| service.drain.is_some());
    let nodest = "ipv4.vs.expire_nodest_conn";
    if let Some(service) = drains.filter(|_| machine.sysctl(nodest) == Some(0)) {
        found.push(format!(
            "{} drains, but net.{nodest} is 0: connections that outlast a drain hang until they time out; set it with \
             `sysctl -w net.{nodest}=1`, or `sysctl = {{ expire_nodest_conn = 1 }}` below [ipvs]",
            service.key()
        ));
    }
}

#[cfg(test)]
mod tests;
