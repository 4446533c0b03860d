//! A segment of several nodes: virtual time, one seed, a lossy bridge, kernels that answer late, processes that sleep.
//! Each step is checked; a broken promise prints the seed and the whole story, one line for each event.
//! `SEED=7 cargo test -p engine NAME` tells the story of seed 7.

mod seeds;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use model::effect::{AddressOrder, ElectEffect, SendAdvert};
use model::fact::{Envelope, Frame, LinkNews, Outcome, TrackerState};
use model::ids::{LinkIndex, OrderId, TrackerName};
use model::plan::{GroupPlan, InstancePlan, Plan};
use model::route::Entry;
use model::time::{Instant, WallTime};
use model::transition::State;
use model::units::Centis;

use super::kit::{ETH0, GROUP, ORIGIN, ip, link, priority, route, tell};
use crate::vrrp::Election;
use crate::vrrp::instance::Instance;
use crate::vrrp::timer::down;

pub(super) use seeds::{Dice, Run, seeds};

/// Which process of a node: what the kernel had for one that ended never comes to its successor.
type Life = u32;

#[derive(Clone, Debug)]
pub(super) enum Event {
    Wake(usize),
    Deliver {
        to: usize,
        from: IpAddr,
        payload: Arc<[u8]>,
    },
    /// The kernel's answer to an order of one life of a node.
    Answer(usize, Life, Outcome),
    /// The link's report as it was when it was sent, to one life of a node.
    Report(usize, Life, LinkNews),
    Crash(usize),
    Restart(usize),
    Stop(usize),
    Link(usize, bool),
    /// The link's report as it is now: the kernel's last word is the newest.
    Look(usize),
    /// Nothing passes between even and odd nodes.
    Split(bool),
    /// Nothing passes between two nodes.
    Cut(usize, usize),
    /// Everything passes again.
    Whole,
    Loss(u64),
    /// The next adverts of a node reach nobody.
    Swallow(usize, u32),
    Forge(Vec<u8>),
    /// The process is held up; what comes waits for it.
    Sleep(usize, Duration),
    Awake(usize),
    Plan(usize, Vec<InstancePlan>),
    Tracker(usize, TrackerName, TrackerState),
    /// A node's wall clock shows this from now on.
    Wall(usize, WallTime),
}

pub(super) struct SimNode {
    pub(super) election: Option<Election>,
    life: Life,
    pub(super) plans: Vec<InstancePlan>,
    address: IpAddr,
    up: bool,
    held: BTreeSet<IpNet>,
    entries: BTreeSet<Entry<LinkIndex>>,
    woken_at: Option<Instant>,
    asleep_until: Option<Instant>,
    /// Frames with the time at which the kernel had them, and what else waits for a sleeper.
    inbox: Vec<(Instant, IpAddr, Arc<[u8]>)>,
    waiting: Vec<Event>,
    swallow: u32,
    /// By VRID: when it advertised last as Master, and how long whoever it outranks believes in it.
    said: BTreeMap<u8, (Instant, Duration)>,
    /// How often it became Master of its first instance.
    pub(super) masters: u32,
    /// Adverts of a Master that left.
    pub(super) sent: u32,
}

pub(super) struct World {
    run: Run,
    pub(super) now: Instant,
    pub(super) nodes: Vec<SimNode>,
    pub(super) groups: Vec<GroupPlan>,
    pub(super) dice: Dice,
    queue: BTreeMap<(Instant, u64), Event>,
    order: u64,
    split: bool,
    cuts: BTreeSet<(usize, usize)>,
    loss_percent: u64,
    pub(super) twice_percent: u64,
    pub(super) delay_max: Duration,
    /// Frames overtake each other. A switch keeps those of one sender in order.
    pub(super) disorder: bool,
    last_arrival: BTreeMap<(usize, usize), Instant>,
    story: String,
    /// Transitions only, for comparisons between runs.
    pub(super) moves: Vec<String>,
    /// The longest time between two adverts of one Master.
    pub(super) widest_gap: Duration,
}

