//! Levels: what is on the links follows what the state wants, whoever put it there or took it away.

use model::effect::ElectEffect;
use model::fact::TrackerState;
use model::fact::{Held, Legacy, Outcome};
use model::plan::{Announcement, InstancePlan, Plan, TrackTracker};
use model::transition::State;

use super::kit::*;

fn order(effect: &ElectEffect) -> model::ids::OrderId {
    match effect {
        ElectEffect::AddAddress(order) | ElectEffect::RemoveAddress(order) => order.order,
        other => panic!("no order: {other:?}"),
    }
}

#[test]
fn a_leftover_address_is_taken_off_while_not_master() {
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.100/32"]));
    node.plan(&[plan("a", 100)], &[]);
    assert_eq!(
        node.news(),
        ["0ns remove 10.0.0.100/32", "0ns a: Initialize -> Backup: ready"]
    );
    node.eth0_has(&["10.0.0.2/24", "10.0.0.100/32"]);
    node.pass(ms(3000));
    // The report may be older than the removal; a moment later it cannot be any more.
    assert_eq!(node.news(), ["1s remove 10.0.0.100/32"]);
}

#[test]
fn an_address_that_somebody_deleted_is_put_back_and_announced() {
    let mut node = Node::start(&[plan("a", 100)]);
    node.pass(ms(6000));
    node.told();
    node.eth0_has(&["10.0.0.2/24"]);
    assert_eq!(node.told(), ["6s add 10.0.0.100/32", "6s announce 10.0.0.100"]);
}

#[test]
fn a_report_older_than_an_order_is_not_acted_on() {
    let mut node = Node::start(&[plan("a", 100)]);
    node.mute = true;
    node.pass(ms(3700));
    node.told();
    node.eth0_has(&["10.0.0.2/24"]);
    assert_eq!(node.told(), [""; 0]);
    let add = order(&node.orders[0]);
    node.outcome(Outcome {
        order: add,
        result: Ok(()),
    });
    assert_eq!(node.told(), ["3.7s announce 10.0.0.100"]);
    node.eth0_has(&["10.0.0.2/24"]);
    assert_eq!(node.told(), [""; 0]);
}

#[test]
fn a_demotion_takes_off_what_is_still_being_put_on() {
    let plan = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&plan));
    node.mute = true;
    node.pass(ms(3700));
    node.told();
    node.hears(&plan, 200, "10.0.0.9");
    let add = order(&node.orders[0]);
    node.outcome(Outcome {
        order: add,
        result: Ok(()),
    });
    assert_eq!(
        node.told(),
        [
            "3.7s remove 10.0.0.100/32",
            "3.7s a: Master -> Backup: yields to 10.0.0.9, whose priority is 200",
        ]
    );
}

#[test]
fn a_refusal_is_repeated_with_growing_pauses_and_told_once() {
    let mut node = Node::start(&[plan("a", 100)]);
    node.refuses = true;
    node.pass(ms(20_000));
    let told: Vec<_> = node
        .told()
        .into_iter()
        .filter(|line| !line.contains("advert"))
        .collect();
    assert_eq!(
        told[2..],
        [
            "3.609375s add 10.0.0.100/32",
            "3.609375s a: Backup -> Master: no Master was heard",
            "3.609375s notice: cannot put 10.0.0.100/32 on eth0: permission denied (EPERM); the next attempt is in 1s",
            "4.609375s add 10.0.0.100/32",
            "6.609375s add 10.0.0.100/32",
            "10.609375s add 10.0.0.100/32",
            "18.609375s add 10.0.0.100/32",
        ]
    );
}

#[test]
fn an_order_without_an_answer_is_given_again() {
    let mut node = Node::start(&[plan("a", 100)]);
    node.mute = true;
    node.pass(ms(10_000));
    let told = node.told();
    assert!(
        told.contains(&"8.609375s add 10.0.0.100/32".to_owned()),
        "{told:?}"
    );
}

// holds VRRP-144, VRRP-145
#[test]
fn bursts_follow_the_plan_and_end_with_the_state() {
    let announcement = Announcement {
        repeat: 2,
        second_after: ms(5000),
        refresh: ms(10_000),
        ..Announcement::default()
    };
    let plan = InstancePlan {
        announcement,
        ..plan("a", 255)
    };
    let mut node = Node::start(std::slice::from_ref(&plan));
    node.pass(ms(26_000));
    let announced = |node: &mut Node| -> Vec<String> {
        node.told()
            .into_iter()
            .filter(|line| line.contains("announce"))
            .collect()
    };
    assert_eq!(
        announced(&mut node),
        [
            "0ns announce 10.0.0.100",
            "0ns announce 10.0.0.100",
            "5s announce 10.0.0.100",
            "5s announce 10.0.0.100",
            "15s announce 10.0.0.100",
            "25s announce 10.0.0.100",
        ]
    );
    node.link(link(2, "eth0", false, &[]));
    node.pass(ms(60_000));
    assert_eq!(announced(&mut node), [""; 0]);
}

