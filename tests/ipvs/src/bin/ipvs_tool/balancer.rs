//! The engine's balancer against the kernel, with verdicts and a clock of our own.

use std::time::Duration;

use anyhow::{Result, ensure};
use ipvs::world::World;
use model::ids::PluginName;
use model::ipvs::{DestinationKey, Forward, ServiceKey, ServiceRow};
use model::net::Protocol;
use model::plan::{CheckPlan, OnUnknown, Plan, QuorumPlan, ServerPlan, ServicePlan, SorryPlan, Via};
use model::probe::Status;

/// Two servers and a sorry server through a day of failures, and somebody who empties the table.
pub(super) fn check() -> Result<()> {
    let mut world = World::new()?;
    let plan = Plan {
        services: vec![service()],
        ..Plan::default()
    };
    world.balancer.handle_plan(&plan, world.now);
    world.balancer.handle_worker(true, world.now);
    let up = |_: u8| Status::Up;
    world.pass(3, up)?;
    ensure!(
        rows(&mut world)? == "10.77.2.1:80=10 10.77.2.2:80=10",
        "{}",
        rows(&mut world)?
    );
    world.pass(5, |server| if server == 1 { Status::Down } else { Status::Up })?;
    ensure!(rows(&mut world)? == "10.77.2.2:80=10", "{}", rows(&mut world)?);
    world.pass(5, |_| Status::Down)?;
    ensure!(rows(&mut world)? == "10.77.2.9:80=1", "{}", rows(&mut world)?);
    world.pass(5, up)?;
    ensure!(
        rows(&mut world)? == "10.77.2.1:80=10 10.77.2.2:80=10",
        "{}",
        rows(&mut world)?
    );
    super::ipvsadm("-C")?;
    super::ipvsadm("-A -t 10.77.1.1:80 -s wlc")?;
    super::ipvsadm("-A -t 10.99.0.1:80 -s rr")?;
    world.pass(12, up)?;
    ensure!(
        rows(&mut world)? == "10.77.2.1:80=10 10.77.2.2:80=10",
        "{}",
        rows(&mut world)?
    );
    let (_, _, status) = world.balancer.status(world.now);
    ensure!(
        status.repairs == 1 && status.available && status.message.is_none(),
        "{status:?}"
    );
    world.balancer.handle_stop(world.now);
    world.drain(up)?;
    ensure!(world.balancer.is_settled());
    let left = world.client.read()?;
    ensure!(
        left.services.len() == 1 && !left.services.contains_key(service().key()),
        "{left:?}"
    );
    Ok(())
}

/// A reload without change: no message that changes anything, at most one dump and one glance. And a weight: one
/// message. A server that is put out drains, which nobody keeps waiting here.
pub(super) fn quiet() -> Result<()> {
    let mut world = World::new()?;
    let mut plan = Plan {
        services: vec![service()],
        ..Plan::default()
    };
    world.balancer.handle_plan(&plan, world.now);
    world.balancer.handle_worker(true, world.now);
    let up = |_: u8| Status::Up;
    world.pass(3, up)?;
    let (before, glances) = (world.client.counts(), world.glances);
    world.balancer.handle_plan(&plan, world.now);
    world.drain(up)?;
    let after = world.client.counts();
    ensure!(
        after == before && world.glances == glances,
        "{before:?} {after:?}"
    );
    world.pass(100, up)?;
    let after = world.client.counts();
    println!(
        "100 s without news: {} glances, {after:?}",
        world.glances - glances
    );
    ensure!(after == before, "glances are enough: {before:?} {after:?}");
    let set = |plan: &mut Plan, weight| {
        let servers = plan.services.iter_mut().flat_map(|service| &mut service.servers);
        servers.take(1).for_each(|server| server.weight = weight);
    };
    set(&mut plan, 11);
    world.balancer.handle_plan(&plan, world.now);
    world.drain(up)?;
    ensure!(
        world.client.counts().writes == before.writes + 1,
        "a weight is one message"
    );
    set(&mut plan, 0);
    plan.services
        .iter_mut()
        .for_each(|service| service.drain = Some(Duration::from_secs(30)));
    world.balancer.handle_plan(&plan, world.now);
    world.drain(up)?;
    ensure!(
        rows(&mut world)? == "10.77.2.1:80=0 10.77.2.2:80=10",
        "{}",
        rows(&mut world)?
    );
    world.pass(4, up)?;
    ensure!(rows(&mut world)? == "10.77.2.2:80=10", "{}", rows(&mut world)?);
    Ok(())
}

fn rows(world: &mut World) -> Result<String> {
    let rows = world.client.read_destinations(service().key())?;
    let words: Vec<_> = rows
        .values()
        .map(|row| format!("{}={}", row.key, row.weight))
        .collect();
    Ok(words.join(" "))
}

fn service() -> ServicePlan {
    ServicePlan {
        row: ServiceRow {
            key: ServiceKey::Address {
                protocol: Protocol::Tcp,
                address: [10, 77, 1, 1].into(),
                port: 80,
            },
            scheduler: "mh".to_owned(),
            flags: 0,
            persistence: None,
        },
        servers: vec![server(1), server(2)],
        quorum: QuorumPlan::default(),
        sorry: Some(SorryPlan {
            key: address(9),
            forward: Forward::Direct,
            inhibit: false,
        }),
        drain: None,
        suspend: None,
    }
}

fn address(host: u8) -> DestinationKey {
    DestinationKey {
        address: [10, 77, 2, host].into(),
        port: 80,
    }
}

fn server(host: u8) -> ServerPlan {
    let check = CheckPlan {
        plugin: PluginName::from("tcp"),
        parameters: Default::default(),
        address: None,
        port: None,
        via: Via::default(),
        interval: Duration::from_secs(1),
        warmup: None,
        retry_interval: None,
        timeout: Duration::from_secs(1),
        rise: 2,
        fall: 2,
        on_unknown: OnUnknown::Fail,
        sets_weight: false,
    };
    ServerPlan {
        key: address(host),
        forward: Forward::Direct,
        weight: 10,
        upper_threshold: 0,
        lower_threshold: 0,
        inhibit_on_failure: false,
        starts_down: false,
        checks: vec![check],
        needed: None,
        slow_start: None,
        backup: false,
        up: None,
        down: None,
    }
}
