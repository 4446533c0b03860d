use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use model::ipvs::{Persistence, ServiceKey, ServiceRow, SyncAttributes, Tunnel};
use model::net::Protocol;
use model::plan::{QuorumPlan, ServerPlan, SorryPlan, SyncPlan};

use super::*;

/// A machine of which everything is known: one address is its own, one setting counts for all that are not named.
#[derive(Default)]
struct Told {
    settings: BTreeMap<&'static str, i64>,
    otherwise: Option<i64>,
    own: Option<IpAddr>,
    mtu: Option<u32>,
}

impl Machine for Told {
    fn sysctl(&self, name: &str) -> Option<i64> {
        self.settings.get(name).copied().or(self.otherwise)
    }

    fn is_own(&self, address: IpAddr) -> bool {
        self.own == Some(address)
    }

    fn mtu(&self, _: IpAddr) -> Option<u32> {
        self.mtu
    }
}

const SERVER: DestinationKey = DestinationKey {
    address: IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)),
    port: 80,
};

fn service(forward: Forward, persistence: Option<Persistence>) -> ServicePlan {
    ServicePlan {
        row: ServiceRow {
            key: ServiceKey::Address {
                protocol: Protocol::Tcp,
                address: [192, 0, 2, 1].into(),
                port: 80,
            },
            scheduler: "rr".to_owned(),
            flags: 0,
            persistence,
        },
        servers: Vec::new(),
        quorum: QuorumPlan::default(),
        sorry: Some(SorryPlan {
            key: SERVER,
            forward,
            inhibit: false,
        }),
        drain: None,
        suspend: None,
    }
}

fn server(host: u8) -> ServerPlan {
    ServerPlan {
        key: DestinationKey {
            address: [10, 0, 0, host].into(),
            port: 80,
        },
        forward: Forward::Direct,
        weight: 1,
        upper_threshold: 0,
        lower_threshold: 0,
        inhibit_on_failure: false,
        starts_down: false,
        checks: Vec::new(),
        needed: None,
        slow_start: None,
        backup: false,
        up: None,
        down: None,
    }
}

fn draining(forward: Forward, persistence: Option<Persistence>) -> ServicePlan {
    ServicePlan {
        drain: Some(Duration::from_secs(1)),
        ..service(forward, persistence)
    }
}

fn warned(services: Vec<ServicePlan>, machine: &Told) -> String {
    let plan = Plan {
        services,
        ..Plan::default()
    };
    warnings(&plan, machine).join("\n")
}