#[test]
fn a_lower_master_makes_us_announce_again_but_not_at_its_will() {
    let plan = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&plan));
    node.pass(ms(10_000));
    node.told();
    for _ in 0..1000 {
        node.hears(&plan, 50, "10.0.0.9");
        node.pass(ms(10));
    }
    let announced = node
        .told()
        .iter()
        .filter(|line| line.contains("announce"))
        .count();
    assert_eq!(announced, 3);
}

fn journal_of_master() -> Legacy {
    let mut node = Node::start(&[plan("a", 100)]);
    node.pass(ms(4000));
    let journal = node.election.journal();
    assert_eq!(journal.instances[0].patience_ns, 3_000_000_000);
    assert_eq!(journal.instances[0].farewell.len(), 1);
    assert_eq!(
        journal.instances[0].held,
        [Held::Address(ETH0, "10.0.0.100/32".parse().expect("a network"))]
    );
    journal
}

#[test]
fn a_successor_goes_on_as_master_inside_its_peers_patience() {
    let mut node = Node::bare();
    node.election
        .handle_adopt(journal_of_master(), ORIGIN, ORIGIN + ms(100));
    node.now = ORIGIN + ms(100);
    node.plan(&[plan("a", 100)], &[]);
    assert_eq!(node.told(), [""; 0]);
    node.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.100/32"]));
    assert_eq!(
        node.news(),
        [
            "100ms advert 100 to 224.0.0.18",
            "100ms announce 10.0.0.100",
            "100ms a: Initialize -> Master: adopted after a restart",
        ]
    );
}

#[test]
fn a_successor_trusts_the_trackers_that_its_predecessor_had() {
    let tracked = |weight| TrackTracker {
        tracker: "t".into(),
        weight,
        reverse: false,
    };
    for weight in [0, 50] {
        let plan = InstancePlan {
            track: vec![tracked(weight)],
            ..plan("a", 100)
        };
        let mut node = Node::bare();
        node.election.handle_adopt(journal_of_master(), ORIGIN, ORIGIN);
        node.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.100/32"]));
        node.plan(&[plan], &[]);
        assert_eq!(node.state("a"), State::Master);
        assert_eq!(
            node.news()[0],
            format!("0ns advert {} to 224.0.0.18", 100 + weight)
        );
        node.tracker("t", TrackerState::Failed);
        assert_eq!(
            node.state("a"),
            if weight == 0 { State::Fault } else { State::Master }
        );
    }
}

#[test]
fn a_successor_that_comes_too_late_begins_as_backup_and_clears_away() {
    for (alive_for, link_after) in [(3001, 0), (0, 3001)] {
        let mut node = Node::bare();
        node.now = ORIGIN + ms(alive_for);
        node.election.handle_adopt(journal_of_master(), ORIGIN, node.now);
        node.plan(&[plan("a", 100)], &[]);
        node.pass(ms(link_after));
        node.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.100/32"]));
        let told = node.news();
        assert_eq!(node.state("a"), State::Backup, "{told:?}");
        assert!(
            told.contains(&"3.001s remove 10.0.0.100/32".to_owned()),
            "{told:?}"
        );
    }
}

#[test]
fn what_a_predecessor_left_and_nobody_plans_is_cleared_away() {
    let other = InstancePlan {
        addresses: vec![virtual_address("10.0.0.101/32")],
        ..plan("a", 100)
    };
    for (plans, farewell) in [(vec![], true), (vec![other], false)] {
        let mut node = Node::bare();
        node.election.handle_adopt(journal_of_master(), ORIGIN, ORIGIN);
        node.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.100/32"]));
        node.plan(&plans, &[]);
        let told = node.news();
        assert!(told.contains(&"0ns remove 10.0.0.100/32".to_owned()), "{told:?}");
        let says_zero = told.contains(&"0ns advert 0 to 224.0.0.18".to_owned());
        assert_eq!(says_zero, farewell, "{told:?}");
    }
}

#[test]
fn an_owner_clears_away_what_it_or_its_predecessor_put_on() {
    for host_has_it in [false, true] {
        let on = ["10.0.0.2/24", "10.0.0.100/32"];
        let before = if host_has_it { &on[..] } else { &on[..1] };
        let mut node = Node::bare();
        node.link(link(2, "eth0", true, before));
        node.plan(&[plan("a", 255)], &[]);
        node.pass(ms(100));
        let journal = node.election.journal();
        assert_eq!(journal.instances[0].held.len(), usize::from(!host_has_it));

        let mut successor = Node::bare();
        successor.election.handle_adopt(journal, ORIGIN, ORIGIN);
        successor.link(link(2, "eth0", true, &on));
        successor.plan(&[plan("a", 255)], &[]);
        assert_eq!(successor.state("a"), State::Master);
        successor.news();
        successor.stop();
        let told = successor.news();
        let removes = told.iter().any(|line| line.contains("remove"));
        assert_eq!(removes, !host_has_it, "{told:?}");
    }
}

