//! Servers that leave with their connections, and what IPVS has once for the node.

use std::time::Duration;

use insta::assert_snapshot;
use model::ids::{InstanceName, LinkName};
use model::ipvs::{SyncAttributes, Timeouts};
use model::plan::{IpvsPlan, Plan, ServicePlan, SyncPlan};
use model::probe::Status;
use model::transition::State;

use super::world::*;

fn draining(servers: &[u8]) -> ServicePlan {
    ServicePlan {
        drain: Some(Duration::from_secs(30)),
        ..service(1, servers)
    }
}

fn status(world: &World) -> String {
    let (services, ..) = world.balancer.status(world.now);
    let word = |server: &model::status::ServerStatus| match server.draining {
        None => format!("{} {:?}", server.server, server.weight),
        Some(drain) => format!(
            "{} active {:?}, {} s left",
            server.server, drain.active, drain.seconds_left
        ),
    };
    services[0]
        .servers
        .iter()
        .map(word)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_removed_server_finishes_its_connections() {
    let mut world = World::new();
    world.plan(&plan(vec![draining(&[1, 2])]));
    world.pass(3);
    world.told();
    world.connections.insert("1".to_owned(), 4);
    world.plan(&plan(vec![draining(&[2])]));
    assert_eq!(world.rows(), "1=0 2=10");
    world.pass(12);
    assert_snapshot!(status(&world), @r"
    198.51.100.2:8080 Some(10)
    198.51.100.1:8080 active Some(4), 18 s left
    ");
    world.connections.clear();
    world.pass(2);
    assert_eq!(world.rows(), "2=10");
    assert_snapshot!(world.told(), @r"
    server 1 drains
    kernel: set 198.51.100.1:8080 of tcp 192.0.2.1:80, weight 0
    server 1 has left, active Some(0)
    kernel: delete 198.51.100.1:8080 from tcp 192.0.2.1:80
    ");
    assert_snapshot!(status(&world), @"198.51.100.2:8080 Some(10)");
}

#[test]
fn the_deadline_ends_what_never_ends() {
    let mut world = World::new();
    world.plan(&plan(vec![draining(&[1, 2])]));
    world.pass(3);
    world.connections.insert("1".to_owned(), 4);
    world.blind = true;
    world.plan(&plan(vec![draining(&[2])]));
    world.pass(29);
    assert_eq!(world.rows(), "1=0 2=10");
    world.pass(1);
    assert_eq!(world.rows(), "2=10");
}

#[test]
fn weight_zero_puts_out_and_a_weight_brings_back() {
    let mut world = World::new();
    world.plan(&plan(vec![draining(&[1, 2])]));
    world.pass(3);
    world.connections.insert("1".to_owned(), 1);
    let mut out = draining(&[1, 2]);
    out.servers[0].weight = 0;
    world.plan(&plan(vec![out.clone()]));
    world.pass(5);
    assert_eq!(world.rows(), "1=0 2=10");
    world.plan(&plan(vec![draining(&[1, 2])]));
    assert_eq!(world.rows(), "1=10 2=10", "it returned while it drained");
    world.connections.clear();
    world.plan(&plan(vec![out.clone()]));
    world.pass(5);
    assert_eq!(world.rows(), "2=10");
    world.plan(&plan(vec![out]));
    world.pass(5);
    assert_eq!(world.rows(), "2=10", "it has left and stays out");
    assert_snapshot!(status(&world), @r"
    198.51.100.1:8080 None
    198.51.100.2:8080 Some(10)
    ");
    world.plan(&plan(vec![draining(&[1, 2])]));
    assert_eq!(world.rows(), "1=10 2=10");
}

#[test]
fn without_the_key_and_for_a_failed_server_nothing_is_waited_for() {
    let mut world = World::new();
    world.connections.insert("1".to_owned(), 1);
    world.plan(&plan(vec![service(1, &[1, 2])]));
    world.plan(&plan(vec![service(1, &[2])]));
    assert_eq!(world.rows(), "2=10");
    world.health("3", Status::Down);
    world.plan(&plan(vec![draining(&[2, 3])]));
    world.pass(6);
    world.plan(&plan(vec![draining(&[2])]));
    assert_eq!(world.rows(), "2=10");
}

#[test]
fn a_drain_goes_on_over_a_restart() {
    let mut world = World::new();
    world.plan(&plan(vec![draining(&[1, 2])]));
    world.connections.insert("1".to_owned(), 1);
    world.plan(&plan(vec![draining(&[2])]));
    let mut next = World::new();
    next.kernel = world.kernel;
    next.connections = world.connections;
    next.plan(&plan(vec![draining(&[2])]));
    next.pass(10);
    assert_eq!(next.rows(), "1=0 2=10");
    next.connections.clear();
    next.pass(3);
    assert_eq!(next.rows(), "2=10");
}

pub(super) fn tuned(tcp_s: Option<u32>, sync: bool, follow: Option<&str>) -> Plan {
    let sync = sync.then(|| SyncPlan {
        attributes: SyncAttributes {
            link: LinkName::from("eth1"),
            id: 51,
            max_length: None,
            port: None,
            ttl: None,
            group: None,
        },
        follow: follow.map(InstanceName::from),
    });
    let timeouts = Timeouts {
        tcp_s,
        ..Timeouts::default()
    };
    Plan {
        ipvs: IpvsPlan {
            timeouts,
            sync,
            ..IpvsPlan::default()
        },
        ..Plan::default()
    }
}

#[test]
fn timeouts_are_put_back() {
    let mut world = World::new();
    world.plan(&tuned(Some(77), false, None));
    world.pass(100);
    world.plan(&tuned(Some(78), false, None));
    world.plan(&tuned(None, false, None));
    world.plan(&tuned(Some(79), false, None));
    world.stop();
    assert!(world.balancer.is_settled());
    assert_snapshot!(world.told(), @r"
    settings: tcp 77
    settings: tcp 77
    settings: tcp 78
    settings: tcp 900
    settings: tcp 79
    settings: tcp 900
    ");
    world.pass(200);
    assert_snapshot!(world.told(), @"");
}

#[test]
fn sysctls_are_put_back_one_by_one() {
    let mut world = World::new();
    let tuned = |sysctls: &[(&str, i64)]| Plan {
        ipvs: IpvsPlan {
            sysctls: sysctls
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect(),
            ..IpvsPlan::default()
        },
        ..Plan::default()
    };
    world.plan(&tuned(&[("conntrack", 1), ("drop_entry", 3)]));
    world.plan(&tuned(&[("conntrack", 1)]));
    // What is not ours any more may be changed by others.
    world.sysctls.insert("drop_entry".to_owned(), 1);
    world.pass(70);
    world.stop();
    assert!(world.balancer.is_settled());
    assert_snapshot!(world.told(), @r"
    settings: conntrack 1, drop_entry 3
    settings: conntrack 1, drop_entry 2
    settings: conntrack 1
    settings: conntrack 0
    ");
    assert_eq!(world.sysctls["drop_entry"], 1);
}

#[test]
fn the_sync_daemon_follows_its_instance() {
    let mut world = World::new();
    let web = InstanceName::from("web");
    let other = InstanceName::from("other");
    world.plan(&tuned(None, true, Some("web")));
    world.state(&other, State::Master);
    world.state(&web, State::Master);
    world.state(&web, State::Master);
    world.state(&web, State::Fault);
    assert_eq!(world.balancer.status(world.now).2.sync, ["backup on eth1, id 51"]);
    world.plan(&tuned(None, true, None));
    world.stop();
    assert_snapshot!(world.told(), @r"
    settings: backup on eth1, id 51
    settings: master on eth1, id 51
    settings: backup on eth1, id 51
    settings: master on eth1, id 51, backup on eth1, id 51
    settings: no daemons
    ");
    assert!(world.balancer.is_settled());
}

#[test]
fn a_refused_sync_daemon_is_tried_again_and_stopped_at_the_end() {
    let mut world = World::new();
    world.untunable = Some("cannot start the sync daemon: no eth1".to_owned());
    world.plan(&tuned(None, true, None));
    world.pass(12);
    let message = world.balancer.status(world.now).2.message;
    assert_eq!(message.as_deref(), Some("cannot start the sync daemon: no eth1"));
    assert_eq!(world.told().lines().count(), 3);
    world.untunable = None;
    world.stop();
    assert_snapshot!(world.told(), @"settings: no daemons");
    assert_eq!(world.balancer.status(world.now).2.message, None);
}
