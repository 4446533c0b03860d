//! Every history of a small segment, where the simulator takes those that its dice find. The routers are the production
//! elections; what is abstracted is time, which goes in ticks that all intervals are whole numbers of, so that the
//! states that can be reached are finitely many and stateright visits each of them.
//!
//! Properties have the names of the design's list (S1 to S3, L1). What is to happen in the end has a bound here, which
//! says more: a history may not go on without it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use model::effect::ElectEffect;
use model::fact::{Envelope, Frame, LinkNews, Outcome};
use model::plan::{InstancePlan, Plan, Preempt};
use model::time::Instant;
use model::transition::State as Role;
use model::units::Centis;
use stateright::{Checker, HasDiscoveries, Model, Property};

use super::kit::*;
use crate::vrrp::Election;
use crate::vrrp::instance::{Instance, Phase, Wait};

/// Ticks in an advertisement interval; the skew of priority 192 is one tick, of 128 two, of 64 three.
const INTERVAL: u8 = 4;
const TICK: Duration = Duration::from_millis(25);
/// Ticks that an advert may be on its way.
const DELAY: u8 = 1;
/// Ticks after the last fault by which a segment has come to rest: a Down interval with the longest skew, and an advert
/// there and back. What comes after it is rest, so the count of calm ends one later.
const REST: u8 = 3 * INTERVAL + 3 + 2 * DELAY;
/// For how many ticks two Masters that hear each other may be both.
const OVERLAP: u8 = INTERVAL + 2 * DELAY;

/// A segment and what may befall it.
#[derive(Clone)]
struct Segment {
    /// Skews of the routers, in ticks.
    skews: &'static [u8],
    preempt: Preempt,
    /// Whether routers come up one by one, at any time, instead of together.
    one_by_one: bool,
    may: Faults,
}

/// How many of each kind may happen in one history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Faults {
    losses: u8,
    crashes: u8,
    leaves: u8,
    cuts: u8,
}

#[derive(Clone, Debug)]
struct World {
    now: Instant,
    /// `None` where it does not run. Worlds share those that a step leaves alone.
    routers: Vec<Option<Arc<Election>>>,
    /// Sorted.
    wire: Vec<Message>,
    /// Nothing passes between the first router and the others.
    cut: bool,
    left: Faults,
    /// Whether it may still start.
    unborn: Vec<bool>,
    /// Ticks since the last fault, and for how many of them there have been two Masters.
    calm: u8,
    both: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Message {
    to: usize,
    from: usize,
    age: u8,
    payload: Arc<[u8]>,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Tick,
    Wake(usize),
    Deliver(usize),
    Lose(usize),
    Start(usize),
    Crash(usize),
    Leave(usize),
    Cut,
    Heal,
}

/// All of a router on which its future depends, seen from now. Causes and notices are for the operator alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Face {
    Idle,
    Backup {
        armed_ago: Duration,
        down: bool,
        learned: Centis,
    },
    Master {
        advert_in: Duration,
        believed_for: Duration,
    },
}

impl World {
    fn face(&self, router: &Election) -> (Face, Duration) {
        let instance = only(router);
        let face = match instance.phase {
            Phase::Initialize | Phase::Fault => Face::Idle,
            Phase::Backup(backup) => Face::Backup {
                armed_ago: self.now.since(backup.armed),
                down: matches!(backup.wait, Wait::Down),
                learned: backup.learned,
            },
            Phase::Master(master) => Face::Master {
                advert_in: master.advert_at.since(self.now),
                believed_for: master.believed_until.since(self.now),
            },
        };
        (face, instance.bucket.full_at.since(self.now))
    }

    fn faces(&self) -> Vec<Option<(Face, Duration)>> {
        let routers = self.routers.iter();
        routers
            .map(|router| router.as_ref().map(|router| self.face(router)))
            .collect()
    }

    fn role(&self, n: usize) -> Option<Role> {
        self.routers.get(n)?.as_ref().map(|router| only(router).state())
    }

    fn masters(&self) -> Vec<usize> {
        let all = 0..self.routers.len();
        all.filter(|n| self.role(*n) == Some(Role::Master)).collect()
    }

    fn fault(&mut self) {
        (self.calm, self.both) = (0, 0);
    }

    /// One input to a router, and what it sends.
    fn with(&mut self, n: usize, input: impl FnOnce(&mut Election, Instant)) {
        let now = self.now;
        let Some(router) = self.routers.get_mut(n).and_then(Option::as_mut) else {
            return;
        };
        let router = Arc::make_mut(router);
        input(router, now);
        let mut sent = Vec::new();
        while let Some(effect) = router.poll_effect() {
            match effect {
                ElectEffect::SendAdvert(advert) => sent.push(advert.payload),
                // The only order that it gives, at its start; answered, so that nothing but the election is left.
                ElectEffect::Shield(order) => {
                    let outcome = Outcome {
                        order: order.order,
                        result: Ok(()),
                    };
                    router.handle_outcome(outcome, now);
                }
                _ => {}
            }
        }
        for to in (0..self.routers.len()).filter(|to| *to != n) {
            let cut = self.cut && (to == 0 || n == 0);
            if cut || self.routers[to].is_none() {
                continue;
            }
            self.wire.extend(sent.iter().map(|payload| Message {
                to,
                from: n,
                age: 0,
                payload: payload.clone(),
            }));
        }
        self.wire.sort();
    }
}