/// A successor of this node: eth0 still has the address.
fn successor(journal: Legacy, plans: &[InstancePlan]) -> Node {
    let mut node = Node::bare();
    node.election.handle_adopt(journal, ORIGIN, ORIGIN);
    node.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.100/32"]));
    node.plan(plans, &[]);
    node
}

#[test]
fn what_could_not_be_taken_off_before_the_crash_is_after_it() {
    let address = [Held::Address(ETH0, "10.0.0.100/32".parse().expect("a network"))];
    // An owner has it of its own, as far as a successor can see.
    for number in [100, 255] {
        let mut node = Node::start(&[plan("a", number)]);
        node.pass(ms(4000));
        node.mute = true;
        let mut out_of_plan = node.election.clone();
        out_of_plan.handle_plan(&Plan::default(), node.now);
        let journal = out_of_plan.journal();
        assert_eq!(journal.orphans, address);
        for plans in [vec![], vec![plan("a", number)]] {
            let mut node = successor(journal.clone(), &plans);
            node.stop();
            let told = node.news();
            assert!(
                told.iter().any(|line| line.contains("remove 10.0.0.100/32")),
                "{told:?}"
            );
        }
        node.link(link(2, "eth0", false, &["10.0.0.2/24", "10.0.0.100/32"]));
        assert_eq!(node.state("a"), State::Fault);
        let journal = node.election.journal();
        assert_eq!(journal.instances[0].held, address);
        let told = successor(journal, &[]).news();
        assert!(told.contains(&"0ns remove 10.0.0.100/32".to_owned()), "{told:?}");
    }
}

#[test]
fn what_has_gone_is_not_left_to_a_successor() {
    let mut node = Node::start(&[plan("a", 100), plan("b", 100)]);
    node.pass(ms(4000));
    node.hears(&plan("a", 100), 200, "10.0.0.9");
    node.plan(&[], &[]);
    let journal = node.election.journal();
    assert_eq!((journal.instances.len(), journal.orphans.len()), (0, 0));
}

/// A router that dies twice in a row, before it could go on.
#[test]
fn what_is_inherited_is_left_again() {
    let mut node = Node::bare();
    node.election.handle_adopt(journal_of_master(), ORIGIN, ORIGIN);
    node.link(link(2, "eth0", false, &["10.0.0.100/32"]));
    node.plan(&[plan("a", 255)], &[]);
    assert_ne!(node.state("a"), State::Master);
    let told = successor(node.election.journal(), &[]).news();
    assert!(told.contains(&"0ns remove 10.0.0.100/32".to_owned()), "{told:?}");
}

#[test]
fn a_name_alone_makes_no_master() {
    let vrid = |vrid: u64| InstancePlan {
        vrid: vrid.try_into().expect("a VRID"),
        ..plan("a", 100)
    };
    let elsewhere = InstancePlan {
        interface: "eth1".into(),
        ..plan("a", 100)
    };
    for wanted in [vrid(99), elsewhere] {
        let mut node = Node::bare();
        node.election.handle_adopt(journal_of_master(), ORIGIN, ORIGIN);
        node.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.100/32"]));
        node.link(link(3, "eth1", true, &["10.0.1.2/24"]));
        node.plan(&[wanted], &[]);
        assert_eq!(node.state("a"), State::Backup);
        let told = node.news();
        assert!(
            told.contains(&"0ns advert 0 to 224.0.0.18".to_owned()),
            "{told:?}"
        );
        assert!(told.contains(&"0ns remove 10.0.0.100/32".to_owned()), "{told:?}");
    }
}

#[test]
fn what_is_on_a_link_with_a_new_name_does_not_stay_there() {
    let routed = InstancePlan {
        routes: vec![route(100)],
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&routed));
    node.pass(ms(4000));
    assert_eq!(node.entries.len(), 1);
    node.told();
    node.link(link(2, "lan0", true, &["10.0.0.2/24", "10.0.0.100/32"]));
    let told = node.told();
    assert_eq!(node.state("a"), State::Fault);
    assert!(
        told.iter().any(|line| line.contains("remove 10.0.0.100/32")),
        "{told:?}"
    );
    assert!(node.entries.is_empty(), "{told:?}");
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.pass(ms(4000));
    assert_eq!(node.state("a"), State::Master);
    assert_eq!(node.entries.len(), 1);
}
