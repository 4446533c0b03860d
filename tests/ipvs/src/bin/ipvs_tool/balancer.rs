//! The engine's balancer against the kernel, with verdicts and a clock of our own.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::{Result, ensure};
use engine::lvs::Balancer;
use linux::ipvs::{Client, glance};
use model::effect::BalanceEffect;
use model::ids::{Generation, PluginName};
use model::ipvs::{DestinationKey, Forward, ServiceKey, ServiceRow};
use model::net::Protocol;
use model::plan::{CheckPlan, OnUnknown, Plan, QuorumPlan, ServerPlan, ServicePlan, SorryPlan};
use model::probe::{Ask, Status, Verdict};
use model::time::Instant;

struct World {
    balancer: Balancer,
    client: Client,
    now: Instant,
    asks: VecDeque<Ask>,
    glances: u64,
}

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
        world.rows()? == "10.77.2.1:80=10 10.77.2.2:80=10",
        "{}",
        world.rows()?
    );
    world.pass(5, |server| if server == 1 { Status::Down } else { Status::Up })?;
    ensure!(world.rows()? == "10.77.2.2:80=10", "{}", world.rows()?);
    world.pass(5, |_| Status::Down)?;
    ensure!(world.rows()? == "10.77.2.9:80=1", "{}", world.rows()?);
    world.pass(5, up)?;
    ensure!(
        world.rows()? == "10.77.2.1:80=10 10.77.2.2:80=10",
        "{}",
        world.rows()?
    );
    super::ipvsadm("-C")?;
    super::ipvsadm("-A -t 10.77.1.1:80 -s wlc")?;
    super::ipvsadm("-A -t 10.99.0.1:80 -s rr")?;
    world.pass(12, up)?;
    ensure!(
        world.rows()? == "10.77.2.1:80=10 10.77.2.2:80=10",
        "{}",
        world.rows()?
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
        world.rows()? == "10.77.2.1:80=0 10.77.2.2:80=10",
        "{}",
        world.rows()?
    );
    world.pass(4, up)?;
    ensure!(world.rows()? == "10.77.2.2:80=10", "{}", world.rows()?);
    Ok(())
}

impl World {
    fn new() -> Result<Self> {
        Ok(Self {
            balancer: Balancer::new(1),
            client: Client::open()?,
            now: Instant::from_nanos(0),
            asks: VecDeque::new(),
            glances: 0,
        })
    }

    /// Lets seconds pass in steps of a tenth.
    fn pass(&mut self, seconds: u32, health: impl Fn(u8) -> Status + Copy) -> Result<()> {
        for _ in 0..seconds * 10 {
            self.now = self.now + Duration::from_millis(100);
            self.balancer.handle_timeout(self.now);
            self.drain(health)?;
        }
        Ok(())
    }

    fn drain(&mut self, health: impl Fn(u8) -> Status) -> Result<()> {
        loop {
            if let Some(effect) = self.balancer.poll_effect() {
                self.carry_out(effect);
            } else if let Some(ask) = self.asks.pop_front() {
                let server = ask
                    .target
                    .map_or(0, |target| target.ip().to_string().ends_with('1').into());
                let verdict = Verdict {
                    ask: ask.id,
                    status: health(server),
                    reason: String::new(),
                    weight: None,
                    took: Duration::ZERO,
                    generation: Generation(1),
                };
                self.balancer.handle_verdict(&verdict, self.now);
            } else {
                return Ok(());
            }
        }
    }

    fn carry_out(&mut self, effect: BalanceEffect) {
        match effect {
            BalanceEffect::Ask(ask) => self.asks.push_back(ask),
            BalanceEffect::ReadTable => {
                let table = self.client.read().map_err(|error| error.to_string());
                self.balancer.handle_table(table, self.now);
            }
            BalanceEffect::Apply(changes) => {
                let applied = self.client.apply(&changes);
                let result = applied
                    .map_err(|error| error.to_string())
                    .and_then(|applied| applied.into_result());
                self.balancer.handle_applied(result, self.now);
            }
            BalanceEffect::Glance => {
                self.glances += 1;
                let glance = glance().map_err(|error| error.to_string());
                self.balancer.handle_glance(glance, self.now);
            }
            BalanceEffect::Configure(settings) => {
                let (before, result) = self.client.configure(&settings);
                let result = result.map_err(|error| error.to_string());
                self.balancer.handle_configured(before, result, self.now);
            }
            BalanceEffect::Tracker(..)
            | BalanceEffect::Server(_)
            | BalanceEffect::Service(_)
            | BalanceEffect::Drain(_) => {}
        }
    }

    fn rows(&mut self) -> Result<String> {
        let rows = self.client.read_destinations(service().key())?;
        let words: Vec<_> = rows
            .values()
            .map(|row| format!("{}={}", row.key, row.weight))
            .collect();
        Ok(words.join(" "))
    }
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
