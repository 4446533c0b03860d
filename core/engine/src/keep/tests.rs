use std::time::Duration;

use model::effect::ResourceNews;
use model::link::{Step, StepCall};
use model::plan::{GroupPlan, Phase};
use model::transition::State;
use model::value::{Parameters, Value};

use super::*;

const INTERVAL: Duration = Duration::from_secs(30);

fn event(phase: Phase) -> HookEvent {
    HookEvent {
        is_group: true,
        name: "web".to_owned(),
        phase,
        previous: State::Backup,
        cause: "tested".to_owned(),
        priority: 100,
        interface: "eth0".to_owned(),
        addresses: Vec::new(),
    }
}

fn cloud(address: &str) -> ResourcePlan {
    ResourcePlan {
        plugin: "cloud".into(),
        parameters: Parameters::from([("address".to_owned(), Value::from(address))]),
        interval: INTERVAL,
        timeout: Duration::from_secs(10),
    }
}

fn plan(resources: Vec<ResourcePlan>) -> Plan {
    Plan {
        groups: vec![GroupPlan {
            name: "web".into(),
            members: Vec::new(),
            track: Vec::new(),
            track_links: Vec::new(),
            hooks: Vec::new(),
            resources,
        }],
        ..Plan::default()
    }
}

/// A keeper and the cloud that its one resource is in: what is asked of it, and what is told, in order.
struct World {
    keeper: Keeper,
    plan: Plan,
    now: Instant,
    /// Who has the address there.
    is_ours: bool,
    /// Whether the cloud answers.
    answers: bool,
    /// Whether it does what it is told.
    obeys: bool,
    seen: Vec<String>,
}

impl World {
    /// A router that has just begun, with an instance that is in a state already.
    fn new(phase: Phase, is_ours: bool) -> Self {
        let mut world = Self {
            keeper: Keeper::default(),
            plan: plan(vec![cloud("192.0.2.1")]),
            now: Instant::from_nanos(1),
            is_ours,
            answers: true,
            obeys: true,
            seen: Vec::new(),
        };
        world.keeper.handle_plan(&world.plan, world.now);
        world.keeper.handle_worker(true, world.now);
        world.enters(phase);
        world
    }

    fn begin(&mut self) -> Option<StepCall> {
        while let Some(effect) = self.keeper.poll_effect() {
            match effect {
                KeepEffect::Step(call) => {
                    let address = call.parameters.get("address");
                    let address = address.map(|value| format!("{value:?}")).unwrap_or_default();
                    self.seen.push(if address.contains("192.0.2.1") {
                        call.step.word().to_owned()
                    } else {
                        format!("{} of another", call.step.word())
                    });
                    return Some(call);
                }
                KeepEffect::Tell(change) => {
                    assert_eq!(
                        (change.of.as_str(), change.plugin.as_str()),
                        ("group web", "cloud")
                    );
                    self.seen.push(match change.news {
                        ResourceNews::Held => "held!".to_owned(),
                        ResourceNews::GivenUp => "given up!".to_owned(),
                        ResourceNews::Lost => "lost!".to_owned(),
                        ResourceNews::Failed { failures, .. } => format!("failed {failures}"),
                        ResourceNews::Left => "left!".to_owned(),
                    });
                }
            }
        }
        None
    }

    fn end(&mut self, call: &StepCall) {
        let succeeds = self.answers && (self.obeys || call.step == Step::Verify);
        if succeeds {
            match call.step {
                Step::Apply => self.is_ours = true,
                Step::Undo => self.is_ours = false,
                Step::Verify => {}
            }
        }
        let result = succeeds.then_some(self.is_ours);
        let result = result.ok_or_else(|| "the cloud does not answer".to_owned());
        self.keeper.handle_done(call.id, &result, self.now);
    }

    /// Everything that is due now; what was seen.
    fn settle(&mut self) -> String {
        self.keeper.handle_timeout(self.now);
        while let Some(call) = self.begin() {
            self.end(&call);
            assert!(self.seen.len() < 100, "it never rests: {:?}", self.seen);
        }
        std::mem::take(&mut self.seen).join(" ")
    }

    fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
    }

    fn enters(&mut self, phase: Phase) {
        self.keeper.handle_event(&self.plan, &event(phase), self.now);
    }

    fn takes(&mut self, resources: Vec<ResourcePlan>) {
        self.plan = plan(resources);
        self.keeper.handle_plan(&self.plan, self.now);
    }
}

#[test]
fn every_state_settles_from_every_other_and_from_every_truth() {
    let phases = [Phase::Master, Phase::Backup, Phase::Fault, Phase::Stop];
    for first in phases {
        for second in phases {
            for is_ours in [false, true] {
                let mut world = World::new(first, is_ours);
                world.settle();
                assert_eq!(world.is_ours, first == Phase::Master, "{first:?} from {is_ours}");
                world.enters(second);
                world.settle();
                assert_eq!(world.is_ours, second == Phase::Master, "{first:?} to {second:?}");
                assert!(world.keeper.is_settled(), "{first:?} to {second:?}");
                let looks_again = world.keeper.poll_timeout().is_some();
                assert_eq!(looks_again, second == Phase::Master, "{first:?} to {second:?}");
            }
        }
    }
}

#[test]
fn a_master_has_it_at_once_and_a_fault_gives_it_up_at_once() {
    let mut world = World::new(Phase::Backup, false);
    assert_eq!(world.settle(), "verify");
    world.enters(Phase::Master);
    assert_eq!(world.settle(), "apply held!");
    world.enters(Phase::Fault);
    assert_eq!(world.settle(), "undo given up!");
    let status = world.keeper.status();
    let [status] = status.as_slice() else {
        panic!("one resource: {status:?}")
    };
    assert_eq!((status.wanted, status.held), (false, Some(false)));
    assert_eq!((status.applied, status.undone, status.lost), (1, 1, 0));
}

#[test]
fn what_a_former_life_left_is_undone_by_a_backup_and_kept_by_a_master() {
    assert_eq!(World::new(Phase::Backup, true).settle(), "verify undo given up!");
    assert_eq!(World::new(Phase::Master, true).settle(), "verify held!");
}

#[test]
fn it_is_looked_at_again_and_made_again() {
    let mut world = World::new(Phase::Master, false);
    assert_eq!(world.settle(), "verify apply held!");
    world.wait(INTERVAL - Duration::from_millis(1));
    assert_eq!(world.settle(), "");
    world.wait(Duration::from_millis(1));
    assert_eq!(world.settle(), "verify");
    world.is_ours = false;
    world.wait(INTERVAL);
    assert_eq!(world.settle(), "verify lost! apply held!");
}

#[test]
fn a_failure_is_tried_again_after_longer_and_longer_pauses() {
    let mut world = World::new(Phase::Master, false);
    world.answers = false;
    let mut pauses = Vec::new();
    for failures in 1..10 {
        assert_eq!(world.settle(), format!("verify failed {failures}"));
        let due = world.keeper.poll_timeout().expect("it tries again");
        pauses.push(due.since(world.now).as_secs());
        world.now = due;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(
        world.keeper.status()[0].error.as_deref(),
        Some("the cloud does not answer")
    );
    world.answers = true;
    assert_eq!(world.settle(), "verify apply held!");
    assert_eq!(
        (world.keeper.status()[0].failures, &world.keeper.status()[0].error),
        (0, &None)
    );
}

#[test]
fn one_that_is_seen_well_and_changed_in_vain_is_tried_less_and_less() {
    let mut world = World::new(Phase::Master, false);
    world.obeys = false;
    let mut pauses = Vec::new();
    for failures in 1..8 {
        assert_eq!(world.settle(), format!("verify apply failed {failures}"));
        let due = world.keeper.poll_timeout().expect("it tries again");
        pauses.push(due.since(world.now).as_secs());
        world.now = due;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60]);
    world.obeys = true;
    assert_eq!(world.settle(), "verify apply held!");
    assert_eq!(world.keeper.status()[0].error, None);
}

#[test]
fn news_while_it_fails_are_acted_on_at_once() {
    let mut world = World::new(Phase::Master, true);
    world.answers = false;
    world.settle();
    world.enters(Phase::Backup);
    world.answers = true;
    assert_eq!(world.settle(), "verify undo given up!");
}

