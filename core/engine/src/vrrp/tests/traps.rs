//! What other implementations fell into. Traps that another test stands on by its nature are there: centiseconds and
//! integer skew in `timers`, TTL in `letter`, farewells, moved priorities and devices made anew in `machine`, simultaneous
//! starts in `sim`; frames with tags, groups of other interfaces and own adverts that come back where packets are
//! received (`linux`).

use std::time::Duration;

use model::effect::ElectEffect;
use model::fact::Outcome;
use model::plan::{GroupPlan, InstancePlan};
use model::time::Instant;
use model::transition::State;
use model::units::{Centis, Vrid};

use super::kit::*;

fn master(plan: &InstancePlan) -> Node {
    let mut node = Node::start(std::slice::from_ref(plan));
    node.pass(ms(4000));
    assert_eq!(node.state("a"), State::Master);
    node.told();
    node
}

fn due(node: &Node) -> Instant {
    let (at, _) = node.election.poll_timeout().expect("there is a deadline");
    at
}

/// 255 s, a hundred adverts and the lowest priority in version 2; the longest interval in version 3: neither product
/// fits into 16 bits, and that of nanoseconds not into 32.
#[test]
fn the_longest_down_interval_overflows_nothing() {
    let longest = InstancePlan {
        advert_interval: Centis::new(25_500),
        down_adverts: 100,
        ..v2("a", 1)
    };
    let node = Node::start(&[longest]);
    // RFC 3768 §6.1: the skew is 255/256 s.
    let skew = Duration::from_nanos(1_000_000_000 * 255 / 256);
    assert_eq!(due(&node), ORIGIN + Duration::from_secs(25_500) + skew);
    let longest = InstancePlan {
        advert_interval: Centis::new(4095),
        down_adverts: 100,
        ..plan("a", 1)
    };
    let node = Node::start(&[longest]);
    // RFC 9568 §6.1: the skew is 255/256 of the interval.
    let skew = Duration::from_nanos(40_950_000_000 * 255 / 256);
    assert_eq!(due(&node), ORIGIN + Duration::from_secs(4095) + skew);
}

#[test]
fn a_frame_before_the_first_plan_or_in_fault_is_nobodys() {
    let ours = plan("a", 100);
    let mut node = Node::bare();
    node.hears(&ours, 200, "10.0.0.9");
    node.link(link(2, "eth0", false, &["10.0.0.2/24"]));
    node.plan(std::slice::from_ref(&ours), &[]);
    assert_eq!(node.state("a"), State::Fault);
    for number in [0, 1, 100, 255] {
        node.hears(&ours, number, "10.0.0.9");
        assert_eq!(node.state("a"), State::Fault);
    }
    assert_eq!(node.election.poll_timeout(), None);
}