#[test]
fn what_keeps_traffic_from_flowing_names_its_cure() {
    let persistence = Some(Persistence {
        timeout_s: 60,
        prefix: 32,
        sip: false,
    });
    let all = |value| Told {
        otherwise: Some(value),
        ..Told::default()
    };
    let services = vec![
        draining(Forward::Nat, persistence),
        draining(Forward::Direct, None),
    ];
    let open = Told {
        settings: BTreeMap::from([("ipv4.vs.conntrack", 0)]),
        ..all(1)
    };
    assert_eq!(warned(services.clone(), &open), "");
    insta::assert_snapshot!(warned(services, &all(0)), @r"
    tcp 192.0.2.1:80 forwards by nat, but net.ipv4.ip_forward is 0 and replies of its servers are dropped; set it with `sysctl -w net.ipv4.ip_forward=1`
    tcp 192.0.2.1:80 is persistent and drains, but net.ipv4.vs.expire_quiescent_template is 0: clients keep to a server that leaves; set it with `sysctl -w net.ipv4.vs.expire_quiescent_template=1`, or `sysctl = { expire_quiescent_template = 1 }` below [ipvs]
    tcp 192.0.2.1:80 drains, but net.ipv4.vs.expire_nodest_conn is 0: connections that outlast a drain hang until they time out; set it with `sysctl -w net.ipv4.vs.expire_nodest_conn=1`, or `sysctl = { expire_nodest_conn = 1 }` below [ipvs]
    ");
    assert_eq!(warned(vec![service(Forward::Direct, None)], &all(0)), "");
}

#[test]
fn a_tunnel_wants_room_for_its_headers() {
    let tunnel = |tunnel, mtu| {
        let machine = Told {
            mtu: Some(mtu),
            ..Told::default()
        };
        warned(vec![service(Forward::Tunnel(tunnel), None)], &machine)
    };
    insta::assert_snapshot!(tunnel(Tunnel::Ipip, 1500), @"tcp 192.0.2.1:80 forwards by tunnel to 10.0.0.1:80, which adds 20 bytes to a packet, and the way there takes 1500: whole packets of clients (1500 bytes) do not fit; give that way an MTU of 1520 bytes, or have the server ask for less (`ip route change default ... advmss 1440` there)");
    for (kind, needed) in [
        (Tunnel::Ipip, 1520),
        (Tunnel::Gre { flags: 0 }, 1524),
        (Tunnel::Gre { flags: 1 }, 1528),
        (Tunnel::Gue { port: 6080, flags: 1 }, 1532),
        (Tunnel::Gue { port: 6080, flags: 2 }, 1540),
    ] {
        assert_eq!(tunnel(kind, needed), "", "{kind:?}");
        assert!(
            tunnel(kind, needed - 1).contains(&format!("an MTU of {needed} bytes")),
            "{kind:?}"
        );
    }
    // Nothing is known of the way.
    let blind = Told::default();
    assert_eq!(
        warned(vec![service(Forward::Tunnel(Tunnel::Ipip), None)], &blind),
        ""
    );
}

#[test]
fn a_director_that_is_a_real_server_is_warned_of_what_would_go_around() {
    let machine = Told {
        settings: BTreeMap::from([
            ("ipv4.conf.all.rp_filter", 0),
            ("ipv4.conf.tunl0.rp_filter", 1),
            ("ipv4.vs.backup_only", 0),
        ]),
        own: Some(SERVER.address),
        mtu: Some(1500),
        ..Told::default()
    };
    let by_tunnel = service(Forward::Tunnel(Tunnel::Ipip), None);
    insta::assert_snapshot!(warned(vec![by_tunnel.clone()], &machine), @"tcp 192.0.2.1:80 has 10.0.0.1:80, this machine, behind a tunnel, but rp_filter of tunl0 is strict (1) and drops what comes out of it from clients; set it with `sysctl -w net.ipv4.conf.tunl0.rp_filter=2`");
    let loose = Told {
        settings: BTreeMap::from([("ipv4.conf.all.rp_filter", 2), ("ipv4.conf.tunl0.rp_filter", 1)]),
        own: machine.own,
        ..Told::default()
    };
    assert_eq!(warned(vec![by_tunnel], &loose), "");
    let direct = ServicePlan {
        servers: [1, 2].map(server).into(),
        ..service(Forward::Direct, None)
    };
    let mut plan = Plan {
        services: vec![direct],
        ..Plan::default()
    };
    // Nobody else balances: nothing goes around.
    assert_eq!(warnings(&plan, &machine).join("\n"), "");
    plan.ipvs.sync = Some(SyncPlan {
        attributes: SyncAttributes {
            link: "eth0".into(),
            id: 0,
            max_length: None,
            port: None,
            ttl: None,
            group: None,
        },
        follow: None,
    });
    insta::assert_snapshot!(warnings(&plan, &machine).join("\n"), @"tcp 192.0.2.1:80 has 10.0.0.1:80, this machine, as a server: while it is Backup it balances again what the Master sends to it, perhaps back; run a sync daemon (`[ipvs.sync]`) and set net.ipv4.vs.backup_only with `sysctl = { backup_only = 1 }` below [ipvs]");
}

#[test]
fn a_table_of_connections_that_fills_up_is_told_of() {
    let with = |count| Told {
        settings: BTreeMap::from([
            ("ipv4.vs.conntrack", 1),
            ("netfilter.nf_conntrack_max", 1000),
            ("netfilter.nf_conntrack_count", count),
        ]),
        ..Told::default()
    };
    let services = vec![service(Forward::Direct, None)];
    assert_eq!(warned(services.clone(), &with(899)), "");
    insta::assert_snapshot!(warned(services, &with(900)), @"connections of tcp 192.0.2.1:80 are tracked (net.ipv4.vs.conntrack is 1), and 900 of 1000 are taken: more will be dropped; allow more with `sysctl -w net.netfilter.nf_conntrack_max=4000`, or set net.ipv4.vs.conntrack to 0 where no firewall rule needs it");
}

#[test]
fn this_machine_knows_its_own_addresses_and_ways() {
    let plan = Plan::default();
    let kernel = Kernel { plan: &plan };
    assert!(kernel.is_own([127, 0, 0, 1].into()));
    // TEST-NET-2 (RFC 5737): no machine has it.
    assert!(!kernel.is_own([198, 51, 100, 77].into()));
    assert!(kernel.mtu([127, 0, 0, 1].into()).is_some_and(|mtu| mtu >= 1500));
}
