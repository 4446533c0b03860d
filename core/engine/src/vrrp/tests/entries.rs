//! Routes and rules follow the state as addresses do, though nobody reports them.

use model::effect::ElectEffect;
use model::fact::{Held, LinkNews, Outcome};
use model::ids::OrderId;
use model::plan::{AddressOptions, InstancePlan, StaticPlan, VirtualAddress};
use model::route::{Entry, Route};
use model::transition::State;

use super::kit::*;

fn routed(name: &str, number: u64) -> InstancePlan {
    InstancePlan {
        routes: vec![route(100)],
        rules: vec![rule(100)],
        ..plan(name, number)
    }
}

fn last_entry(node: &Node) -> OrderId {
    let mut orders = node.orders.iter().filter_map(|effect| match effect {
        ElectEffect::AddEntry(order) | ElectEffect::RemoveEntry(order) => Some(order.order),
        _ => None,
    });
    orders.next_back().expect("an order")
}

#[test]
fn a_masters_entries_come_after_its_addresses_and_go_before_them() {
    let mut node = Node::start(&[routed("a", 100)]);
    // What a crash of everything may have left behind.
    let left = [
        "0ns remove rule 100: from all lookup 100",
        "0ns remove route default via 10.0.0.1 dev 2 table 100",
        "0ns a: Initialize -> Backup: ready",
    ];
    assert_eq!(node.news(), left);
    node.pass(ms(3700));
    assert_eq!(
        node.news(),
        [
            "3.609375s advert 100 to 224.0.0.18",
            "3.609375s add 10.0.0.100/32",
            "3.609375s add route default via 10.0.0.1 dev 2 table 100",
            "3.609375s add rule 100: from all lookup 100",
            "3.609375s a: Backup -> Master: no Master was heard",
            "3.609375s announce 10.0.0.100",
        ]
    );
    assert_eq!(node.entries.len(), 2);
    node.hears(&plan("a", 100), 200, "10.0.0.3");
    assert_eq!(
        node.news(),
        [
            "3.7s remove rule 100: from all lookup 100",
            "3.7s remove route default via 10.0.0.1 dev 2 table 100",
            "3.7s remove 10.0.0.100/32",
            "3.7s a: Master -> Backup: yields to 10.0.0.3, whose priority is 200",
        ]
    );
    assert!(node.entries.is_empty());
    node.pass(ms(60_000));
    node.stop();
    assert!(node.entries.is_empty());
}

#[test]
fn consent_stands_until_it_is_answered_anew() {
    let mut node = Node::start(&[routed("a", 255)]);
    node.pass(ms(600_000));
    node.told();
    let order = last_entry(&node);
    for _ in 0..2 {
        node.outcome(Outcome {
            order,
            result: Ok(()),
        });
    }
    // The second is swallowed: who deletes all day must not fill the log.
    assert_eq!(
        node.told(),
        ["600s notice: rule 100: from all lookup 100 had been taken out, and is put back"]
    );
    node.outcome(Outcome {
        order,
        result: Err("cannot add it: no".to_owned()),
    });
    node.pass(ms(1000));
    let mut told = node.news();
    told.retain(|line| !line.contains("advert"));
    assert_eq!(
        told,
        [
            "600s notice: cannot add it: no; the next attempt is in 1s",
            "601s add rule 100: from all lookup 100",
        ]
    );
}

#[test]
fn a_refused_entry_is_tried_again_with_growing_pauses() {
    let mut node = Node::bare();
    node.refuses = true;
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.plan(&[routed("a", 255)], &[]);
    node.pass(ms(70_000));
    let tries: Vec<String> = node.told();
    let at: Vec<&str> = tries
        .iter()
        .filter(|line| line.contains("add route"))
        .filter_map(|line| line.split_once(' ').map(|(at, _)| at))
        .collect();
    assert_eq!(at, ["0ns", "1s", "3s", "7s", "15s", "31s", "63s"]);
}

#[test]
fn an_interface_that_comes_back_gets_its_routes_again() {
    let ours = InstancePlan {
        track_own_link: false,
        ..routed("a", 255)
    };
    let mut node = Node::start(&[ours]);
    node.told();
    let on = ["10.0.0.2/24", "10.0.0.100/32"];
    let adds = |node: &mut Node| {
        let told = node.told();
        told.iter()
            .filter(|line| line.contains("add route") || line.contains("add rule"))
            .cloned()
            .collect::<Vec<_>>()
    };
    node.link(link(2, "eth0", false, &on));
    assert_eq!(adds(&mut node), [""; 0]);
    node.link(link(2, "eth0", true, &on));
    assert_eq!(
        adds(&mut node),
        ["0ns add route default via 10.0.0.1 dev 2 table 100"]
    );
    node.links.clear();
    node.election.handle_link(LinkNews::Gone(ETH0), node.now);
    node.link(link(7, "eth0", true, &["10.0.0.2/24"]));
    assert!(
        adds(&mut node).contains(&"0ns add route default via 10.0.0.1 dev 7 table 100".to_owned()),
        "the new interface has another index"
    );
}