/// Its state is what its future depends on, and not how it came there.
impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        let rest = |world: &Self| (world.cut, world.left, world.calm, world.both);
        rest(self) == rest(other)
            && self.unborn == other.unborn
            && self.wire == other.wire
            && self.faces() == other.faces()
    }
}

impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.cut, self.left, self.calm, self.both).hash(state);
        (&self.unborn, &self.wire, self.faces()).hash(state);
    }
}

fn only(router: &Election) -> &Instance {
    router.instances.first().expect("one virtual router each")
}

fn address(n: usize) -> String {
    format!("10.0.0.{}", n + 1)
}

impl Segment {
    fn plan(&self, n: usize) -> InstancePlan {
        InstancePlan {
            advert_interval: Centis::new(10),
            preempt: self.preempt,
            // Where no addresses are to be put on, nothing but the election is left.
            addresses: Vec::new(),
            ..plan("a", 256 - 64 * u64::from(self.skews[n]))
        }
    }

    fn start(&self, world: &mut World, n: usize) {
        let plan = Plan {
            instances: vec![self.plan(n)],
            ..Plan::default()
        };
        let own = format!("{}/24", address(n));
        world.routers[n] = Some(Arc::new(Election::new()));
        world.with(n, |router, now| {
            router.handle_link(LinkNews::Is(link(2, "eth0", true, &[&own])), now);
            router.handle_plan(&plan, now);
        });
    }

    /// The Down interval of the best that runs, in ticks.
    fn patience(&self, world: &World) -> Option<u8> {
        let running = (0..self.skews.len()).filter(|n| world.routers[*n].is_some());
        Some(3 * INTERVAL + running.map(|n| self.skews[n]).min()?)
    }

    /// Nothing has happened for so long that the segment must have come to rest.
    fn is_at_rest(&self, world: &World) -> bool {
        !world.cut && world.calm > REST
    }
}

