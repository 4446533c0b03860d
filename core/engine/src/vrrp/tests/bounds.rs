//! Starts, arrivals and slow Masters over seeds: how long, and how often.

use std::time::Duration;

use model::plan::{InstancePlan, Preempt};
use model::transition::State;
use model::units::Centis;

use super::kit::ms;
use super::sim::{Event, Run, World, seeds};
use super::storm::{INTERVAL, best, longest_down, routers};
use crate::vrrp::timer::down;

fn waits(plan: &InstancePlan) -> Duration {
    down(
        plan.version,
        plan.priority,
        plan.advert_interval,
        plan.down_adverts,
    )
}

/// Nodes of these priorities with two virtual routers each, not started.
fn nodes(run: Run, priorities: &[u64], preempt: Preempt) -> World {
    let plans = priorities.iter().map(|number| routers(2, *number, preempt));
    World::new(run, plans.collect())
}

/// L5: routers that start together have one Master in time, and nobody else ever was.
// holds VRRP-110
#[test]
fn a_cold_start_promotes_the_best_alone() {
    seeds(200, |run| {
        let preempt = [Preempt::Yes, Preempt::No][usize::from(run.seed % 2 == 0)];
        let mut world = nodes(run, &[60, 100, 140, 180, 220], preempt);
        for n in 0..5 {
            world.at(Duration::ZERO, Event::Restart(n));
        }
        let latest = waits(&world.nodes[4].plans[0]) + world.delay_max;
        world.run(latest);
        world.check(world.only_master(4), "L5: the best is Master in time");
        world.run(longest_down() * 3);
        let promotions: u32 = world.nodes.iter().map(|node| node.masters).sum();
        world.check(promotions == 1, "L5: nobody else ever was");
    });
}

/// L6: a better router is Master after its own Down interval, and the one before it yields as soon as it hears.
// holds VRRP-109
#[test]
fn a_better_router_that_joins_takes_over_after_its_own_down_interval() {
    seeds(200, |run| {
        let mut world = nodes(run, &[100, 150, 200], Preempt::Yes);
        for n in 0..2 {
            world.at(Duration::ZERO, Event::Restart(n));
        }
        let settled = ms(1000 + run.seed % 100);
        world.run(settled);
        world.check(world.only_master(1), "S1: the better of two");
        world.at(Duration::ZERO, Event::Restart(2));
        let wait = waits(&world.nodes[2].plans[0]);
        world.run(wait.saturating_sub(Duration::from_nanos(1)));
        world.check(world.only_master(1), "L6: not before its Down interval");
        world.run(Duration::from_nanos(1));
        world.check(world.state(2, 0) == State::Master, "L6: at its Down interval");
        let delay = world.delay_max;
        world.run(delay);
        world.check(world.only_master(2), "L6: the other yields as soon as it hears");
    });
}

/// L6 with a delay: not before it, and not later than a Down interval after it.
#[test]
fn a_delayed_preemption_comes_after_the_delay_and_within_a_down_interval() {
    seeds(200, |run| {
        let delay = ms(2000);
        let mut world = nodes(run, &[100, 200], Preempt::After(delay));
        world.at(Duration::ZERO, Event::Restart(0));
        let settled = ms(1000 + run.seed % 100);
        world.run(settled);
        world.at(Duration::ZERO, Event::Restart(1));
        world.run(delay);
        world.check(world.only_master(0), "L6: not before the delay");
        // The delay begins with the first advert that is heard.
        let latest = INTERVAL.as_duration() + longest_down() + world.delay_max;
        world.run(latest);
        world.check(world.only_master(1), "L6: within a Down interval after it");
    });
}

/// L7: a fast Backup may doubt a slow Master once, before it knows its interval, and never again.
// holds VRRP-073
#[test]
fn a_slow_master_is_doubted_once_at_most() {
    seeds(100, |run| {
        let slow = Centis::new(400);
        let mut world = nodes(run, &[200, 100], Preempt::Yes);
        for plan in &mut world.nodes[0].plans {
            plan.advert_interval = slow;
        }
        world.at(Duration::ZERO, Event::Restart(0));
        let settled = waits(&world.nodes[0].plans[0]) + ms(1 + run.seed * 40);
        world.run(settled);
        world.check(world.only_master(0), "it is alone");
        world.at(Duration::ZERO, Event::Restart(1));
        let doubted = waits(&world.nodes[1].plans[0]) + world.delay_max * 2;
        world.run(doubted);
        world.check(world.only_master(0), "L7: the answer comes at once");
        world.run(ms(30_000));
        world.check(world.only_master(0), "L7: it stays");
        world.check(world.nodes[1].masters <= 1, "L7: doubted once");
    });
}

/// N2: one advert that comes two intervals late moves nobody.
#[test]
fn one_very_late_advert_moves_nobody() {
    seeds(200, |run| {
        let mut world = nodes(run, &[60, 120, 180], Preempt::Yes);
        for n in 0..3 {
            world.at(Duration::ZERO, Event::Restart(n));
        }
        world.run(ms(1500));
        world.check(world.only_master(best(&world)), "S1: the best");
        world.moves.clear();
        for _ in 0..5 {
            world.delay_max = INTERVAL.as_duration() * 2;
            world.run(INTERVAL.as_duration());
            world.delay_max = ms(2);
            let rest = ms(800 + world.dice.roll(100));
            world.run(rest);
        }
        world.check(world.moves.is_empty(), "N2: nobody moves");
    });
}