#[test]
fn a_reload_touches_what_changed_alone() {
    let mut node = Node::start(&[routed("a", 255)]);
    node.told();
    let mut changed = routed("a", 255);
    changed.routes.push(route(101));
    changed.rules.clear();
    node.plan(&[changed], &[]);
    assert_eq!(
        node.news(),
        [
            "0ns remove rule 100: from all lookup 100",
            "0ns add route default via 10.0.0.1 dev 2 table 101",
        ]
    );
    assert_eq!(node.entries.len(), 2);
    node.plan(&[], &[]);
    assert!(node.entries.is_empty());
}

#[test]
fn what_another_master_of_this_node_has_is_not_taken_out() {
    let other = InstancePlan {
        vrid: model::units::Vrid::try_from(52).expect("a VRID"),
        addresses: vec![virtual_address("10.0.0.101/32")],
        ..routed("b", 100)
    };
    let mut node = Node::start(&[routed("a", 255), other]);
    assert_eq!(node.entries.len(), 2);
    node.pass(ms(10_000));
    node.hears(
        &InstancePlan {
            vrid: model::units::Vrid::try_from(52).expect("a VRID"),
            ..plan("b", 100)
        },
        200,
        "10.0.0.3",
    );
    assert_eq!((node.state("a"), node.state("b")), (State::Master, State::Backup));
    assert_eq!(node.entries.len(), 2);
    node.stop();
    assert!(node.entries.is_empty());
}

#[test]
fn a_successor_goes_on_with_them_and_clears_away_what_is_not_planned() {
    let node = Node::start(&[routed("a", 255)]);
    let journal = node.election.journal();
    assert_eq!(journal.instances[0].held.len(), 3);
    let mut successor = Node::bare();
    successor.entries = node.entries.clone();
    successor.election.handle_adopt(journal, ORIGIN, ORIGIN);
    successor.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.100/32"]));
    let mut changed = routed("a", 255);
    changed.routes = Vec::<Route>::new();
    successor.plan(&[changed], &[]);
    let told = successor.news();
    assert!(
        told.contains(&"0ns remove route default via 10.0.0.1 dev 2 table 100".to_owned()),
        "{told:?}"
    );
    assert!(!told.iter().any(|line| line.contains("remove rule")), "{told:?}");
    assert_eq!(successor.entries.len(), 1);
}

#[test]
fn what_is_static_is_there_from_start_to_stop() {
    let mut node = Node::bare();
    node.statics = StaticPlan {
        addresses: vec![VirtualAddress {
            interface: Some("eth0".into()),
            ..virtual_address("10.0.0.50/32")
        }],
        routes: vec![route(7)],
        rules: vec![rule(7)],
    };
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.plan(&[plan("a", 100)], &[]);
    let on = [
        "0ns a: Initialize -> Backup: ready",
        "0ns add 10.0.0.50/32",
        "0ns add route default via 10.0.0.1 dev 2 table 7",
        "0ns add rule 7: from all lookup 7",
    ];
    assert_eq!(node.news(), on);
    let journal = node.election.journal();
    assert_eq!(journal.statics.len(), 3);
    node.eth0_has(&["10.0.0.2/24"]);
    node.pass(ms(1000));
    assert!(node.news().contains(&"1s add 10.0.0.50/32".to_owned()));

    // A successor that plans less takes the rest out.
    let mut successor = Node::bare();
    successor.entries = node.entries.clone();
    successor.election.handle_adopt(journal, ORIGIN, ORIGIN);
    successor.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.50/32"]));
    successor.statics.rules = vec![rule(7)];
    successor.plan(&[], &[]);
    assert_eq!(
        successor.entries.iter().collect::<Vec<_>>(),
        [&Entry::Rule(rule(7))]
    );
    assert!(successor.news().contains(&"0ns remove 10.0.0.50/32".to_owned()));

    node.stop();
    assert!(node.entries.is_empty());
    assert!(node.news().contains(&"1s remove 10.0.0.50/32".to_owned()));
}

#[test]
fn what_is_not_tracked_stays_off_when_somebody_takes_it_off() {
    let untracked = AddressOptions {
        untracked: true,
        ..AddressOptions::default()
    };
    let mut ours = plan("a", 255);
    ours.addresses[0].options = untracked;
    let mut node = Node::start(&[ours]);
    node.told();
    node.eth0_has(&["10.0.0.2/24"]);
    node.pass(ms(60_000));
    assert!(!node.told().iter().any(|line| line.contains("add")));
    let held = &node.election.journal().instances[0].held;
    assert!(matches!(held.as_slice(), [Held::Address(ETH0, _)]));
}

/// Whoever put it in last may leave before the kernel takes it again.
#[test]
fn what_two_have_is_tried_again_for_both() {
    let mut node = Node::start(&[routed("a", 255)]);
    let later = InstancePlan {
        vrid: 52.try_into().expect("a VRID"),
        addresses: vec![virtual_address("10.0.0.101/32")],
        ..routed("b", 100)
    };
    node.plan(&[routed("a", 255), later.clone()], &[]);
    node.pass(ms(10_000));
    node.told();
    let order = last_entry(&node);
    node.entries.clear();
    node.refuses = true;
    node.outcome(Outcome {
        order,
        result: Err("cannot add it: no".to_owned()),
    });
    node.hears(&later, 200, "10.0.0.9");
    assert_eq!(node.state("b"), State::Backup);
    node.refuses = false;
    node.pass(ms(10_000));
    let rule = |entry: &&Entry<_>| matches!(entry, Entry::Rule(_));
    assert_eq!(node.entries.iter().filter(rule).count(), 1, "{:?}", node.told());
}
