//! Reload: what stays keeps state and timers.

use model::effect::ElectEffect;
use model::plan::{AddressOptions, InstancePlan, StaticPlan, TrackTracker, VirtualAddress};
use model::transition::State;
use model::units::{Centis, Vrid};

use super::kit::*;

fn master() -> Node {
    let mut node = Node::start(&[plan("a", 100)]);
    node.pass(ms(4000));
    node.told();
    node
}

#[test]
fn the_same_plan_changes_nothing_and_costs_no_advert() {
    let mut node = master();
    for _ in 0..100 {
        node.plan(&[plan("a", 100)], &[]);
    }
    assert_eq!(node.told(), [""; 0]);
    node.pass(ms(1000));
    assert_eq!(node.told(), ["4.609375s advert 100 to 224.0.0.18"]);
}

#[test]
fn an_added_and_a_removed_address_move_without_a_transition() {
    let mut node = master();
    let addresses = vec![virtual_address("10.0.0.101/32")];
    node.plan(
        &[InstancePlan {
            addresses,
            ..plan("a", 100)
        }],
        &[],
    );
    assert_eq!(
        node.told(),
        [
            "4s add 10.0.0.101/32",
            "4s remove 10.0.0.100/32",
            "4s announce 10.0.0.101"
        ]
    );
    node.pass(ms(10_000));
    assert_eq!(node.state("a"), State::Master);
}

#[test]
fn a_changed_priority_and_interval_change_in_place() {
    let mut node = master();
    node.plan(
        &[InstancePlan {
            advert_interval: Centis::new(10),
            ..plan("a", 120)
        }],
        &[],
    );
    node.pass(ms(250));
    assert_eq!(
        node.told(),
        [
            "4s a: priority 100 -> 120",
            "4.1s advert 120 to 224.0.0.18",
            "4.2s advert 120 to 224.0.0.18",
        ]
    );
}

#[test]
fn a_removed_instance_says_goodbye_and_its_address_goes() {
    let mut node = master();
    node.plan(&[], &[]);
    assert_eq!(
        node.told(),
        [
            "4s advert 0 to 224.0.0.18",
            "4s remove 10.0.0.100/32",
            "4s a: Master -> Initialize: taken out of the configuration",
            "4s unlisten 2 IPv4",
        ]
    );
    assert_eq!(node.election.status(node.now).0, []);
}

#[test]
fn a_removed_instances_address_goes_even_when_the_kernel_refuses_at_first() {
    let mut node = master();
    node.refuses = true;
    node.plan(&[], &[]);
    node.told();
    node.refuses = false;
    node.pass(ms(5000));
    assert_eq!(node.told(), ["5s remove 10.0.0.100/32"]);
    assert_eq!(node.election.poll_timeout(), None);
}

#[test]
fn another_vrid_is_another_router() {
    let mut node = master();
    let vrid = Vrid::try_from(52).expect("a VRID");
    node.plan(
        &[InstancePlan {
            vrid,
            ..plan("a", 100)
        }],
        &[],
    );
    assert_eq!(
        node.told(),
        [
            "4s advert 0 to 224.0.0.18",
            "4s remove 10.0.0.100/32",
            "4s a: Master -> Initialize: taken out of the configuration",
            "4s a: Initialize -> Backup: ready",
        ]
    );
}

#[test]
fn a_tracker_added_to_a_master_is_waited_for_without_a_failover() {
    let mut node = master();
    let tracked = TrackTracker {
        tracker: "t".into(),
        weight: 0,
        reverse: false,
    };
    node.plan(
        &[InstancePlan {
            track: vec![tracked],
            ..plan("a", 100)
        }],
        &[],
    );
    assert_eq!(node.state("a"), State::Master);
}

#[test]
fn an_impossible_advert_is_told_and_the_old_one_goes_on() {
    let mut node = master();
    let addresses = vec![
        virtual_address("10.0.0.100/32"),
        virtual_address("2001:db8::1/128"),
    ];
    node.plan(
        &[InstancePlan {
            addresses,
            ..plan("a", 100)
        }],
        &[],
    );
    let told = node.told();
    assert_eq!(
        told[0],
        "4s notice: cannot make an advert: its addresses are not all of one family; correct the configuration"
    );
    node.pass(ms(700));
    assert!(
        node.told()
            .contains(&"4.609375s advert 100 to 224.0.0.18".to_owned())
    );
}

