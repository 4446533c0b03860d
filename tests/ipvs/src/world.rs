//! The engine's balancer and the kernel, with verdicts and a clock of our own.

use std::collections::VecDeque;
use std::time::Duration;

use anyhow::Result;
use engine::lvs::Balancer;
use linux::ipvs::{Client, glance};
use model::effect::BalanceEffect;
use model::ids::Generation;
use model::plan::Plan;
use model::probe::{Ask, Status, Verdict};
use model::time::Instant;

/// Both, and what passed between them.
#[derive(Debug)]
pub struct World {
    /// Decides.
    pub balancer: Balancer,
    /// Does.
    pub client: Client,
    /// The engine's clock.
    pub now: Instant,
    /// Looks at /proc so far.
    pub glances: u64,
    asks: VecDeque<Ask>,
}

impl World {
    /// A balancer without a plan, a worker that answers at once, and this network namespace's table.
    pub fn new() -> Result<Self> {
        let now = Instant::from_nanos(0);
        let mut balancer = Balancer::new(1);
        balancer.handle_worker(true, now);
        Ok(Self {
            balancer,
            client: Client::open()?,
            now,
            glances: 0,
            asks: VecDeque::new(),
        })
    }

    /// From now on this is wanted.
    pub fn plan(&mut self, plan: &Plan, health: impl Fn(u8) -> Status) -> Result<()> {
        self.balancer.handle_plan(plan, self.now);
        self.drain(health)
    }

    /// Lets seconds pass in steps of a tenth.
    pub fn pass(&mut self, seconds: u32, health: impl Fn(u8) -> Status + Copy) -> Result<()> {
        for _ in 0..seconds * 10 {
            self.now = self.now + Duration::from_millis(100);
            self.balancer.handle_timeout(self.now);
            self.drain(health)?;
        }
        Ok(())
    }

    /// Carries out what is ordered, until nothing is. `health` is asked with 1 for servers whose address ends so, and with 0.
    pub fn drain(&mut self, health: impl Fn(u8) -> Status) -> Result<()> {
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
}