#[test]
fn a_step_that_is_under_way_is_awaited() {
    let mut world = World::new(Phase::Master, false);
    let verify = world.begin().expect("due");
    world.end(&verify);
    let apply = world.begin().expect("due");
    world.enters(Phase::Backup);
    assert!(world.begin().is_none(), "one step at a time");
    world.end(&apply);
    assert_eq!(world.settle(), "verify apply held! undo given up!");
}

#[test]
fn a_worker_that_dies_leaves_a_doubt_and_the_next_one_is_asked() {
    let mut world = World::new(Phase::Master, false);
    let verify = world.begin().expect("due");
    world.end(&verify);
    let apply = world.begin().expect("due");
    world.keeper.handle_worker(false, world.now);
    assert_eq!(world.keeper.poll_timeout(), None, "nobody to ask");
    world.is_ours = true;
    world.end(&apply);
    assert_eq!(world.settle(), "verify apply", "its answer is void");
    world.keeper.handle_worker(true, world.now);
    assert_eq!(world.settle(), "verify held!");
}

#[test]
fn one_that_leaves_the_configuration_is_undone_and_forgotten() {
    let mut world = World::new(Phase::Master, true);
    world.settle();
    world.takes(Vec::new());
    assert_eq!(world.settle(), "undo given up!");
    assert!(world.keeper.status().is_empty());
}

#[test]
fn one_that_cannot_be_undone_is_left_in_the_end() {
    let mut world = World::new(Phase::Master, true);
    world.settle();
    world.answers = false;
    world.takes(Vec::new());
    let mut seen = Vec::new();
    loop {
        seen.push(world.settle());
        match world.keeper.poll_timeout() {
            Some(due) => world.now = due,
            None => break,
        }
    }
    assert_eq!(
        seen,
        [
            "undo failed 1",
            "verify failed 2",
            "verify failed 3",
            "verify failed 4",
            "verify left!"
        ]
    );
    assert!(world.keeper.status().is_empty());
}

#[test]
fn the_new_one_waits_until_the_old_one_is_undone() {
    let mut world = World::new(Phase::Master, true);
    world.settle();
    world.takes(vec![cloud("another")]);
    let undo = world.begin().expect("due");
    assert!(world.begin().is_none(), "the new one waits");
    world.end(&undo);
    assert_eq!(
        world.settle(),
        "undo given up! verify of another apply of another held!"
    );
    assert_eq!(world.keeper.status().len(), 1);
}

#[test]
fn other_times_are_taken_and_one_that_comes_back_is_kept() {
    let mut world = World::new(Phase::Master, true);
    world.settle();
    let mut quicker = cloud("192.0.2.1");
    quicker.interval = Duration::from_secs(5);
    world.takes(vec![quicker]);
    assert_eq!(world.settle(), "");
    world.wait(INTERVAL);
    assert_eq!(world.settle(), "verify");
    let due = world.keeper.poll_timeout().expect("it is looked at");
    assert_eq!(due.since(world.now), Duration::from_secs(5));
    world.takes(Vec::new());
    let undo = world.begin().expect("due");
    world.takes(vec![cloud("192.0.2.1")]);
    world.end(&undo);
    assert_eq!(world.settle(), "undo given up! apply held!");
}

#[test]
fn one_that_is_added_to_a_master_is_applied() {
    let mut world = World::new(Phase::Master, true);
    world.settle();
    let mut second = cloud("another");
    second.plugin = "cloud".into();
    world.takes(vec![cloud("192.0.2.1"), second]);
    world.is_ours = false;
    assert_eq!(world.settle(), "verify of another apply of another held!");
}

#[test]
fn an_answer_to_another_step_is_not_taken() {
    let mut world = World::new(Phase::Master, false);
    let verify = world.begin().expect("due");
    let other = StepId(verify.id.0 + 1);
    world.keeper.handle_done(other, &Ok(true), world.now);
    assert_eq!(world.keeper.status()[0].step.as_deref(), Some("verify"));
}