impl Model for Segment {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        let count = self.skews.len();
        let mut world = World {
            now: ORIGIN,
            routers: vec![None; count],
            wire: Vec::new(),
            cut: false,
            left: self.may,
            unborn: vec![true; count],
            calm: 0,
            both: 0,
        };
        if !self.one_by_one {
            world.unborn = vec![false; count];
            (0..count).for_each(|n| self.start(&mut world, n));
        }
        vec![world]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        let due = |n: usize| {
            let timeout = world.routers[n].as_ref().and_then(|router| router.poll_timeout());
            timeout.is_some_and(|(at, _)| at <= world.now)
        };
        let all = 0..self.skews.len();
        let before = steps.len();
        steps.extend(all.clone().filter(|n| due(*n)).map(Step::Wake));
        // Time does not pass while a timer is due or an advert has been on its way for long enough.
        let overdue = world.wire.iter().any(|message| message.age >= DELAY);
        let urgent = steps.len() > before || overdue;
        let arrivals = 0..world.wire.len();
        steps.extend(arrivals.clone().map(Step::Deliver));
        if !urgent {
            steps.push(Step::Tick);
        }
        if world.left.losses > 0 {
            steps.extend(arrivals.map(Step::Lose));
        }
        steps.extend(all.clone().filter(|n| world.unborn[*n]).map(Step::Start));
        let running = all.filter(|n| world.routers[*n].is_some());
        if world.left.crashes > 0 {
            steps.extend(running.clone().map(Step::Crash));
        }
        if world.left.leaves > 0 {
            steps.extend(running.map(Step::Leave));
        }
        // Between adverts: one that a cut or its end catches on its way is a loss, which has a model of its own.
        match (world.wire.is_empty(), world.cut) {
            (true, true) => steps.push(Step::Heal),
            (true, false) if world.left.cuts > 0 => steps.push(Step::Cut),
            (true | false, _) => {}
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = world.clone();
        let world = &mut next;
        match step {
            Step::Tick => {
                world.now = world.now + TICK;
                world.wire.iter_mut().for_each(|message| message.age += 1);
                let masters = world.masters().len();
                world.calm = if world.cut {
                    0
                } else {
                    (world.calm + 1).min(REST + 1)
                };
                world.both = if masters > 1 && !world.cut {
                    (world.both + 1).min(OVERLAP + 1)
                } else {
                    0
                };
            }
            Step::Wake(n) => world.with(n, Election::handle_timeout),
            Step::Deliver(k) => {
                let Message {
                    to, from, payload, ..
                } = world.wire.remove(k);
                let frame = Frame {
                    link: ETH0,
                    source: ip(&address(from)),
                    destination: ip(GROUP),
                    hop_limit: Some(255),
                    payload: &payload,
                    received: world.now,
                    envelope: Envelope::Bare,
                };
                world.with(to, |router, now| router.handle_frame(frame, now));
            }
            Step::Lose(k) => {
                world.wire.remove(k);
                world.left.losses -= 1;
                world.fault();
            }
            Step::Start(n) => {
                world.unborn[n] = false;
                world.fault();
                self.start(world, n);
            }
            Step::Crash(n) => {
                world.left.crashes -= 1;
                world.end(n);
            }
            Step::Leave(n) => {
                world.left.leaves -= 1;
                world.with(n, Election::handle_stop);
                world.end(n);
            }
            Step::Cut => {
                world.left.cuts -= 1;
                world.cut = true;
                world.wire.retain(|message| message.to != 0 && message.from != 0);
                world.fault();
            }
            Step::Heal => {
                world.cut = false;
                world.fault();
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::always(
                "S1: at rest, one Master at most",
                |segment: &Segment, world: &World| !segment.is_at_rest(world) || world.masters().len() <= 1,
            ),
            Property::always("S2: two Masters that hear each other part", |_, world: &World| {
                world.both <= OVERLAP
            }),
            Property::always(
                "S3: at rest, nobody better waits",
                |segment: &Segment, world: &World| {
                    let better = |than: usize| {
                        let all = 0..segment.skews.len();
                        let runs = move |n: &usize| world.routers[*n].is_some();
                        all.filter(runs)
                            .any(move |n| segment.skews[n] < segment.skews[than])
                    };
                    segment.preempt == Preempt::No
                        || !segment.is_at_rest(world)
                        || !world.masters().into_iter().any(better)
                },
            ),
            Property::always(
                "L1: silence ends after the Down interval",
                |segment: &Segment, world: &World| {
                    let Some(patience) = segment.patience(world) else {
                        return true;
                    };
                    world.cut || world.calm <= patience + DELAY || !world.masters().is_empty()
                },
            ),
            Property::sometimes("there is a Master", |_, world: &World| {
                !world.masters().is_empty()
            }),
        ];
        if self.skews.windows(2).any(|pair| pair[0] == pair[1]) {
            // So that it is known that two would be seen.
            let two = |_: &Self, world: &World| world.masters().len() > 1;
            properties.push(Property::sometimes("two Masters at once", two));
        }
        properties
    }
}

impl World {
    /// What it sent is still on its way; what was on its way to it is not.
    fn end(&mut self, n: usize) {
        self.routers[n] = None;
        self.wire.retain(|message| message.to != n);
        self.fault();
    }
}

/// Visits every state. Too few of them would mean that the model has shrunk to something that proves nothing.
fn exhaust(segment: Segment, at_least: usize) {
    let checker = segment.checker().finish_when(HasDiscoveries::AnyFailures);
    let checker = checker.spawn_bfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    assert!(states >= at_least, "{states} states only");
}

const NOTHING: Faults = Faults {
    losses: 0,
    crashes: 0,
    leaves: 0,
    cuts: 0,
};

fn together(skews: &'static [u8], may: Faults) -> Segment {
    Segment {
        skews,
        preempt: Preempt::Yes,
        one_by_one: false,
        may,
    }
}

fn one_by_one(skews: &'static [u8], may: Faults) -> Segment {
    Segment {
        one_by_one: true,
        ..together(skews, may)
    }
}

#[test]
fn two_routers_that_come_crash_and_leave() {
    let may = Faults {
        crashes: 1,
        leaves: 1,
        ..NOTHING
    };
    exhaust(one_by_one(&[1, 2], may), 2_000);
}

#[test]
fn two_routers_on_a_segment_that_loses_and_parts() {
    let may = Faults {
        losses: 1,
        cuts: 1,
        ..NOTHING
    };
    exhaust(together(&[1, 3], may), 2_000);
}

#[test]
fn two_routers_without_preemption() {
    let may = Faults {
        crashes: 1,
        losses: 1,
        ..NOTHING
    };
    let segment = Segment {
        preempt: Preempt::No,
        ..one_by_one(&[1, 2], may)
    };
    exhaust(segment, 2_000);
}

/// Their timers end together: both are Master, and part.
#[test]
fn two_routers_of_one_priority() {
    let may = Faults {
        crashes: 1,
        losses: 1,
        ..NOTHING
    };
    exhaust(together(&[2, 2], may), 500);
}

#[test]
fn three_routers_of_which_one_crashes() {
    let may = Faults {
        crashes: 1,
        ..NOTHING
    };
    exhaust(together(&[1, 2, 3], may), 2_000);
}

#[test]
fn three_routers_of_which_one_leaves() {
    let may = Faults { leaves: 1, ..NOTHING };
    exhaust(together(&[1, 2, 3], may), 2_000);
}

#[test]
fn three_routers_on_a_segment_that_loses() {
    let may = Faults { losses: 1, ..NOTHING };
    exhaust(together(&[1, 2, 3], may), 2_000);
}

#[test]
fn three_routers_on_a_segment_that_parts() {
    let may = Faults { cuts: 1, ..NOTHING };
    exhaust(together(&[1, 2, 3], may), 2_000);
}
