//! Seeds over the segment of [`super::sim`]: what must never happen, and what must have happened in time.

use std::time::Duration;

use model::fact::TrackerState;
use model::plan::{GroupPlan, InstancePlan, Preempt, TrackTracker};
use model::units::{Centis, Vrid};

use super::kit::{GROUP, advert_bytes, ms, plan, priority, virtual_address};
use super::sim::{Dice, Event, Run, World, seeds};
use crate::vrrp::timer::{down, skew};

pub(super) const INTERVAL: Centis = Centis::new(10);

fn router(number: u64) -> InstancePlan {
    InstancePlan {
        advert_interval: INTERVAL,
        ..plan("a", number)
    }
}

/// Several virtual routers of one node, all of one priority.
pub(super) fn routers(count: u64, number: u64, preempt: Preempt) -> Vec<InstancePlan> {
    let one = |k: u64| InstancePlan {
        vrid: Vrid::try_from(51 + k).expect("a VRID"),
        addresses: vec![virtual_address(&format!("10.0.0.{}/32", 100 + k))],
        preempt,
        ..InstancePlan {
            name: format!("i{k}").as_str().into(),
            ..router(number)
        }
    };
    (0..count).map(one).collect()
}

/// Two to five nodes, their priorities far enough apart for the delays of the segment (VRRP-157), with one to three virtual routers each, now and then in a group; all
/// started within half a second.
fn segment_of(run: Run, preempt: Preempt) -> World {
    let mut dice = Dice(run.seed ^ 0xbe11);
    let (nodes, routers_each) = (2 + dice.roll(4), 1 + dice.roll(3));
    let plans = (0..nodes).map(|n| routers(routers_each, 20 + n * 45 + dice.roll(25), preempt));
    let plans = plans.collect();
    let mut world = World::new(run, plans);
    if routers_each > 1 && dice.roll(2) == 0 {
        world.groups = vec![GroupPlan {
            name: "g".into(),
            members: vec!["i0".into(), "i1".into()],
            track: Vec::new(),
            track_links: Vec::new(),
            hooks: Vec::new(),
            resources: Vec::new(),
        }];
    }
    for n in 0..world.nodes.len() {
        let after = ms(world.dice.roll(500));
        world.at(after, Event::Restart(n));
    }
    world
}

fn segment(run: Run) -> World {
    segment_of(run, Preempt::Yes)
}

pub(super) fn best(world: &World) -> usize {
    let alive = (0..world.nodes.len()).filter(|n| world.nodes[*n].election.is_some());
    alive
        .max_by_key(|n| world.nodes[*n].plans[0].priority)
        .expect("somebody lives")
}

fn down_of(world: &World, n: usize) -> Duration {
    let plan = &world.nodes[n].plans[0];
    down(
        plan.version,
        plan.priority,
        plan.advert_interval,
        plan.down_adverts,
    )
}

pub(super) fn longest_down() -> Duration {
    down(router(1).version, priority(1), INTERVAL, 3)
}

/// S1, S3, S4, S5, S7, S8, S9, L3: whatever happened, one Master after quiet, and it is the best.
// holds VRRP-014, VRRP-026, VRRP-074, VRRP-137, VRRP-145
#[test]
fn after_any_storm_the_best_router_is_the_only_master() {
    seeds(1000, |run| {
        let mut world = segment(run);
        world.twice_percent = 5;
        world.disorder = run.seed % 3 == 0;
        for _ in 0..30 {
            let after = ms(world.dice.roll(5_000));
            let n = world.dice.below(world.nodes.len());
            let event = match world.dice.roll(10) {
                0 => Event::Crash(n),
                1 => Event::Stop(n),
                2 | 3 => Event::Restart(n),
                4 => Event::Link(n, world.dice.roll(2) == 0),
                5 => Event::Split(world.dice.roll(2) == 0),
                6 => Event::Loss(world.dice.roll(60)),
                7 => Event::Sleep(n, ms(world.dice.roll(1000))),
                8 => Event::Plan(n, world.nodes[n].plans.clone()),
                _ => Event::Forge(advert_bytes(&router(100), 0, "10.0.0.77", GROUP)),
            };
            world.at(after, event);
        }
        world.run(ms(6_000));
        calm(&mut world);
        world.run(longest_down() * 2 + ms(10));
        let best = best(&world);
        world.check(
            world.only_master(best),
            "S1 and S3: the best is the only Master after quiet",
        );
        let before = world.moves.len();
        world.run(ms(1000));
        world.check(world.moves.len() == before, "S3: nothing moves any more");
    });
}

fn calm(world: &mut World) {
    world.twice_percent = 0;
    for event in [Event::Split(false), Event::Loss(0)] {
        world.at(Duration::ZERO, event);
    }
    for n in 0..world.nodes.len() {
        world.at(Duration::ZERO, Event::Link(n, true));
        // A crashed kernel keeps the address; only a new start clears it away.
        world.at(Duration::ZERO, Event::Restart(n));
    }
}

