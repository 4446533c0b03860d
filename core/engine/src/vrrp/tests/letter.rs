//! Clauses of the RFCs that no other test shows by the way.

use std::time::Duration;

use model::effect::ElectEffect;
use model::fact::{Envelope, Frame};
use model::ids::LinkIndex;
use model::net::Family;
use model::plan::{InstancePlan, Transport, Version};
use model::transition::State;
use model::units::Centis;

use super::kit::*;
use crate::vrrp::timer;

fn v6(name: &str, number: u64) -> InstancePlan {
    InstancePlan {
        family: Family::V6,
        transport: Transport::Multicast(ip("ff02::12")),
        addresses: vec![
            virtual_address("fe80::100/64"),
            virtual_address("2001:db8::100/64"),
        ],
        ..plan(name, number)
    }
}

fn node6(instance: &InstancePlan) -> Node {
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["2001:db8::2/64", "fe80::2/64"]));
    node.plan(std::slice::from_ref(instance), &[]);
    node
}

fn hears6(node: &mut Node, instance: &InstancePlan, number: u8, source: &str, hop_limit: Option<u8>) {
    let bytes = advert_bytes(instance, number, source, "ff02::12");
    node.frame(&bytes, source, "ff02::12", hop_limit);
}

/// Every advert that leaves, of every kind: periodic, at once, priority 0.
// holds VRRP-001, VRRP-002, VRRP-004, VRRP-007, VRRP-008, VRRP-010
#[test]
fn every_advert_has_its_source_its_group_and_255() {
    for (ours, source, destination, lower) in [
        (plan("a", 100), OWN, GROUP, "10.0.0.1"),
        (v6("a", 100), "fe80::2", "ff02::12", "fe80::1"),
    ] {
        let mut node = match ours.family {
            Family::V4 => Node::start(std::slice::from_ref(&ours)),
            Family::V6 => node6(&ours),
        };
        node.pass(ms(6000));
        let bytes = advert_bytes(&ours, 50, lower, destination);
        node.frame(&bytes, lower, destination, Some(255));
        node.stop();
        let adverts: Vec<_> = node
            .effects
            .iter()
            .filter_map(|effect| match effect {
                ElectEffect::SendAdvert(advert) => Some(advert),
                _ => None,
            })
            .collect();
        let priorities: Vec<u8> = adverts.iter().map(|advert| advert.payload[2]).collect();
        assert_eq!(priorities, [100, 100, 100, 100, 0]);
        for advert in adverts {
            assert_eq!(
                (advert.source, advert.destination, advert.hop_limit),
                (ip(source), ip(destination), 255)
            );
        }
    }
}

// holds VRRP-011
#[test]
fn ipv6_asks_for_hop_limit_255_as_well() {
    let ours = v6("a", 100);
    for (hop_limit, counter) in [
        (Some(254), "dropped_hop_limit"),
        (Some(1), "dropped_hop_limit"),
        (None, "dropped_hop_limit"),
        (Some(255), "adverts_received"),
    ] {
        let mut node = node6(&ours);
        hears6(&mut node, &ours, 200, "fe80::9", hop_limit);
        assert_eq!(node.counter(counter), 1, "{hop_limit:?}");
    }
}

// holds VRRP-133
#[test]
fn addresses_are_compared_as_unsigned_numbers_from_the_front() {
    let ours = v6("a", 100);
    for (source, to) in [
        ("fe80::1", State::Master),
        ("fe80::3", State::Backup),
        ("fe80::ffff:ffff:ffff:fff0", State::Backup),
        ("fe80:0:0:1::1", State::Backup),
    ] {
        let mut node = node6(&ours);
        node.pass(ms(4000));
        hears6(&mut node, &ours, 100, source, Some(255));
        assert_eq!(node.state("a"), to, "{source}");
    }
    let ours = plan("a", 100);
    for (own, source, to) in [
        ("127.0.0.2/8", "128.0.0.1", State::Backup),
        ("128.0.0.1/8", "127.0.0.2", State::Master),
        ("10.0.0.9/24", "10.0.0.10", State::Backup),
    ] {
        let mut node = Node::bare();
        node.link(link(2, "eth0", true, &[own]));
        node.plan(std::slice::from_ref(&ours), &[]);
        node.pass(ms(4000));
        node.hears(&ours, 100, source);
        assert_eq!(node.state("a"), to, "{source} at {own}");
    }
}

// holds VRRP-016
#[test]
fn one_vrid_on_two_interfaces_is_two_routers() {
    let other = InstancePlan {
        interface: "eth1".into(),
        ..plan("b", 100)
    };
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.link(link(3, "eth1", true, &["10.0.1.2/24"]));
    node.plan(&[plan("a", 100), other.clone()], &[]);
    node.pass(ms(3000));
    let payload = advert_bytes(&other, 200, "10.0.1.9", GROUP);
    let frame = Frame {
        envelope: Envelope::Bare,
        link: LinkIndex(3),
        source: ip("10.0.1.9"),
        destination: ip(GROUP),
        hop_limit: Some(255),
        payload: &payload,
        received: node.now,
    };
    node.election.handle_frame(frame, node.now);
    node.pass(ms(1000));
    assert_eq!((node.state("a"), node.state("b")), (State::Master, State::Backup));
}

// holds VRRP-054, VRRP-060
#[test]
fn a_hundred_thousand_bad_frames_are_counted_each_and_told_now_and_then() {
    let ours = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.told();
    let mut bytes = advert_bytes(&ours, 200, "10.0.0.9", GROUP);
    bytes[7] ^= 1;
    for _ in 0..100_000 {
        node.frame(&bytes, "10.0.0.9", GROUP, Some(255));
        node.now = node.now + Duration::from_millis(2);
    }
    assert_eq!(node.counter("dropped_checksum"), 100_000);
    // 200 s: one at first, then one in a minute.
    assert_eq!(node.told().len(), 4);
}

