//! Groups: one state for all members at the end of each step.

use model::fact::TrackerState;
use model::plan::{GroupPlan, InstancePlan, TrackTracker};
use model::transition::State;
use model::units::Vrid;

use super::kit::*;

fn member(name: &str, vrid: u64, number: u64) -> InstancePlan {
    InstancePlan {
        vrid: Vrid::try_from(vrid).expect("a VRID"),
        addresses: vec![virtual_address(&format!("10.0.0.{}/32", 100 + vrid))],
        ..plan(name, number)
    }
}

fn group() -> GroupPlan {
    GroupPlan {
        name: "g".into(),
        members: vec!["a".into(), "b".into()],
        track: vec![TrackTracker {
            tracker: "t".into(),
            weight: 0,
            reverse: false,
        }],
        track_links: Vec::new(),
        hooks: Vec::new(),
        resources: Vec::new(),
    }
}

fn started() -> (Node, InstancePlan, InstancePlan) {
    let (a, b) = (member("a", 1, 100), member("b", 2, 200));
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.tracker("t", TrackerState::Good);
    node.plan(&[a.clone(), b.clone()], &[group()]);
    node.told();
    (node, a, b)
}

#[test]
fn a_group_is_master_when_the_last_member_wants_to() {
    let (mut node, a, _) = started();
    node.pass(ms(3300));
    assert_eq!(node.told(), [""; 0]);
    node.hears(&a, 150, "10.0.0.9");
    node.pass(ms(3700));
    let moves: Vec<_> = node
        .told()
        .into_iter()
        .filter(|line| line.contains("->"))
        .collect();
    assert_eq!(
        moves,
        [
            "6.909375s a: Backup -> Master: the Master was silent for 3.6s",
            "6.909375s b: Backup -> Master: no Master was heard",
        ]
    );
}

#[test]
fn a_member_that_yields_takes_the_group_with_it_and_the_others_say_goodbye() {
    let (mut node, a, _) = started();
    node.pass(ms(4000));
    node.told();
    node.hears(&a, 150, "10.0.0.9");
    assert_eq!(
        node.told(),
        [
            "4s remove 10.0.0.101/32",
            "4s a: Master -> Backup: yields to 10.0.0.9, whose priority is 150",
            "4s advert 0 to 224.0.0.18",
            "4s remove 10.0.0.102/32",
            "4s b: Master -> Backup: its group g moved",
        ]
    );
    assert_eq!(node.election.status(node.now).1[0].state, State::Backup);
}

#[test]
fn a_fault_of_one_is_a_fault_of_all() {
    let (mut node, _, _) = started();
    node.pass(ms(4000));
    node.told();
    node.tracker("t", TrackerState::Failed);
    let moves: Vec<_> = node
        .told()
        .into_iter()
        .filter(|line| line.contains("->"))
        .collect();
    assert_eq!(
        moves,
        [
            "4s a: Master -> Fault: tracker t failed",
            "4s b: Master -> Fault: tracker t failed"
        ]
    );
    node.tracker("t", TrackerState::Good);
    assert_eq!(
        node.told(),
        ["4s a: Fault -> Backup: ready", "4s b: Fault -> Backup: ready"]
    );
}

#[test]
fn the_fault_of_a_members_own_is_named_at_that_member() {
    let (mut node, a, b) = started();
    let own = TrackTracker {
        tracker: "own".into(),
        weight: 0,
        reverse: false,
    };
    node.plan(
        &[
            a,
            InstancePlan {
                track: vec![own],
                ..b
            },
        ],
        &[group()],
    );
    node.tracker("own", TrackerState::Failed);
    assert_eq!(
        node.told(),
        [
            "0ns a: Backup -> Fault: its group g moved",
            "0ns b: Backup -> Fault: tracker own failed"
        ]
    );
}

#[test]
fn a_new_member_joins_a_group_that_is_master() {
    let (mut node, a, b) = started();
    node.pass(ms(4000));
    let c = member("c", 3, 100);
    let mut group = group();
    group.members.push("c".into());
    node.told();
    node.plan(&[a, b, c], &[group]);
    assert_eq!(
        node.told(),
        [
            "4s advert 100 to 224.0.0.18",
            "4s add 10.0.0.103/32",
            "4s c: Initialize -> Master: its group g moved",
            "4s announce 10.0.0.103",
        ]
    );
}