/// Trap: an address that is taken out of the plan and comes back before the link told that it is off.
#[test]
fn an_address_that_comes_back_at_once_is_put_on_again_and_only_then_announced() {
    let mut node = master();
    let without = InstancePlan {
        addresses: vec![virtual_address("10.0.0.101/32")],
        ..plan("a", 100)
    };
    node.mute = true;
    node.plan(&[without], &[]);
    node.told();
    node.plan(&[plan("a", 100)], &[]);
    assert_eq!(node.told(), ["4s add 10.0.0.100/32", "4s remove 10.0.0.101/32"]);
}

/// With these options of its address.
fn with_options(number: u64, options: &AddressOptions) -> InstancePlan {
    InstancePlan {
        addresses: vec![VirtualAddress {
            options: options.clone(),
            ..virtual_address("10.0.0.100/32")
        }],
        ..plan("a", number)
    }
}

fn labelled() -> AddressOptions {
    AddressOptions {
        label: Some("eth0:vip".to_owned()),
        no_prefix_route: true,
        ..AddressOptions::default()
    }
}

/// Options with which the address was put on last.
fn options_on(node: &Node) -> Option<AddressOptions> {
    let mut added = node.effects.iter().rev().filter_map(|effect| match effect {
        ElectEffect::AddAddress(order) => Some(order.options.clone()),
        _ => None,
    });
    added.next()
}

#[test]
fn changed_options_of_an_address_reach_the_kernel_at_once() {
    let mut node = master();
    for options in [labelled(), AddressOptions::default()] {
        for _ in 0..2 {
            node.plan(&[with_options(100, &options)], &[]);
        }
        let told = node.told();
        assert_eq!(
            told,
            [
                "4s remove 10.0.0.100/32",
                "4s add 10.0.0.100/32",
                "4s announce 10.0.0.100"
            ]
        );
        assert_eq!(options_on(&node), Some(options));
    }
    assert_eq!(node.state("a"), State::Master);
}

#[test]
fn changed_options_reach_the_kernel_though_an_order_is_under_way() {
    let mut node = Node::start(&[plan("a", 100)]);
    node.mute = true;
    node.pass(ms(4000));
    node.told();
    node.plan(&[with_options(100, &labelled())], &[]);
    assert_eq!(node.told(), ["4s remove 10.0.0.100/32", "4s add 10.0.0.100/32"]);
    assert_eq!(options_on(&node), Some(labelled()));
}

#[test]
fn what_does_not_show_in_the_kernel_costs_no_packet() {
    let mut node = master();
    let options = AddressOptions {
        untracked: true,
        detects_duplicates: true,
        ..AddressOptions::default()
    };
    node.plan(&[with_options(100, &options)], &[]);
    assert_eq!(node.told(), [""; 0]);
}

#[test]
fn a_backup_has_nothing_to_change() {
    let mut node = Node::start(&[plan("a", 100)]);
    node.told();
    node.plan(&[with_options(100, &labelled())], &[]);
    assert_eq!(node.told(), [""; 0]);
    node.pass(ms(4000));
    assert_eq!(options_on(&node), Some(labelled()));
}

#[test]
fn an_address_that_is_the_hosts_own_keeps_its_options() {
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.100/32"]));
    node.plan(&[plan("a", 255)], &[]);
    node.pass(ms(100));
    node.told();
    node.plan(&[with_options(255, &labelled())], &[]);
    node.pass(ms(100));
    let told = node.told();
    assert!(!told.iter().any(|line| line.contains("remove")), "{told:?}");
}

#[test]
fn changed_options_of_what_is_always_there_reach_the_kernel() {
    let mut node = Node::bare();
    let statics = |options: AddressOptions| StaticPlan {
        addresses: vec![VirtualAddress {
            interface: Some("eth0".into()),
            options,
            ..virtual_address("192.0.2.1/32")
        }],
        ..StaticPlan::default()
    };
    node.statics = statics(AddressOptions::default());
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.plan(&[], &[]);
    node.told();
    node.statics = statics(labelled());
    node.plan(&[], &[]);
    assert_eq!(node.told(), ["0ns remove 192.0.2.1/32", "0ns add 192.0.2.1/32"]);
    assert_eq!(options_on(&node), Some(labelled()));
}