/// L1, L2 and S2: how long it takes, to the bounds of the RFC.
// holds VRRP-110
#[test]
fn a_crash_costs_the_down_interval_and_a_stop_the_skew() {
    seeds(200, |run| {
        for crash in [true, false] {
            let mut world = segment(run);
            world.run(ms(1500));
            let master = best(&world);
            world.check(world.only_master(master), "S1: the best is Master");
            let when = ms(world.dice.roll(1000));
            world.run(when);
            let event = if crash {
                Event::Crash(master)
            } else {
                Event::Stop(master)
            };
            world.at(Duration::ZERO, event);
            world.run(Duration::ZERO);
            let gone = world.now;
            let heir = best(&world);
            let plan = &world.nodes[heir].plans[0];
            let skew = skew(plan.version, plan.priority, INTERVAL);
            let (soonest, latest) = if crash {
                (
                    INTERVAL.as_duration() * 2 + skew - world.delay_max,
                    down_of(&world, heir) + world.delay_max,
                )
            } else {
                (skew, skew + world.delay_max)
            };
            world.run(soonest.saturating_sub(Duration::from_nanos(1)));
            world.check(!world.masters().contains(&heir), "L1, L2: not before the time");
            world.run(latest.saturating_sub(world.now.since(gone)));
            world.check(world.only_master(heir), "L1, L2: in time");
        }
    });
}

/// S2, L3: two Masters that hear each other again are one after an interval.
#[test]
fn a_healed_split_has_one_master_after_an_interval() {
    seeds(200, |run| {
        let mut world = segment(run);
        world.at(ms(1500), Event::Split(true));
        world.run(ms(2500) + ms(run.seed % 1000));
        world.check(world.masters().len() == 2, "each half has its Master");
        world.at(Duration::ZERO, Event::Split(false));
        let delay = world.delay_max;
        world.run(INTERVAL.as_duration() + delay * 2);
        world.check(world.only_master(best(&world)), "S2: one Master is left");
    });
}

/// L4: a mesh with a hole may have two Masters; whole again, it has one.
// holds VRRP-248
#[test]
fn two_routers_that_hear_each_other_over_nobody_are_both_master_until_they_do() {
    seeds(100, |run| {
        let plans = [200, 100, 150].map(|number| routers(1, number, Preempt::Yes));
        let mut world = World::new(run, plans.to_vec());
        for n in 0..3 {
            world.at(Duration::ZERO, Event::Restart(n));
        }
        world.at(ms(1000), Event::Cut(0, 2));
        world.run(ms(2000) + ms(run.seed));
        world.check(
            world.masters() == [0, 2],
            "L4: whoever hears nobody better is Master",
        );
        world.at(Duration::ZERO, Event::Whole);
        let delay = world.delay_max;
        world.run(INTERVAL.as_duration() + delay * 2);
        world.check(
            world.masters() == [0],
            "L4: whole again, the best is the only Master",
        );
    });
}

/// N1 and N4: what is lost now and then, comes twice or out of order moves nobody.
#[test]
fn copies_disorder_and_two_lost_adverts_move_nobody() {
    seeds(200, |run| {
        let mut world = segment(run);
        world.run(ms(1500));
        world.moves.clear();
        world.twice_percent = 50;
        world.disorder = true;
        world.delay_max = ms(90);
        world.run(ms(2000));
        world.check(world.moves.is_empty(), "N4: nobody moves");
        world.delay_max = ms(2);
        world.disorder = false;
        world.twice_percent = 0;
        world.run(ms(500));
        let each = u32::try_from(world.nodes[0].plans.len()).expect("a few");
        for _ in 0..4 {
            let master = best(&world);
            world.at(Duration::ZERO, Event::Swallow(master, 2 * each));
            let rest = ms(500 + world.dice.roll(100));
            world.run(rest);
        }
        world.check(world.moves.is_empty(), "N1: two lost adverts move nobody");
    });
}

/// N6: a Backup that sleeps hears what waited for it before it believes its clock.
#[test]
fn a_backup_that_sleeps_however_long_moves_nobody() {
    seeds(200, |run| {
        let mut world = segment(run);
        world.run(ms(1500));
        world.moves.clear();
        let master = best(&world);
        for by in [50, 200, 350, 400, 1000, 3000] {
            let backup = (master + 1 + world.dice.below(world.nodes.len() - 1)) % world.nodes.len();
            let by = ms(by + world.dice.roll(50));
            world.at(Duration::ZERO, Event::Sleep(backup, by));
            world.run(by + ms(500));
            world.check(world.moves.is_empty(), "N6: nobody moves");
        }
    });
}