// holds VRRP-107
#[test]
fn priority_0_sets_the_skew_whether_less_or_more_was_left() {
    let ours = plan("a", 100);
    // 0.1 s after an advert 3.5 s are left; 3.5 s after it, 0.1 s.
    for (after, at) in [(100, "709.375ms"), (3500, "4.109375s")] {
        let mut node = Node::start(std::slice::from_ref(&ours));
        node.hears(&ours, 200, "10.0.0.9");
        node.pass(ms(after));
        node.told();
        node.hears(&ours, 0, "10.0.0.9");
        node.pass(ms(1000));
        assert_eq!(node.told()[0], format!("{at} advert 100 to {GROUP}"));
    }
}

// holds VRRP-108
#[test]
fn an_equal_or_better_advert_counts_whoever_sent_it() {
    let ours = plan("a", 100);
    for (number, source) in [
        (100, "10.0.0.1"),
        (100, "10.0.0.9"),
        (101, "10.0.0.1"),
        (255, "10.0.0.9"),
    ] {
        let mut node = Node::start(std::slice::from_ref(&ours));
        node.pass(ms(3000));
        node.told();
        node.hears(&ours, number, source);
        node.pass(ms(4000));
        let want = format!("6.609375s advert 100 to {GROUP}");
        let told = node.told();
        let takes_over = told.iter().find(|line| !line.contains("notice"));
        assert_eq!(takes_over, Some(&want), "{number} from {source}");
    }
}

// holds VRRP-150
#[test]
fn ipv6_addresses_are_announced_when_they_are_there() {
    let ours = v6("a", 255);
    let mut node = Node::bare();
    node.mute = true;
    node.link(link(2, "eth0", true, &["fe80::2/64"]));
    node.plan(std::slice::from_ref(&ours), &[]);
    assert_eq!(node.state("a"), State::Master);
    assert!(!node.told().iter().any(|line| line.contains("announce")));
    let order = node.orders.iter().find_map(|effect| match effect {
        ElectEffect::AddAddress(order) => Some(order.order),
        _ => None,
    });
    node.outcome(model::fact::Outcome {
        order: order.expect("an order"),
        result: Ok(()),
    });
    assert_eq!(node.told(), ["0ns announce fe80::100"]);
}

// holds VRRP-242, VRRP-243
#[test]
fn every_peer_gets_the_same_message_from_the_primary_address() {
    let peers = ["10.0.0.9", "10.0.0.8", "10.0.0.7"];
    let ours = InstancePlan {
        transport: unicast(&peers, 255),
        ..plan("a", 255)
    };
    let node = Node::start(&[ours]);
    let adverts: Vec<_> = node
        .effects
        .iter()
        .filter_map(|effect| match effect {
            ElectEffect::SendAdvert(advert) => Some(advert),
            _ => None,
        })
        .collect();
    let destinations: Vec<_> = adverts.iter().map(|advert| advert.destination).collect();
    assert_eq!(destinations, peers.map(ip));
    assert!(adverts.iter().all(|advert| advert.source == ip(OWN)));
    assert!(adverts.iter().all(|advert| advert.payload == adverts[0].payload));
}

// holds VRRP-157
#[test]
fn an_equal_priority_is_told_once_a_day_with_the_gap_that_is_needed() {
    let ours = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.told();
    for _ in 0..1500 {
        node.hears(&ours, 101, "10.0.0.9");
        node.hears(&ours, 100, "10.0.0.8");
        node.now = node.now + Duration::from_secs(60);
    }
    let told = node.told();
    assert_eq!(told.len(), 2);
    assert_eq!(
        told[0],
        "0ns notice: 10.0.0.8 has our priority, 100; give each router its own"
    );
    let fast = InstancePlan {
        advert_interval: Centis::new(1),
        ..ours
    };
    let mut node = Node::start(std::slice::from_ref(&fast));
    node.told();
    node.hears(&fast, 100, "10.0.0.8");
    assert_eq!(
        node.told(),
        [
            "0ns notice: 10.0.0.8 has our priority, 100; give each router its own, 52 or more apart: \
             2ms of delay must not make two Masters"
        ]
    );
    for (centis, apart) in [(100, 1), (10, 6), (1, 52)] {
        let gap = timer::gap(Centis::new(centis), ms(2));
        assert_eq!(gap, apart);
        let best = timer::skew(Version::V3, priority(254), Centis::new(centis));
        let next = timer::skew(Version::V3, priority(254 - u64::from(gap)), Centis::new(centis));
        assert!(next - best >= ms(2));
    }
}

// holds VRRP-018
#[test]
fn a_mastership_that_comes_and_goes_is_told_now_and_then() {
    let ours = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&ours));
    for _ in 0..10 {
        node.pass(ms(4000));
        node.hears(&ours, 200, "10.0.0.9");
    }
    let told: Vec<_> = node
        .told()
        .into_iter()
        .filter(|line| line.contains("3 times"))
        .collect();
    assert_eq!(
        told,
        ["11.609375s notice: became Master 3 times in 8.0s; \
             look for adverts that are lost or late, and for trackers that come and go"]
    );
    let mut calm = Node::start(std::slice::from_ref(&ours));
    for _ in 0..10 {
        calm.pass(ms(60_000));
        calm.hears(&ours, 200, "10.0.0.9");
    }
    assert!(!calm.told().iter().any(|line| line.contains("3 times")));
}
