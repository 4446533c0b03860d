//! Which adverts count, and which reason each other one is counted under.

use model::fact::{Envelope, Frame, LinkNews};
use model::ids::LinkIndex;
use model::net::Family;
use model::plan::{Auth, ChecksumForm, Hops, InstancePlan, Peer, Transport};
use model::transition::State;
use model::units::Centis;

use super::kit::*;

/// Every reason: exactly its own counter moves, and nothing else.
// holds VRRP-005, VRRP-011, VRRP-022, VRRP-028, VRRP-037, VRRP-038, VRRP-043, VRRP-050, VRRP-053, VRRP-058, VRRP-060
#[test]
fn each_bad_frame_moves_exactly_one_counter() {
    let ours = plan("a", 100);
    let good = advert_bytes(&ours, 200, "10.0.0.9", GROUP);
    let edit = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    let old = advert_bytes(&v2("a", 100), 200, "10.0.0.9", GROUP);
    for (bytes, source, destination, hop_limit, counter) in [
        (good.clone(), "10.0.0.9", GROUP, Some(254), "dropped_hop_limit"),
        (good.clone(), "10.0.0.9", GROUP, Some(0), "dropped_hop_limit"),
        (good.clone(), "10.0.0.9", GROUP, None, "dropped_hop_limit"),
        (good.clone(), "10.0.0.9", OWN, Some(255), "dropped_transport"),
        (good.clone(), OWN, GROUP, Some(255), "dropped_own_address"),
        (old, "10.0.0.9", GROUP, Some(255), "dropped_other_version"),
        (
            good[..7].to_vec(),
            "10.0.0.9",
            GROUP,
            Some(255),
            "dropped_too_short",
        ),
        (
            [&good[..], &[0]].concat(),
            "10.0.0.9",
            GROUP,
            Some(255),
            "dropped_too_long",
        ),
        (edit(0, 0x32), "10.0.0.9", GROUP, Some(255), "dropped_type"),
        (edit(0, 0x41), "10.0.0.9", GROUP, Some(255), "dropped_version"),
        (edit(3, 0), "10.0.0.9", GROUP, Some(255), "dropped_no_addresses"),
        (edit(2, 201), "10.0.0.9", GROUP, Some(255), "dropped_checksum"),
    ] {
        let mut node = Node::start(std::slice::from_ref(&ours));
        let before = node.election.poll_timeout();
        node.told();
        node.frame(&bytes, source, destination, hop_limit);
        let (instances, _) = node.election.status(node.now);
        let moved: Vec<_> = instances[0]
            .counters
            .iter()
            .filter(|(_, count)| **count > 0)
            .collect();
        assert_eq!(moved, [(&counter.to_owned(), &1)]);
        assert_eq!(node.election.poll_timeout(), before, "{counter}");
        assert!(
            node.told().iter().all(|line| line.contains("notice")),
            "{counter}"
        );
    }
}

// holds VRRP-051
#[test]
fn other_links_and_other_vrids_are_strangers() {
    let ours = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&ours));
    let mut payload = advert_bytes(&ours, 200, "10.0.0.9", GROUP);
    let send = |node: &mut Node, link, payload: &[u8]| {
        let (source, destination) = (ip("10.0.0.9"), ip(GROUP));
        let received = node.now;
        let frame = Frame {
            envelope: Envelope::Bare,
            link,
            source,
            destination,
            hop_limit: Some(255),
            payload,
            received,
        };
        node.election.handle_frame(frame, received);
    };
    send(&mut node, LinkIndex(3), &payload);
    payload[1] = 52;
    send(&mut node, ETH0, &payload);
    send(&mut node, ETH0, &[]);
    assert_eq!(
        (node.election.strangers(), node.counter("adverts_received")),
        (3, 0)
    );
}

// holds VRRP-044, VRRP-214
#[test]
fn both_forms_of_the_checksum_count_and_are_counted() {
    let ours = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.hears(&ours, 200, "10.0.0.9");
    node.hears(
        &InstancePlan {
            checksum: ChecksumForm::PseudoHeader,
            ..ours.clone()
        },
        200,
        "10.0.0.9",
    );
    assert_eq!(node.counter("checksum_message_only"), 1);
    assert_eq!(node.counter("checksum_pseudo_header"), 1);
    assert_eq!(node.counter("adverts_received"), 2);
}