/// N7: a short sleep of a Master moves nobody, a long one costs one hand-over, and one back with preemption.
#[test]
fn a_master_that_sleeps_hands_over_once_or_not_at_all() {
    seeds(300, |run| {
        let preempt = [Preempt::Yes, Preempt::No][usize::from(run.seed % 2 == 0)];
        let mut world = segment_of(run, preempt);
        if preempt == Preempt::No {
            // Each would stay where it fell.
            world.groups.clear();
            world.nodes.iter_mut().for_each(|node| node.plans.truncate(1));
        }
        world.run(ms(1500));
        let each = world.nodes[0].plans.len();
        for by in [0, 50, 150, 200, 300, 350, 400, 500, 1000, 3000] {
            let master = world.masters()[0];
            world.check(world.only_master(master), "S1: one Master");
            let by = ms(by + world.dice.roll(50));
            world.moves.clear();
            world.at(Duration::ZERO, Event::Sleep(master, by));
            world.run(by + longest_down() * 3);
            let moves = world.moves.len();
            let over = match preempt {
                Preempt::Yes => 4 * each,
                Preempt::No | Preempt::After(_) => 2 * each,
            };
            if by < INTERVAL.as_duration() * 2 {
                world.check(moves == 0, "N7: a short sleep moves nobody");
            } else if by > longest_down() {
                world.check(
                    moves == over,
                    "N7: a long one moves the addresses over, and back by preemption",
                );
            } else {
                world.check(moves <= over, "N7: nobody flaps");
            }
        }
    });
}

/// N8: plans that change nothing, and addresses that come and go, move nobody and delay no advert.
#[test]
fn a_storm_of_reloads_moves_nobody_and_delays_no_advert() {
    seeds(200, |run| {
        let mut world = segment(run);
        world.run(ms(1500));
        world.moves.clear();
        world.widest_gap = Duration::ZERO;
        let first: Vec<_> = world.nodes.iter().map(|node| node.plans.clone()).collect();
        for _ in 0..100 {
            let after = ms(world.dice.roll(3000));
            let n = world.dice.below(world.nodes.len());
            let mut plans = first[n].clone();
            if world.dice.roll(3) == 0 {
                plans[0].addresses.push(virtual_address("10.0.0.200/32"));
            }
            world.at(after, Event::Plan(n, plans));
        }
        world.run(ms(3500));
        world.check(world.moves.is_empty(), "N8: nobody moves");
        world.check(
            world.widest_gap <= INTERVAL.as_duration(),
            "N8: no advert is late",
        );
    });
}

/// N11: a tracker that comes and goes moves the Master at most as often as the order of priorities changes.
#[test]
fn a_tracker_that_comes_and_goes_moves_no_more_than_the_priorities() {
    seeds(200, |run| {
        let tracked = TrackTracker {
            tracker: "t".into(),
            weight: -100,
            reverse: false,
        };
        let mut better = routers(1, 150, Preempt::Yes);
        better[0].track = vec![tracked];
        let mut world = World::new(run, vec![better, routers(1, 100, Preempt::Yes)]);
        for n in 0..2 {
            world.at(Duration::ZERO, Event::Restart(n));
        }
        let tell = |world: &mut World, after, state| world.at(after, Event::Tracker(0, "t".into(), state));
        tell(&mut world, Duration::ZERO, TrackerState::Good);
        world.run(ms(1500));
        world.moves.clear();
        for _ in 0..20 {
            let short = ms(1 + world.dice.roll(150));
            tell(&mut world, Duration::ZERO, TrackerState::Failed);
            tell(&mut world, short, TrackerState::Good);
            let rest = short + ms(150 + world.dice.roll(300));
            world.run(rest);
        }
        world.check(
            world.moves.is_empty(),
            "N11: failures shorter than two intervals move nobody",
        );
        for flip in 0..20 {
            let state = [TrackerState::Failed, TrackerState::Good][flip % 2];
            tell(&mut world, Duration::ZERO, state);
            world.run(longest_down() * 2);
            world.check(
                world.moves.len() == 2 * (flip + 1),
                "N11: one hand-over for each change",
            );
        }
    });
}

/// Trap: no preemption, equal priorities, started together.
#[test]
fn nopreempt_equal_priorities_and_a_simultaneous_start_end_in_one_master() {
    seeds(200, |run| {
        let plans = vec![routers(1, 100, Preempt::No); 3];
        let mut world = World::new(run, plans);
        for n in 0..3 {
            world.at(Duration::ZERO, Event::Restart(n));
        }
        world.run(ms(1000));
        world.check(world.masters().len() == 1, "one Master");
        let first = world.masters();
        world.run(ms(2000));
        world.check(world.masters() == first, "and it stays");
        world.check(
            world.nodes.iter().all(|node| node.masters <= 1),
            "nobody was Master twice",
        );
    });
}

/// Two owners of one address: the one with the higher address stays, and nobody flaps.
// holds VRRP-052, VRRP-156
#[test]
fn of_two_owners_one_is_left_and_stays() {
    seeds(100, |run| {
        let plans = [255, 100, 255].map(|number| routers(2, number, Preempt::Yes));
        let mut world = World::new(run, plans.to_vec());
        for n in 0..3 {
            let after = ms(world.dice.roll(500));
            world.at(after, Event::Restart(n));
        }
        world.run(ms(1000));
        world.check(world.only_master(2), "one owner is Master");
        world.moves.clear();
        world.run(ms(2000));
        world.check(world.moves.is_empty(), "and it stays");
    });
}
