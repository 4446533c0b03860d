//! What an election listens to besides adverts, and how it explains its priority.

use insta::assert_snapshot;
use model::fact::TrackerState;
use model::plan::{GroupPlan, InstancePlan, TrackLink, TrackTracker};
use model::transition::State;

use super::kit::*;

fn tracks(tracker: &str, weight: i16, reverse: bool) -> TrackTracker {
    TrackTracker {
        tracker: tracker.into(),
        weight,
        reverse,
    }
}

/// Priority and what makes it, as the status says it.
fn explained(node: &Node) -> String {
    let (instances, groups) = node.election.status(node.now);
    let mut lines = Vec::new();
    for instance in instances {
        let parts = instance
            .contributions
            .iter()
            .map(|part| format!(" {:+} {}", part.by, part.of));
        lines.push(format!(
            "{} {}: {}{} {:?}",
            instance.name,
            instance.priority,
            instance.base_priority,
            parts.collect::<String>(),
            instance.faults,
        ));
    }
    lines.extend(
        groups
            .iter()
            .map(|group| format!("{}: {:?}", group.name, group.faults)),
    );
    lines.join("\n")
}

// holds VRRP-025
#[test]
fn a_priority_is_explained_by_its_parts() {
    let plan = InstancePlan {
        track_links: vec![TrackLink {
            interface: "eth1".into(),
            weight: 20,
            reverse: false,
        }],
        track: vec![
            tracks("chk", -30, false),
            tracks("load", -1, false),
            tracks("idle", 7, true),
        ],
        ..plan("a", 100)
    };
    let mut node = Node::start(&[plan]);
    node.link(link(3, "eth1", true, &[]));
    node.tracker("chk", TrackerState::Failed);
    node.tracker("load", TrackerState::Number(4));
    node.tracker("idle", TrackerState::Good);
    assert_snapshot!(explained(&node), @"a 79: 100 +20 interface eth1 -30 tracker chk -4 tracker load -7 tracker idle []");
    node.tracker("load", TrackerState::Number(200));
    assert_snapshot!(explained(&node), @"a 1: 100 +20 interface eth1 -30 tracker chk -200 tracker load -7 tracker idle []");
    node.tracker("load", TrackerState::Number(300));
    assert_snapshot!(explained(&node), @r#"a 83: 100 +20 interface eth1 -30 tracker chk -7 tracker idle ["tracker load says 300"]"#);
    assert_eq!(node.state("a"), State::Fault);
}

/// keepalived takes the weights of members away without a word.
#[test]
fn weights_count_inside_a_group_and_its_faults_name_the_member() {
    let first = InstancePlan {
        track: vec![tracks("own", -20, false)],
        ..plan("a", 100)
    };
    let second = InstancePlan {
        vrid: 52_u64.try_into().expect("a VRID"),
        addresses: vec![virtual_address("10.0.0.101/32")],
        track: vec![tracks("must", 0, true)],
        ..plan("b", 90)
    };
    let group = GroupPlan {
        name: "g".into(),
        members: vec!["a".into(), "b".into()],
        track: vec![tracks("all", 5, false)],
        track_links: Vec::new(),
        hooks: Vec::new(),
        resources: Vec::new(),
    };
    let mut node = Node::start_grouped(&[first, second], &[group]);
    node.tracker("own", TrackerState::Failed);
    node.tracker("all", TrackerState::Good);
    node.tracker("must", TrackerState::Failed);
    assert_snapshot!(explained(&node), @r"
    a 85: 100 -20 tracker own +5 tracker all []
    b 95: 90 +5 tracker all []
    g: []
    ");
    node.tracker("must", TrackerState::Good);
    assert_snapshot!(explained(&node), @r#"
    a 85: 100 -20 tracker own +5 tracker all []
    b 95: 90 +5 tracker all ["tracker must is good"]
    g: ["b: tracker must is good"]
    "#);
    assert_eq!(node.state("a"), State::Fault);
}

#[test]
fn a_moved_priority_is_news_of_a_backup_and_of_a_master_alone() {
    let chk = |weight| InstancePlan {
        track: vec![tracks("chk", weight, false)],
        ..plan("a", 100)
    };
    let moves = |node: &mut Node| {
        let mut told = node.told();
        told.retain(|line| line.contains("priority"));
        told
    };
    let mut node = Node::start(&[chk(-30)]);
    assert_eq!(moves(&mut node), [""; 0], "it begins with what it has");
    node.tracker("chk", TrackerState::Failed);
    assert_eq!(moves(&mut node), ["0ns a: priority 100 -> 70"]);
    node.pass(ms(10_000));
    node.tracker("chk", TrackerState::Good);
    assert_eq!(moves(&mut node), ["10s a: priority 70 -> 100"]);
    node.plan(
        &[InstancePlan {
            priority: 120_u64.try_into().expect("a priority"),
            ..chk(-30)
        }],
        &[],
    );
    assert_eq!(moves(&mut node), ["10s a: priority 100 -> 120"]);
    node.link(link(2, "eth0", false, &["10.0.0.2/24"]));
    node.told();
    node.tracker("chk", TrackerState::Failed);
    assert_eq!(moves(&mut node), [""; 0], "in Fault nobody hears of it");
}

/// KA-057: but for a fault.
#[test]
fn the_owner_is_moved_by_no_weight() {
    let plan = InstancePlan {
        track: vec![tracks("chk", -30, false)],
        ..plan("a", 255)
    };
    let mut node = Node::start(&[plan]);
    node.tracker("chk", TrackerState::Failed);
    assert_snapshot!(explained(&node), @"a 255: 255 []");
}

/// KA-054.
#[test]
fn a_lost_source_is_a_fault_for_who_asks_for_it() {
    for (track_source, want) in [(false, State::Backup), (true, State::Fault)] {
        let plan = InstancePlan {
            source: Some(ip("10.0.0.3")),
            track_source,
            ..plan("a", 100)
        };
        let mut node = Node::bare();
        node.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.3/24"]));
        node.plan(&[plan], &[]);
        assert_eq!(node.state("a"), State::Backup);
        node.eth0_has(&["10.0.0.2/24"]);
        assert_eq!(node.state("a"), want);
        node.eth0_has(&["10.0.0.2/24", "10.0.0.3/24"]);
        assert_eq!(node.state("a"), State::Backup);
    }
}

#[test]
fn an_interface_tracked_in_reverse_must_be_down() {
    let plan = InstancePlan {
        track_links: vec![TrackLink {
            interface: "eth1".into(),
            weight: 0,
            reverse: true,
        }],
        ..plan("a", 100)
    };
    let mut node = Node::start(&[plan]);
    assert_eq!(node.state("a"), State::Backup);
    node.link(link(3, "eth1", true, &[]));
    assert_snapshot!(explained(&node), @r#"a 100: 100 ["interface eth1 is up"]"#);
    node.link(link(3, "eth1", false, &[]));
    assert_eq!(node.state("a"), State::Backup);
}