// holds VRRP-056, VRRP-057
#[test]
fn version_3_hears_another_interval_and_another_list_and_says_so_once() {
    let ours = plan("a", 100);
    let theirs = InstancePlan {
        advert_interval: Centis::new(200),
        addresses: vec![virtual_address("10.0.0.101/32")],
        ..ours.clone()
    };
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.told();
    for _ in 0..100 {
        node.hears(&theirs, 200, "10.0.0.9");
        node.pass(ms(1000));
    }
    assert_eq!(node.state("a"), State::Backup);
    assert_eq!(
        node.told(),
        [
            "0ns notice: 10.0.0.9 advertises every 2s, we every 1s; set both the same",
            "0ns notice: 10.0.0.9 advertises other virtual addresses than ours; set both the same",
            "60s notice: 10.0.0.9 advertises every 2s, we every 1s; set both the same (and 59 more)",
            "60s notice: 10.0.0.9 advertises other virtual addresses than ours; set both the same (and 59 more)",
        ]
    );
}

// holds VRRP-206, VRRP-207, VRRP-209, VRRP-222
#[test]
fn version_2_drops_another_interval_another_password_and_everything_at_the_owner() {
    let pass = |text: &[u8; 8]| InstancePlan {
        auth: Auth::Pass(*text),
        ..v2("a", 100)
    };
    let slow = InstancePlan {
        advert_interval: Centis::new(200),
        ..v2("a", 100)
    };
    for (ours, theirs, counter) in [
        (v2("a", 100), slow, "dropped_interval_mismatch"),
        (v2("a", 100), pass(b"secret\0\0"), "dropped_auth_mismatch"),
        (pass(b"secret\0\0"), v2("a", 100), "dropped_auth_mismatch"),
        (pass(b"secret\0\0"), pass(b"Secret\0\0"), "dropped_auth_failure"),
        (v2("a", 255), v2("a", 255), "dropped_owner"),
        (pass(b"secret\0\0"), pass(b"secret\0\0"), "adverts_received"),
    ] {
        let mut node = Node::start(&[ours]);
        node.hears(&theirs, 255, "10.0.0.9");
        assert_eq!(node.counter(counter), 1, "{counter}");
    }
}

/// The owner speaks from the virtual address itself, which whoever stands in for it has meanwhile.
#[test]
fn an_owner_is_heard_by_who_carries_its_address() {
    let ours = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.pass(ms(3700));
    assert_eq!(node.state("a"), State::Master);
    node.eth0_has(&["10.0.0.2/24", "10.0.0.100/32"]);
    node.hears(&ours, 255, "10.0.0.100");
    assert_eq!(node.state("a"), State::Backup);
    // Not so who owns it: this is its own advert, come back.
    let owner = plan("a", 255);
    let mut node = Node::start(std::slice::from_ref(&owner));
    node.eth0_has(&["10.0.0.2/24", "10.0.0.100/32"]);
    node.hears(&owner, 255, "10.0.0.100");
    assert_eq!(
        (node.state("a"), node.counter("dropped_own_address")),
        (State::Master, 1)
    );
}

/// Erratum 8298: an owner verifies, tells, and goes on; the address decides.
// holds VRRP-052, VRRP-156
#[test]
fn two_owners_lower_address_yields() {
    let ours = plan("a", 255);
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.told();
    node.hears(&ours, 255, "10.0.0.1");
    assert_eq!(node.state("a"), State::Master);
    assert_eq!(
        node.told()[0],
        "0ns notice: 10.0.0.1 has priority 255 as well; only one router can own an address"
    );
    node.hears(&ours, 255, "10.0.0.9");
    assert_eq!(node.state("a"), State::Backup);
}

