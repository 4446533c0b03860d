//! More seeds over the segment of [`super::sim`]: the owner that is Master at once, and what must move nobody at all.

use std::time::Duration;

use model::plan::Preempt;
use model::time::WallTime;
use model::transition::State;

use super::kit::{GROUP, advert_bytes, ms};
use super::sim::{Event, Run, World, seeds};
use super::storm::{INTERVAL, routers};

/// The first node has this priority, the second a lower one.
fn pair(run: Run, number: u64) -> World {
    let plans = [number, 100].map(|number| routers(1, number, Preempt::Yes));
    let mut world = World::new(run, plans.to_vec());
    for n in 0..2 {
        world.at(Duration::ZERO, Event::Restart(n));
    }
    world.run(ms(1500));
    world.check(world.only_master(0), "S3: the better one is Master");
    world.moves.clear();
    world
}

/// S6: the owner of the addresses is Master in the step in which it can be, whoever else is.
// holds VRRP-075, VRRP-090
#[test]
fn an_owner_that_lives_is_master_at_once() {
    seeds(100, |run| {
        let plans = [255, 100, 200].map(|number| routers(2, number, Preempt::Yes));
        let mut world = World::new(run, plans.to_vec());
        for n in [1, 2] {
            world.at(Duration::ZERO, Event::Restart(n));
        }
        for _ in 0..20 {
            let pause = ms(world.dice.roll(600));
            world.run(pause);
            // What an owner finds on its interface, as after a crash, it leaves there.
            let end = match world.dice.roll(2) {
                0 => Event::Stop(0),
                _ => Event::Link(0, false),
            };
            world.at(Duration::ZERO, end);
            let pause = ms(world.dice.roll(600));
            world.run(pause);
            world.at(Duration::ZERO, Event::Link(0, true));
            world.at(Duration::ZERO, Event::Restart(0));
            world.run(Duration::ZERO);
            let is_master = (0..2).all(|k| world.state(0, k) == State::Master);
            world.check(is_master, "S6: an owner that lives is Master");
        }
        let delay = world.delay_max;
        world.run(delay);
        world.check(world.only_master(0), "S6: and everybody yields to it");
    });
}

/// N4: a farewell that comes late makes a Backup wait for the skew alone. It may take over once, and yields.
#[test]
fn a_farewell_that_comes_twice_costs_one_takeover_at_most() {
    seeds(300, |run| {
        let mut world = pair(run, 200);
        let farewell = advert_bytes(&world.nodes[0].plans[0].clone(), 0, "10.0.0.1", GROUP);
        let before = world.nodes[1].masters;
        let pause = ms(world.dice.roll(200));
        world.at(pause, Event::Forge(farewell));
        world.run(pause + INTERVAL.as_duration());
        let delay = world.delay_max;
        world.run(INTERVAL.as_duration() + delay * 2);
        world.check(world.only_master(0), "N4, L3: the Master is the only one again");
        world.run(ms(2000));
        world.check(world.nodes[1].masters <= before + 1, "N4: one takeover at most");
        world.check(world.nodes[0].masters == 1, "N4: the Master never left");
    });
}

/// N5: the wall clock is turned to anywhere, and nothing comes of it.
// holds VRRP-080
#[test]
fn steps_of_the_wall_clock_move_nobody() {
    const TEN_YEARS: u64 = 10 * 365 * 86_400_000_000_000;
    seeds(100, |run| {
        let mut world = pair(run, 200);
        world.widest_gap = Duration::ZERO;
        for _ in 0..50 {
            let (n, wall) = (world.dice.below(2), TEN_YEARS * world.dice.roll(20));
            world.at(Duration::ZERO, Event::Wall(n, WallTime::from_nanos(wall)));
            let pause = ms(world.dice.roll(100));
            world.run(pause);
        }
        world.check(world.moves.is_empty(), "N5: nobody moves");
        world.check(
            world.widest_gap <= INTERVAL.as_duration(),
            "N5: no advert is late",
        );
    });
}

/// N10: whoever is lower draws a few answers and then one in each interval, and delays none of the Master's own.
// holds VRRP-136
#[test]
fn a_flood_of_lower_adverts_draws_few_answers_and_moves_nobody() {
    seeds(50, |run| {
        let mut world = pair(run, 200);
        let lower = advert_bytes(&world.nodes[0].plans[0].clone(), 50, "10.0.0.77", GROUP);
        (world.widest_gap, world.nodes[0].sent) = (Duration::ZERO, 0);
        for _ in 0..1000 {
            world.at(ms(1), Event::Forge(lower.clone()));
            world.run(ms(1));
        }
        let sent = world.nodes[0].sent;
        // Ten of its own and ten answers in the second, three answers at once before them.
        world.check(
            (20..=24).contains(&sent),
            &format!("N10: {sent} adverts are few, and all of its own are among them"),
        );
        world.check(
            world.widest_gap <= INTERVAL.as_duration(),
            "N10: no advert is late",
        );
        world.check(world.moves.is_empty(), "N10: nobody moves");
    });
}
