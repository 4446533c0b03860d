//! What waits on purpose: interfaces that are doubted, a late start, announcements that keep their distance.

use std::time::Duration;

use model::effect::ElectEffect;
use model::fact::LinkNews;
use model::plan::{
    Announcement, GroupPlan, InstancePlan, LinkPlan, Plan, StartPlan, SwitchPlan, VirtualAddress,
};
use model::time::Instant;
use model::transition::State;

use super::kit::*;

fn doubting(down: u64, up: u64) -> Plan {
    Plan {
        instances: vec![plan("a", 100)],
        links: vec![LinkPlan {
            interface: "eth0".into(),
            down_delay: ms(down),
            up_delay: ms(up),
        }],
        ..Plan::default()
    }
}

fn serving(plan: &Plan) -> Node {
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.serve(plan);
    node
}

fn eth0(up: bool) -> model::fact::LinkFact {
    link(2, "eth0", up, &["10.0.0.2/24", "10.0.0.100/32"])
}

/// N9.
#[test]
fn an_interface_flap_shorter_than_its_delay_moves_nobody() {
    let mut node = serving(&doubting(1000, 500));
    node.pass(ms(4000));
    assert_eq!(node.state("a"), State::Master);
    node.news();
    node.link(eth0(false));
    // News of something else are no second loss.
    node.pass(ms(400));
    node.link(eth0(false));
    node.pass(ms(599));
    node.link(eth0(true));
    node.pass(ms(5000));
    let moved = node.news().into_iter().filter(|line| line.contains("->")).count();
    assert_eq!(moved, 0);
}

#[test]
fn a_loss_that_stays_counts_after_its_delay_and_so_does_the_return() {
    let mut node = serving(&doubting(1000, 500));
    node.pass(ms(4000));
    node.link(eth0(false));
    node.pass(ms(999));
    assert_eq!(node.state("a"), State::Master);
    node.pass(ms(1));
    assert_eq!(node.state("a"), State::Fault);
    node.link(eth0(true));
    node.pass(ms(499));
    assert_eq!(node.state("a"), State::Fault);
    node.pass(ms(1));
    assert_eq!(node.state("a"), State::Backup);
}

/// KA-053: (3 - 1) · 1 s - 1 s/256.
#[test]
fn a_loss_is_doubted_no_longer_than_the_peers_wait() {
    let mut node = serving(&doubting(60_000, 0));
    node.pass(ms(4000));
    node.link(eth0(false));
    node.pass(Duration::from_nanos(1_996_093_749));
    assert_eq!(node.state("a"), State::Master);
    node.pass(Duration::from_nanos(1));
    assert_eq!(node.state("a"), State::Fault);
}

#[test]
fn a_deleted_interface_is_not_doubted_and_neither_is_one_made_anew() {
    let mut node = serving(&doubting(1000, 1000));
    node.pass(ms(4000));
    node.link(eth0(false));
    node.election.handle_link(LinkNews::Gone(ETH0), node.now);
    node.pass(ms(0));
    assert_eq!(node.state("a"), State::Fault);
    node.links.clear();
    node.link(link(9, "eth0", true, &["10.0.0.2/24"]));
    assert_eq!(node.state("a"), State::Backup);
    node.pass(ms(5000));
    assert_eq!(node.state("a"), State::Master);
}

#[test]
fn a_late_start_hears_and_says_nothing_until_then() {
    for (start, begins) in [
        (
            StartPlan {
                delay: ms(7000),
                after_boot: Duration::ZERO,
            },
            ORIGIN + ms(7000),
        ),
        (
            StartPlan {
                delay: ms(10),
                after_boot: ms(1_003_000),
            },
            Instant::from_nanos(1_003_000_000_000),
        ),
    ] {
        let plan = Plan {
            instances: vec![plan("a", 100), plan_of("owner", 255, 52, "10.0.0.101/32")],
            start,
            ..Plan::default()
        };
        let mut node = serving(&plan);
        let wait = begins.since(ORIGIN);
        let (instances, _) = node.election.status(node.now);
        assert_eq!(instances[0].cause, format!("elections begin in {wait:.1?}"));
        node.pass(wait - ms(1));
        node.hears(&plan.instances[0], 200, "10.0.0.9");
        assert_eq!(
            (node.state("a"), node.state("owner")),
            (State::Initialize, State::Initialize)
        );
        node.pass(ms(1));
        assert_eq!(
            (node.state("a"), node.state("owner")),
            (State::Backup, State::Master)
        );
        // Only the first plan waits.
        node.serve(&Plan {
            instances: vec![plan_of("new", 255, 53, "10.0.0.102/32")],
            ..plan
        });
        assert_eq!(node.state("new"), State::Master);
    }
}

fn plan_of(name: &str, number: u64, vrid: u64, net: &str) -> InstancePlan {
    InstancePlan {
        vrid: vrid.try_into().expect("a VRID"),
        addresses: vec![virtual_address(net)],
        ..plan(name, number)
    }
}

fn paced(count: u8) -> InstancePlan {
    let net = |n| virtual_address(&format!("10.0.1.{n}/32"));
    InstancePlan {
        addresses: (1..=count).map(net).collect(),
        announcement: Announcement {
            repeat: 2,
            second_after: Duration::ZERO,
            arp_gap: ms(10),
            ..Announcement::default()
        },
        ..plan("a", 255)
    }
}

