//! The way of packets to real servers: what does not fit, what comes back, what goes around.

use model::ipvs::{Forward, Tunnel};
use model::net::Family;
use model::plan::Plan;

use super::{Machine, servers};

/// Bytes of the packets that most clients send.
const ETHERNET: u32 = 1500;

pub(super) fn warnings(plan: &Plan, machine: &dyn Machine, found: &mut Vec<String>) {
    found.extend(too_long(plan, machine));
    found.extend(unmasked(plan, machine));
    found.extend(around(plan, machine));
    found.extend(full(plan, machine));
}

/// Bytes that a tunnel puts around a packet (linux/ipvs: `ip_vs_tunnel_xmit`; RFC 2003, RFC 2784, GUE of draft-ietf-intarea-gue).
fn around_a_packet(tunnel: Tunnel, outer: Family) -> u32 {
    /// `GUE_PLEN_REMCSUM` and the private flags before it (include/net/gue.h).
    const REMOTE_CHECKSUM: u32 = 8;
    let header = match outer {
        Family::V4 => 20,
        Family::V6 => 40,
    };
    header
        + match tunnel {
            Tunnel::Ipip => 0,
            Tunnel::Gue { flags, .. } => 8 + 4 + if flags & 2 != 0 { REMOTE_CHECKSUM } else { 0 },
            Tunnel::Gre { flags } => 4 + if flags & 1 != 0 { 4 } else { 0 },
        }
}

/// Whole packets of clients do not fit into a tunnel.
fn too_long(plan: &Plan, machine: &dyn Machine) -> Option<String> {
    servers(plan).find_map(|(service, server, forward)| {
        let Forward::Tunnel(tunnel) = forward else {
            return None;
        };
        if machine.is_own(server.address) {
            return None;
        }
        let more = around_a_packet(tunnel, Family::of(server.address));
        let mtu = machine.mtu(server.address)?;
        let headers = match service.key().family() {
            Family::V4 => 40,
            Family::V6 => 60,
        };
        let mss = mtu.saturating_sub(more + headers);
        (mtu < ETHERNET + more).then(|| {
            format!(
                "{} forwards by tunnel to {server}, which adds {more} bytes to a packet, and the way there takes {mtu}: \
                 whole packets of clients ({ETHERNET} bytes) do not fit; give that way an MTU of {} bytes, or have the \
                 server ask for less (`ip route change default ... advmss {mss}` there)",
                service.key(),
                ETHERNET + more,
            )
        })
    })
}

/// Packets that come out of a tunnel have the sources of clients, to whom another way leads.
fn unmasked(plan: &Plan, machine: &dyn Machine) -> Option<String> {
    servers(plan).find_map(|(service, server, forward)| {
        let device = match forward {
            Forward::Tunnel(Tunnel::Ipip | Tunnel::Gue { .. }) => "tunl0",
            Forward::Tunnel(Tunnel::Gre { .. }) => "gre0",
            Forward::Nat | Forward::Direct | Forward::Local | Forward::Bypass => return None,
        };
        let name = format!("ipv4.conf.{device}.rp_filter");
        // The larger of both counts (ip-sysctl.rst).
        let strict = machine.sysctl(&name)?.max(machine.sysctl("ipv4.conf.all.rp_filter")?) == 1;
        let is_one = strict && server.address.is_ipv4() && machine.is_own(server.address);
        is_one.then(|| {
            format!(
                "{} has {server}, this machine, behind a tunnel, but rp_filter of {device} is strict (1) and drops what \
                 comes out of it from clients; set it with `sysctl -w net.{name}=2`",
                service.key()
            )
        })
    })
}

/// A Backup that is a real server too balances again what the Master sends to it.
fn around(plan: &Plan, machine: &dyn Machine) -> Option<String> {
    let backup_only = "ipv4.vs.backup_only";
    let is_alone = plan.instances.is_empty() && plan.ipvs.sync.is_none();
    if is_alone || machine.sysctl(backup_only) != Some(0) {
        return None;
    }
    let own = servers(plan).find(|(service, server, forward)| {
        let unchanged = matches!(forward, Forward::Direct | Forward::Tunnel(_));
        unchanged && service.servers.len() > 1 && machine.is_own(server.address)
    });
    own.map(|(service, server, _)| {
        format!(
            "{} has {server}, this machine, as a server: while it is Backup it balances again what the Master sends to it, \
             perhaps back; run a sync daemon (`[ipvs.sync]`) and set net.{backup_only} with \
             `sysctl = {{ backup_only = 1 }}` below [ipvs]",
            service.key()
        )
    })
}

/// A table of connections that is nearly full.
fn full(plan: &Plan, machine: &dyn Machine) -> Option<String> {
    let service = plan.services.first()?;
    if machine.sysctl("ipv4.vs.conntrack")? != 1 {
        return None;
    }
    let name = "netfilter.nf_conntrack_max";
    let (count, most) = (
        machine.sysctl("netfilter.nf_conntrack_count")?,
        machine.sysctl(name)?,
    );
    (count.saturating_mul(10) >= most.saturating_mul(9)).then(|| {
        format!(
            "connections of {} are tracked (net.ipv4.vs.conntrack is 1), and {count} of {most} are taken: more will be \
             dropped; allow more with `sysctl -w net.{name}={}`, or set net.ipv4.vs.conntrack to 0 where no firewall rule \
             needs it",
            service.key(),
            most.saturating_mul(4)
        )
    })
}