// holds VRRP-245, VRRP-246
#[test]
fn unicast_hears_its_peers_from_any_distance_and_nobody_else() {
    let ours = InstancePlan {
        transport: unicast(&["10.0.0.9", "10.9.9.9"], 64),
        checksum: ChecksumForm::PseudoHeader,
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&ours));
    for (source, destination, counter) in [
        ("10.9.9.9", OWN, "adverts_received"),
        ("10.0.0.8", OWN, "dropped_not_a_peer"),
        ("10.0.0.9", GROUP, "dropped_transport"),
    ] {
        let bytes = advert_bytes(&ours, 200, source, destination);
        node.frame(&bytes, source, destination, Some(61));
        assert_eq!(node.counter(counter), 1, "{counter}");
    }
    node.told();
    node.pass(ms(4000));
    let told = node.told();
    assert_eq!(told[0], "3.609375s advert 100 to 10.0.0.9");
    assert_eq!(told[1], "3.609375s advert 100 to 10.9.9.9");
}

// holds VRRP-008, VRRP-015
#[test]
fn the_two_families_of_one_vrid_are_two_routers() {
    let v6 = InstancePlan {
        family: Family::V6,
        transport: Transport::Multicast(ip("ff02::12")),
        addresses: vec![
            virtual_address("fe80::100/64"),
            virtual_address("2001:db8::100/64"),
        ],
        ..plan("b", 100)
    };
    let mut node = Node::bare();
    node.link(link(
        2,
        "eth0",
        true,
        &["2001:db8::2/64", "10.0.0.2/24", "fe80::2/64"],
    ));
    node.plan(&[plan("a", 100), v6.clone()], &[]);
    node.pass(ms(3000));
    let bytes = advert_bytes(&v6, 200, "fe80::9", "ff02::12");
    node.frame(&bytes, "fe80::9", "ff02::12", Some(255));
    node.pass(ms(1000));
    assert_eq!((node.state("a"), node.state("b")), (State::Master, State::Backup));
    node.told();
    node.election.handle_link(LinkNews::Gone(LinkIndex(77)), node.now);
    node.pass(ms(3000));
    let sent = node
        .told()
        .into_iter()
        .find(|line| line.contains("ff02::12"))
        .expect("an advert");
    assert_eq!(sent, "6.609375s advert 100 to ff02::12");
}

/// Trap: the Down timer is judged by when the kernel had an advert, not by when we came to read it.
#[test]
fn a_stalled_backup_that_reads_its_socket_first_does_not_take_over() {
    let ours = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&ours));
    let payload = advert_bytes(&ours, 200, "10.0.0.9", GROUP);
    for second in 1..=10 {
        let frame = Frame {
            envelope: Envelope::Bare,
            link: ETH0,
            source: ip("10.0.0.9"),
            destination: ip(GROUP),
            hop_limit: Some(255),
            payload: &payload,
            received: ORIGIN + ms(second * 1000),
        };
        node.election.handle_frame(frame, ORIGIN + ms(10_500));
    }
    node.now = ORIGIN + ms(10_500);
    node.stall(ms(0));
    assert_eq!(node.state("a"), State::Backup);
    node.told();
    node.pass(ms(4000));
    assert_eq!(node.told()[0], "13.609375s advert 100 to 224.0.0.18");
}

/// TTL security: from the link itself 255 or nothing, from beyond a router what the operator says.
// holds VRRP-244
#[test]
fn unicast_asks_of_each_peer_the_hop_limit_that_it_is_to_arrive_with() {
    let with = |hops: [Hops; 2]| {
        let peers = [("10.0.0.9", hops[0]), ("10.9.9.9", hops[1])];
        let peers = peers.map(|(address, hops)| Peer {
            address: ip(address),
            hops,
        });
        InstancePlan {
            transport: Transport::Unicast {
                peers: peers.to_vec(),
                hop_limit: 255,
                strangers: false,
                old_checksum: None,
            },
            ..plan("a", 100)
        }
    };
    let near = [Hops::Near; 2];
    let bounds = [Hops::Between(254, 255), Hops::Between(0, 64)];
    for (hops, source, hop_limit, counts) in [
        (near, "10.0.0.9", Some(255), true),
        (near, "10.0.0.9", Some(254), false),
        (near, "10.0.0.9", None, false),
        (near, "10.9.9.9", Some(64), true),
        (near, "10.9.9.9", None, true),
        (bounds, "10.0.0.9", Some(255), true),
        (bounds, "10.0.0.9", Some(254), true),
        (bounds, "10.0.0.9", Some(253), false),
        (bounds, "10.9.9.9", Some(64), true),
        (bounds, "10.9.9.9", Some(65), false),
        (bounds, "10.9.9.9", None, false),
        ([Hops::Any; 2], "10.0.0.9", None, true),
    ] {
        let ours = with(hops);
        let mut node = Node::start(std::slice::from_ref(&ours));
        let bytes = advert_bytes(&ours, 200, source, OWN);
        node.frame(&bytes, source, OWN, hop_limit);
        let wanted = if counts { (1, 0) } else { (0, 1) };
        assert_eq!(
            (
                node.counter("adverts_received"),
                node.counter("dropped_hop_limit")
            ),
            wanted,
            "{hops:?} {source} {hop_limit:?}"
        );
    }
}