fn announced(node: &mut Node) -> Vec<String> {
    let mut news = node.news();
    news.retain(|line| line.contains("announce"));
    news
}

/// KA-045.
#[test]
fn announcements_keep_their_distance() {
    let mut node = Node::start(&[paced(3)]);
    node.pass(ms(100));
    let want = [
        "0ns announce 10.0.1.1",
        "10ms announce 10.0.1.1",
        "20ms announce 10.0.1.2",
        "30ms announce 10.0.1.2",
        "40ms announce 10.0.1.3",
        "50ms announce 10.0.1.3",
    ];
    assert_eq!(announced(&mut node), want);
}

/// A plan whose second address lives on another interface.
fn on_two_interfaces(announcement: Announcement) -> Plan {
    let elsewhere = VirtualAddress {
        interface: Some("eth1".into()),
        ..virtual_address("10.0.2.1/32")
    };
    Plan {
        instances: vec![InstancePlan {
            addresses: vec![virtual_address("10.0.1.1/32"), elsewhere],
            announcement,
            ..plan("a", 255)
        }],
        ..Plan::default()
    }
}

fn serving_on_two(plan: &Plan) -> Node {
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.link(link(3, "eth1", true, &["10.0.2.2/24"]));
    node.serve(plan);
    node
}

/// KA-045: what one switch hears from two interfaces keeps its distance, too.
#[test]
fn announcements_on_interfaces_behind_one_switch_keep_their_distance_together() {
    let mut plan = on_two_interfaces(Announcement {
        repeat: 2,
        second_after: Duration::ZERO,
        arp_gap: ms(1),
        ..Announcement::default()
    });
    let apart = [
        "0ns announce 10.0.1.1",
        "0ns announce 10.0.2.1",
        "1ms announce 10.0.1.1",
        "1ms announce 10.0.2.1",
    ];
    let together = [
        "0ns announce 10.0.1.1",
        "7ms announce 10.0.1.1",
        "14ms announce 10.0.2.1",
        "21ms announce 10.0.2.1",
    ];
    for (switches, want) in [(Vec::new(), apart), (vec![switch()], together)] {
        plan.switches = switches;
        let mut node = serving_on_two(&plan);
        node.pass(ms(100));
        assert_eq!(announced(&mut node), want);
    }
}

fn switch() -> SwitchPlan {
    SwitchPlan {
        interfaces: vec!["eth0".into(), "eth1".into()],
        arp_gap: ms(7),
        na_gap: Duration::ZERO,
    }
}

/// KA-046: no advert tells a switch of them.
#[test]
fn addresses_where_no_adverts_go_are_announced_again_and_again() {
    let mut node = serving_on_two(&on_two_interfaces(Announcement {
        repeat: 1,
        second_after: Duration::ZERO,
        other_refresh: ms(1500),
        ..Announcement::default()
    }));
    node.pass(ms(4000));
    let want = [
        "0ns announce 10.0.1.1",
        "0ns announce 10.0.2.1",
        "1.5s announce 10.0.2.1",
        "3s announce 10.0.2.1",
    ];
    assert_eq!(announced(&mut node), want);
}

/// KA-045: hosts must not be drawn to who is not Master any more.
#[test]
fn nothing_waits_to_be_announced_after_the_end_of_a_mastership() {
    let mut node = Node::start(&[paced(200)]);
    node.pass(ms(25));
    assert_eq!(announced(&mut node).len(), 3);
    node.eth0_has(&["10.0.0.2/24"]);
    node.link(link(2, "eth0", false, &["10.0.0.2/24"]));
    assert_eq!(node.state("a"), State::Fault);
    node.pass(ms(10_000));
    assert_eq!(announced(&mut node), [""; 0]);
}

/// KA-044.
#[test]
fn after_a_lower_master_the_whole_group_announces_as_often_as_it_is_told_to() {
    let with = |plan: InstancePlan| InstancePlan {
        announcement: Announcement {
            repeat: 1,
            second_after: Duration::ZERO,
            lower_repeat: 2,
            lower_second_after: ms(700),
            ..Announcement::default()
        },
        ..plan
    };
    let (a, b) = (with(plan("a", 200)), with(plan_of("b", 200, 52, "10.0.0.101/32")));
    let group = GroupPlan {
        name: "g".into(),
        members: vec!["a".into(), "b".into()],
        track: Vec::new(),
        track_links: Vec::new(),
        hooks: Vec::new(),
        resources: Vec::new(),
    };
    let mut node = Node::start_grouped(&[a.clone(), b], &[group]);
    node.pass(ms(20_000));
    node.news();
    node.effects.clear();
    node.hears(&a, 100, "10.0.0.9");
    let count = |node: &Node| {
        let all = node.effects.iter();
        all.filter(|effect| matches!(effect, ElectEffect::Announce(_)))
            .count()
    };
    assert_eq!(count(&node), 4, "two of each");
    let heard = |who: &str| format!("20s {who}: 10.0.0.9 of lower priority 100 heard");
    assert!(
        node.told()
            .iter()
            .filter(|line| line.contains("heard"))
            .eq([&heard("a"), &heard("b")])
    );
    node.hears(&a, 100, "10.0.0.9");
    assert_eq!(count(&node), 4, "once in a Down interval");
    assert!(!node.told().iter().any(|line| line.contains("heard")));
    node.pass(ms(10_000));
    assert_eq!(count(&node), 8);
}