impl World {
    pub(super) fn new(run: Run, plans: Vec<Vec<InstancePlan>>) -> Self {
        // A reload from one of the stories has none of these.
        let with_route = |plan: InstancePlan| InstancePlan {
            routes: vec![route(u32::from(plan.vrid.get()))],
            ..plan
        };
        let nodes = plans.into_iter().enumerate().map(|(n, plans)| SimNode {
            election: None,
            life: 0,
            plans: plans.into_iter().map(with_route).collect(),
            address: ip(&format!("10.0.0.{}", n + 1)),
            up: true,
            held: BTreeSet::new(),
            entries: BTreeSet::new(),
            woken_at: None,
            asleep_until: None,
            inbox: Vec::new(),
            waiting: Vec::new(),
            swallow: 0,
            said: BTreeMap::new(),
            masters: 0,
            sent: 0,
        });
        Self {
            run,
            now: ORIGIN,
            nodes: nodes.collect(),
            groups: Vec::new(),
            dice: Dice(run.seed),
            queue: BTreeMap::new(),
            order: 0,
            split: false,
            cuts: BTreeSet::new(),
            loss_percent: 0,
            twice_percent: 0,
            delay_max: Duration::from_millis(2),
            disorder: false,
            last_arrival: BTreeMap::new(),
            story: String::new(),
            moves: Vec::new(),
            widest_gap: Duration::ZERO,
        }
    }

    pub(super) fn at(&mut self, after: Duration, event: Event) {
        self.order += 1;
        self.queue.insert((self.now + after, self.order), event);
    }

    pub(super) fn run(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(next) = self.queue.first_entry().filter(|next| next.key().0 <= end) {
            let at = next.key().0;
            let event = next.remove();
            self.now = at;
            self.step(event);
        }
        self.now = end;
    }

    /// Nodes that are Master of their first instance.
    pub(super) fn masters(&self) -> Vec<usize> {
        let masters = (0..self.nodes.len()).filter(|n| self.state(*n, 0) == State::Master);
        masters.collect()
    }

    /// Whether this node and no other is Master, of everything.
    pub(super) fn only_master(&self, node: usize) -> bool {
        (0..self.nodes.len()).all(|n| {
            (0..self.nodes[n].plans.len()).all(|k| (self.state(n, k) == State::Master) == (n == node))
        })
    }

    pub(super) fn check(&self, holds: bool, promise: &str) {
        let seed = self.run.seed;
        assert!(
            holds,
            "seed {seed}: {promise}\n{}SEED={seed} replays it",
            self.story
        );
    }

    pub(super) fn state(&self, n: usize, k: usize) -> State {
        let node = &self.nodes[n];
        let named = |instance: &&Instance| instance.plan.name == node.plans[k].name;
        let election = node.election.as_ref();
        let instance = election.and_then(|election| election.instances.iter().find(named));
        instance.map_or(State::Initialize, Instance::state)
    }

    fn states(&self, n: usize) -> Vec<State> {
        (0..self.nodes[n].plans.len()).map(|k| self.state(n, k)).collect()
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if self.run.loud {
            let at = self.now.since(ORIGIN);
            let _ = writeln!(self.story, "{at:?} {}", line()); // Writing into a String cannot fail.
        }
    }