/// The path of the owner is another one, and has to put on the same addresses.
#[test]
fn an_owner_puts_on_each_of_its_addresses_and_keeps_its_own() {
    let owner = InstancePlan {
        addresses: vec![virtual_address("10.0.0.2/24"), virtual_address("10.0.0.100/32")],
        excluded: vec![virtual_address("10.0.0.101/32")],
        ..plan("a", 255)
    };
    let mut node = Node::start(&[owner]);
    assert_eq!(node.state("a"), State::Master);
    let on = |node: &Node| {
        let mut on = node.links[0].addresses.clone();
        on.sort();
        on.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(on(&node), ["10.0.0.2/24", "10.0.0.100/32", "10.0.0.101/32"]);
    node.stop();
    assert_eq!(on(&node), ["10.0.0.2/24"], "its own stays");
}

/// Bad frames that come for ever must neither delay the adverts of a Master nor hasten or delay a Backup.
#[test]
fn invalid_packets_set_no_timer_of_anybody() {
    let ours = plan("a", 100);
    let mut good = advert_bytes(&ours, 200, "10.0.0.9", GROUP);
    good[6] ^= 1;
    for mut node in [master(&ours), Node::start(std::slice::from_ref(&ours))] {
        let before = due(&node);
        for step in 1..100 {
            node.now = node.now + Duration::from_millis(1);
            node.frame(&good, "10.0.0.9", GROUP, Some(255));
            assert_eq!(due(&node), before, "after {step} frames");
        }
        assert_eq!(node.counter("adverts_received"), 0);
    }
}

/// An interval of 0 that was learned would end at once.
#[test]
fn an_advert_with_an_interval_of_0_makes_nobody_master() {
    let ours = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&ours));
    let mut bytes = advert_bytes(&ours, 200, "10.0.0.9", GROUP);
    // RFC 9568 §5.2.7: 12 bits. The checksum is that of the message without them.
    let removed = u16::from_be_bytes([bytes[4], bytes[5]]);
    (bytes[4], bytes[5]) = (0, 0);
    let sum = u32::from(u16::from_be_bytes([bytes[6], bytes[7]])) + u32::from(removed);
    let folded = u16::try_from((sum & 0xffff) + (sum >> 16)).expect("two bytes");
    (bytes[6], bytes[7]) = folded.to_be_bytes().into();
    let before = due(&node);
    node.frame(&bytes, "10.0.0.9", GROUP, Some(255));
    assert_eq!(node.counter("dropped_zero_interval"), 1);
    assert_eq!((node.state("a"), due(&node)), (State::Backup, before));
}

/// Some bridges and drivers forget memberships of groups when a link goes down.
#[test]
fn a_link_that_comes_back_is_listened_to_anew() {
    let mut node = Node::start(&[plan("a", 100)]);
    node.told();
    node.link(link(2, "eth0", false, &["10.0.0.2/24"]));
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    let told = node.told();
    let listening: Vec<&String> = told.iter().filter(|line| line.contains("listen")).collect();
    assert_eq!(listening, ["0ns unlisten 2 IPv4", "0ns listen 2 IPv4"]);
}

/// Hosts would be sent to an address that is not there yet.
#[test]
fn nothing_is_announced_before_the_kernel_has_the_address() {
    let mut node = Node::start(&[plan("a", 100)]);
    node.mute = true;
    node.pass(ms(4000));
    assert_eq!(node.state("a"), State::Master);
    let announced = |node: &Node| {
        let is_announce = |effect: &&ElectEffect| matches!(effect, ElectEffect::Announce(_));
        node.effects.iter().filter(is_announce).count()
    };
    assert_eq!(announced(&node), 0);
    let ElectEffect::AddAddress(order) = node.orders[0].clone() else {
        panic!("{:?}", node.orders);
    };
    node.eth0_has(&["10.0.0.2/24", "10.0.0.100/32"]);
    assert_eq!(announced(&node), 0, "a report is no answer");
    node.outcome(Outcome {
        order: order.order,
        result: Ok(()),
    });
    assert_eq!(announced(&node), 1);
}

/// The kernel said EEXIST or ENODEV once, and the address is there all the same.
#[test]
fn an_address_that_was_refused_is_taken_off_at_the_end_of_a_mastership() {
    let ours = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.refuses = true;
    node.pass(ms(4000));
    assert_eq!(node.state("a"), State::Master);
    node.refuses = false;
    node.eth0_has(&["10.0.0.2/24", "10.0.0.100/32"]);
    node.hears(&ours, 200, "10.0.0.9");
    node.pass(ms(2000));
    assert_eq!(node.state("a"), State::Backup);
    assert_eq!(node.links[0].addresses.len(), 1, "{:?}", node.links);
}