/// KA-080: keepalived hears whoever speaks to it, unless it is told not to.
#[test]
fn strangers_are_heard_where_that_is_asked_for_and_told_of() {
    let Transport::Unicast { peers, .. } = unicast(&["10.0.0.9"], 255) else {
        panic!("unicast");
    };
    let open = InstancePlan {
        transport: Transport::Unicast {
            peers,
            hop_limit: 255,
            strangers: true,
            old_checksum: None,
        },
        ..plan("open", 100)
    };
    let closed = InstancePlan {
        transport: unicast(&["10.0.0.7"], 255),
        ..plan("closed", 100)
    };
    let mut node = Node::start(&[open.clone(), closed]);
    node.told();
    for source in ["10.0.0.8", "10.0.0.7", "10.0.0.9"] {
        let bytes = advert_bytes(&open, 200, source, OWN);
        node.frame(&bytes, source, OWN, Some(64));
    }
    let (instances, _) = node.election.status(node.now);
    let heard: Vec<_> = instances
        .iter()
        .map(|one| one.counters["adverts_received"])
        .collect();
    assert_eq!(heard, [2, 1], "a peer of one is no stranger to the other");
    assert_eq!(node.counter("from_no_peer"), 1);
    assert_eq!(
        node.told(),
        [
            "0ns notice: 10.0.0.8 is no peer, and its adverts count; name it as a peer, or write check_unicast_src \
          to hear peers alone"
        ]
    );
}

/// KA-080: unicast with nobody to speak to is no multicast.
#[test]
fn without_peers_unicast_is_a_fault() {
    let ours = InstancePlan {
        transport: unicast(&[], 255),
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.pass(ms(10_000));
    assert_eq!(node.state("a"), State::Fault);
    node.plan(
        &[InstancePlan {
            transport: unicast(&["10.0.0.9"], 255),
            ..ours
        }],
        &[],
    );
    node.pass(ms(10_000));
    assert_eq!(node.state("a"), State::Master);
}

/// KA-004: accepted where it may come, never sent.
#[test]
fn the_old_unicast_checksum_is_heard_and_not_spoken() {
    let Transport::Unicast {
        peers,
        hop_limit,
        strangers,
        ..
    } = unicast(&["10.0.0.9"], 255)
    else {
        panic!("unicast");
    };
    let with = |old_checksum| InstancePlan {
        transport: Transport::Unicast {
            peers: peers.clone(),
            hop_limit,
            strangers,
            old_checksum,
        },
        checksum: ChecksumForm::PseudoHeader,
        ..plan("a", 100)
    };
    for (old_checksum, counter) in [
        (Some(ip(GROUP)), "checksum_pseudo_header"),
        (None, "dropped_checksum"),
    ] {
        let ours = with(old_checksum);
        let mut node = Node::start(std::slice::from_ref(&ours));
        let old = advert_bytes(&ours, 200, "10.0.0.9", GROUP);
        node.frame(&old, "10.0.0.9", OWN, Some(255));
        assert_eq!(node.counter(counter), 1, "{counter}");
        node.pass(ms(10_000));
        let right = advert_bytes(&ours, 100, OWN, "10.0.0.9");
        let sent = node.effects.iter().rev().find_map(|effect| match effect {
            model::effect::ElectEffect::SendAdvert(advert) => Some(advert.payload.to_vec()),
            _ => None,
        });
        assert_eq!(sent, Some(right));
    }
}