    fn step(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Wake(n) if self.nodes[n].woken_at == Some(now) => {
                self.nodes[n].woken_at = None;
                if self.nodes[n].asleep_until.is_none() {
                    self.tick(n, now);
                }
            }
            Event::Wake(_) => {}
            Event::Deliver { to, from, payload } => {
                let node = &mut self.nodes[to];
                let hears = node.up && node.election.is_some();
                if hears && node.asleep_until.is_some() {
                    node.inbox.push((now, from, payload));
                } else if hears {
                    self.hear(to, now, from, &payload);
                }
            }
            Event::Answer(n, life, _) | Event::Report(n, life, _) if self.nodes[n].life != life => {}
            Event::Answer(n, ..)
            | Event::Report(n, ..)
            | Event::Stop(n)
            | Event::Plan(n, _)
            | Event::Tracker(n, ..)
                if self.nodes[n].asleep_until.is_some() =>
            {
                self.nodes[n].waiting.push(event);
            }
            Event::Answer(n, _, outcome) => self.with(n, |election| election.handle_outcome(outcome, now)),
            Event::Report(n, _, news) => self.with(n, |election| election.handle_link(news, now)),
            other => {
                self.note(|| match &other {
                    Event::Plan(n, plans) => format!("Plan({n}, {} addresses)", plans[0].addresses.len()),
                    other => format!("{other:?}"),
                });
                self.fault(other);
            }
        }
    }

    fn hear(&mut self, to: usize, received: Instant, from: IpAddr, payload: &[u8]) {
        let now = self.now;
        let number = payload.get(2).copied().unwrap_or_default();
        self.note(|| format!("node {to} hears {number} from {from}"));
        let frame = Frame {
            envelope: Envelope::Bare,
            link: ETH0,
            source: from,
            destination: ip(GROUP),
            hop_limit: Some(255),
            payload,
            received,
        };
        self.with(to, |election| election.handle_frame(frame, now));
    }

    fn fault(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Crash(n) => self.end(n),
            Event::Restart(n) if self.nodes[n].election.is_none() => {
                let plan = self.plan(n);
                let mut election = Election::new();
                election.handle_link(self.report(n), now);
                self.nodes[n].election = Some(election);
                self.with(n, |election| election.handle_plan(&plan, now));
            }
            Event::Stop(n) => {
                self.with(n, |election| election.handle_stop(now));
                self.end(n);
            }
            Event::Link(n, up) => {
                self.nodes[n].up = up;
                self.step(Event::Look(n));
                // Later than all that is still on its way.
                self.at(self.delay_max * 2, Event::Look(n));
            }
            Event::Look(n) => {
                let report = self.report(n);
                self.step(Event::Report(n, self.nodes[n].life, report));
            }
            Event::Split(on) => self.split = on,
            Event::Cut(one, other) => self.cuts.extend([(one, other), (other, one)]),
            Event::Whole => self.cuts.clear(),
            Event::Loss(percent) => self.loss_percent = percent,
            Event::Swallow(n, adverts) => self.nodes[n].swallow = adverts,
            Event::Forge(payload) => {
                let payload: Arc<[u8]> = payload.into();
                for to in 0..self.nodes.len() {
                    let (from, payload) = (ip("10.0.0.77"), payload.clone());
                    self.step(Event::Deliver { to, from, payload });
                }
            }
            Event::Sleep(n, by)
                if self.nodes[n].election.is_some() && self.nodes[n].asleep_until.is_none() =>
            {
                self.nodes[n].asleep_until = Some(now + by);
                self.at(by, Event::Awake(n));
            }
            Event::Awake(n) if self.nodes[n].asleep_until == Some(now) => self.awake(n),
            Event::Plan(n, plans) => {
                self.nodes[n].plans = plans;
                let plan = self.plan(n);
                self.with(n, |election| election.handle_plan(&plan, now));
            }
            Event::Tracker(n, name, state) => self.with(n, |e| e.handle_tracker(name, state, now)),
            Event::Wall(n, wall) => self.with(n, |election| election.handle_wall(wall)),
            Event::Restart(_)
            | Event::Sleep(..)
            | Event::Awake(_)
            | Event::Wake(_)
            | Event::Deliver { .. }
            | Event::Answer(..)
            | Event::Report(..) => {}
        }
    }

    /// What waits in the socket, then the rest, then the timers, as the daemon does it: also where the socket holds more
    /// than one turn reads, so that the rest and the timers come in between.
    fn awake(&mut self, n: usize) {
        let now = self.now;
        self.nodes[n].asleep_until = None;
        let each_turn = 1 + self.dice.below(8);
        let mut unread = std::mem::take(&mut self.nodes[n].inbox).into_iter().peekable();
        loop {
            let mut heard = now;
            for (received, from, payload) in unread.by_ref().take(each_turn) {
                self.hear(n, received, from, &payload);
                heard = received;
            }
            for event in std::mem::take(&mut self.nodes[n].waiting) {
                self.step(event);
            }
            if unread.peek().is_none() {
                break;
            }
            self.tick(n, heard);
        }
        self.tick(n, now);
    }

    /// The timers of a node that has read what came until `heard`.
    fn tick(&mut self, n: usize, heard: Instant) {
        let now = self.now;
        self.with(n, |election| {
            election.handle_heard(heard);
            election.handle_timeout(now);
        });
    }

    fn end(&mut self, n: usize) {
        let node = &mut self.nodes[n];
        node.election = None;
        node.life += 1;
        node.asleep_until = None;
        node.inbox.clear();
        node.waiting.clear();
    }

    fn plan(&self, n: usize) -> Plan {
        Plan {
            instances: self.nodes[n].plans.clone(),
            groups: self.groups.clone(),
            ..Plan::default()
        }
    }

    fn report(&self, n: usize) -> LinkNews {
        let node = &self.nodes[n];
        let own = format!("{}/24", node.address);
        let mut fact = link(2, "eth0", node.up, &[&own]);
        fact.addresses.extend(&node.held);
        LinkNews::Is(fact)
    }

    /// One input, everything it leads to, and the checks of a step.
    fn with(&mut self, n: usize, input: impl FnOnce(&mut Election)) {
        let before = self.states(n);
        let Some(mut election) = self.nodes[n].election.take() else {
            return;
        };
        input(&mut election);
        let mut effects = Vec::new();
        while let Some(effect) = election.poll_effect() {
            effects.push(effect);
        }
        election.check_deadlines();
        let wake = election.poll_timeout();
        self.nodes[n].election = Some(election);
        let after = self.states(n);
        for effect in &effects {
            self.note(|| format!("node {n} {}", tell(effect)));
            if let ElectEffect::Transition(_) = effect {
                self.moves.push(format!("node {n} {}", tell(effect)));
            }
        }
        for effect in effects {
            self.obey(n, effect, &before, &after);
        }
        self.check_step(n, &after, wake.is_some());
        if after.first() == Some(&State::Master) && before.first() != Some(&State::Master) {
            self.nodes[n].masters += 1;
        }
        if let Some((at, _)) = wake {
            let at = at.max(self.now);
            if self.nodes[n].woken_at != Some(at) {
                self.nodes[n].woken_at = Some(at);
                self.order += 1;
                self.queue.insert((at, self.order), Event::Wake(n));
            }
        }
    }

    fn check_step(&self, n: usize, states: &[State], wakes: bool) {
        let node = &self.nodes[n];
        let (mut wanted, mut entries) = (BTreeSet::new(), 0);
        for (plan, state) in node.plans.iter().zip(states) {
            if *state == State::Master {
                wanted.extend(plan.addresses.iter().map(|address| address.net));
                entries += plan.routes.len();
            }
        }
        self.check(
            node.entries.len() == entries,
            "routes are there exactly while Master",
        );
        self.check(node.held == wanted, "S4: addresses are on exactly while Master");
        for group in &self.groups {
            let member = |plan: &InstancePlan| group.members.contains(&plan.name);
            let mut members = node.plans.iter().zip(states).filter(|(plan, _)| member(plan));
            let first = members.next().map(|(_, state)| *state);
            let one = members.all(|(_, state)| Some(*state) == first);
            self.check(one, "S7: a group has one state");
        }
        let idle = |state: &State| matches!(state, State::Initialize | State::Fault);
        self.check(wakes || states.iter().all(idle), "S8: a timer runs");
    }

    fn obey(&mut self, n: usize, effect: ElectEffect, before: &[State], after: &[State]) {
        match effect {
            ElectEffect::SendAdvert(advert) => self.send(n, &advert, before, after),
            ElectEffect::AddAddress(order) => self.answer(n, &order, true),
            ElectEffect::RemoveAddress(order) => self.answer(n, &order, false),
            ElectEffect::AddEntry(order) => {
                self.nodes[n].entries.insert(order.entry);
                self.consent(n, order.order);
            }
            ElectEffect::RemoveEntry(order) => {
                self.nodes[n].entries.remove(&order.entry);
                self.consent(n, order.order);
            }
            ElectEffect::Announce(announce) => {
                let on = self.nodes[n]
                    .held
                    .iter()
                    .any(|net| net.addr() == announce.address);
                self.check(on, "an address is announced while it is on");
            }
            // The kernel has no packet filter to tell of; no plan here has a device.
            ElectEffect::Shield(order) => {
                let outcome = Outcome {
                    order: order.order,
                    result: Ok(()),
                };
                let short = self.short();
                self.at(short, Event::Answer(n, self.nodes[n].life, outcome));
            }
            ElectEffect::Device(_)
            | ElectEffect::Transition(_)
            | ElectEffect::News(_)
            | ElectEffect::Notice(_)
            | ElectEffect::Listen(_)
            | ElectEffect::Unlisten(_) => {}
        }
    }

    /// The kernel obeys at once; its answer and its report come later, the report in no order to the answer.
    fn answer(&mut self, n: usize, order: &AddressOrder, on: bool) {
        let (stale, life) = (self.report(n), self.nodes[n].life);
        if on {
            self.nodes[n].held.insert(order.net);
        } else {
            self.nodes[n].held.remove(&order.net);
        }
        self.consent(n, order.order);
        let (second, third) = (self.short(), self.short());
        if self.dice.roll(4) == 0 {
            self.at(second, Event::Report(n, life, stale));
        }
        let report = self.report(n);
        self.at(second + third, Event::Report(n, life, report));
    }

    fn consent(&mut self, n: usize, order: OrderId) {
        let outcome = Outcome {
            order,
            result: Ok(()),
        };
        let after = self.short();
        self.at(after, Event::Answer(n, self.nodes[n].life, outcome));
    }

    fn send(&mut self, n: usize, advert: &SendAdvert, before: &[State], after: &[State]) {
        self.check_advert(n, &advert.payload, before, after);
        let from = self.nodes[n].address;
        if self.nodes[n].swallow > 0 {
            self.nodes[n].swallow -= 1;
            return;
        }
        for to in (0..self.nodes.len()).filter(|to| *to != n) {
            let split = self.split && n % 2 != to % 2;
            let cut = !self.nodes[n].up || split || self.cuts.contains(&(n, to));
            if cut || self.dice.roll(100) < self.loss_percent {
                continue;
            }
            let copies = 1 + u64::from(self.dice.roll(100) < self.twice_percent);
            for _ in 0..copies {
                let delay = self.delay(n, to);
                let payload = advert.payload.clone();
                self.at(delay, Event::Deliver { to, from, payload });
            }
        }
    }

    fn check_advert(&mut self, n: usize, payload: &[u8], before: &[State], after: &[State]) {
        let (vrid, number) = (payload[1], payload[2]);
        let now = self.now;
        let k = self.nodes[n]
            .plans
            .iter()
            .position(|plan| plan.vrid.get() == vrid);
        let k = k.expect("a virtual router of this node");
        let was = before[k] == State::Master;
        let is = after[k] == State::Master;
        if number == 0 {
            self.check(was && !is, "S5: only who leaves says so");
            self.nodes[n].said.remove(&vrid);
            return;
        }
        self.check(was || is, "S5: only Masters advertise");
        self.nodes[n].sent += 1;
        let plan = &self.nodes[n].plans[k];
        self.check(
            (number == 255) == plan.priority.is_owner(),
            "S9: 255 is the owner's alone",
        );
        let interval = Centis::new(u16::from_be_bytes([payload[4] & 15, payload[5]]));
        let bound = down(plan.version, priority(number.into()), interval, plan.down_adverts);
        let last = self.nodes[n].said.insert(vrid, (now, bound));
        if let (true, Some((at, bound))) = (was, last) {
            let gap = now.since(at);
            self.check(
                gap <= bound,
                "N7: who slept past its peers' bound does not advertise",
            );
            self.widest_gap = self.widest_gap.max(gap);
        }
    }

    fn delay(&mut self, from: usize, to: usize) -> Duration {
        let arrival = self.now + self.short();
        let last = self.last_arrival.entry((from, to)).or_default();
        *last = if self.disorder {
            arrival
        } else {
            arrival.max(*last)
        };
        last.since(self.now)
    }

    fn short(&mut self) -> Duration {
        let most = u64::try_from(self.delay_max.as_nanos()).expect("a short delay");
        Duration::from_nanos(self.dice.roll(most))
    }
}