/// The kernel's own choice of a source would be the virtual address, once that is there.
#[test]
fn a_masters_source_stays_the_primary_address() {
    let ours = InstancePlan {
        addresses: vec![virtual_address("10.0.0.1/24")],
        ..plan("a", 100)
    };
    let mut node = master(&ours);
    node.eth0_has(&["10.0.0.1/24", "10.0.0.2/24"]);
    node.effects.clear();
    node.pass(ms(3000));
    let sources: Vec<_> = node
        .effects
        .iter()
        .filter_map(|effect| match effect {
            ElectEffect::SendAdvert(advert) => Some(advert.source),
            _ => None,
        })
        .collect();
    assert_eq!(sources, vec![ip(OWN); 3]);
}

/// A bridge or a bond may give back what was sent.
#[test]
fn an_own_advert_that_comes_back_is_no_peer_of_equal_priority() {
    let ours = plan("a", 100);
    let mut node = master(&ours);
    for _ in 0..10 {
        node.hears(&ours, 100, OWN);
        node.pass(ms(1000));
    }
    assert_eq!(node.state("a"), State::Master);
    assert_eq!(node.counter("adverts_received"), 0);
    assert!(!node.told().iter().any(|line| line.contains("our priority")));
}

/// A timer that ran out before the state changed, and is told after it.
#[test]
fn a_timer_of_the_state_before_does_nothing() {
    let ours = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&ours));
    let stale = due(&node);
    node.now = stale;
    node.hears(&ours, 200, "10.0.0.9");
    node.told();
    node.election.handle_timeout(stale);
    assert_eq!((node.state("a"), node.told().len()), (State::Backup, 0));
    let mut node = master(&ours);
    node.now = due(&node);
    node.hears(&ours, 200, "10.0.0.9");
    node.told();
    node.election.handle_timeout(node.now);
    assert_eq!((node.state("a"), node.told().len()), (State::Backup, 0));
}

/// What floods one virtual router is counted there, and its neighbour on the interface answers as ever.
#[test]
fn a_flood_for_one_router_leaves_the_other_its_answers() {
    let flooded = plan("a", 100);
    let calm = InstancePlan {
        vrid: Vrid::try_from(52).expect("a VRID"),
        addresses: vec![virtual_address("10.0.0.101/32")],
        ..plan("b", 100)
    };
    let mut node = Node::start(&[flooded.clone(), calm.clone()]);
    node.pass(ms(4000));
    for _ in 0..10_000 {
        node.hears(&flooded, 50, "10.0.0.9");
    }
    node.effects.clear();
    node.hears(&calm, 50, "10.0.0.9");
    let answers = node.effects.iter().filter(|effect| match effect {
        ElectEffect::SendAdvert(advert) => advert.payload[1] == 52,
        _ => false,
    });
    assert_eq!(answers.count(), 1);
    node.hears(&calm, 200, "10.0.0.9");
    assert_eq!((node.state("a"), node.state("b")), (State::Master, State::Backup));
}

/// Members that pull each other along must not do so for ever: each changes once.
#[test]
fn a_group_moves_in_one_step_however_large() {
    let members: Vec<InstancePlan> = (1..=100)
        .map(|number| InstancePlan {
            vrid: Vrid::try_from(number).expect("a VRID"),
            addresses: vec![virtual_address(&format!("10.0.1.{number}/32"))],
            ..plan(&format!("i{number}"), 100)
        })
        .collect();
    let group = GroupPlan {
        name: "g".into(),
        members: members.iter().map(|member| member.name.clone()).collect(),
        track: Vec::new(),
        track_links: Vec::new(),
        hooks: Vec::new(),
        resources: Vec::new(),
    };
    let mut node = Node::start_grouped(&members, &[group]);
    node.pass(ms(4000));
    let transitions = |node: &mut Node, to: &str| {
        let told = node.told();
        told.iter().filter(|line| line.contains(to)).count()
    };
    assert_eq!(transitions(&mut node, "-> Master"), 100);
    node.hears(&members[49], 200, "10.0.0.9");
    assert_eq!(transitions(&mut node, "-> Backup"), 100);
    node.link(link(2, "eth0", false, &["10.0.0.2/24"]));
    assert_eq!(transitions(&mut node, "-> Fault"), 100);
}
