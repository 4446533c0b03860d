//! What an election costs while nothing happens: no memory, however long.

use allocation_counter::measure;
use model::effect::{ElectEffect, SendAdvert};
use model::fact::{Envelope, Frame};
use model::ids::LinkIndex;
use model::plan::{Freshness, GroupPlan, HmacMode, InstancePlan};
use model::time::WallTime;
use model::units::Vrid;

use super::kit::*;
use super::proof::{packet, with_trailer_of};

/// Three virtual routers, two of them in a group.
fn routers(number: u64) -> (Vec<InstancePlan>, Vec<GroupPlan>) {
    let one = |k: u64| InstancePlan {
        vrid: Vrid::try_from(k).expect("a VRID"),
        addresses: vec![virtual_address(&format!("10.0.0.{}/32", 100 + k))],
        ..plan(&format!("i{k}"), number)
    };
    let group = GroupPlan {
        name: "g".into(),
        members: vec!["i1".into(), "i2".into()],
        track: Vec::new(),
        track_links: Vec::new(),
        hooks: Vec::new(),
        resources: Vec::new(),
    };
    ((1..=3).map(one).collect(), vec![group])
}

/// Wakes as the daemon does, `turns` times.
fn wake(node: &mut Node, turns: usize) -> usize {
    let mut adverts = 0;
    for _ in 0..turns {
        let (at, _) = node.election.poll_timeout().expect("a timer");
        node.now = node.now.max(at);
        node.election.handle_timeout(node.now);
        while node.election.poll_effect().is_some() {
            adverts += 1;
        }
    }
    adverts
}

#[test]
fn adverts_of_a_master_allocate_nothing() {
    let (plans, groups) = routers(100);
    let mut node = Node::start_grouped(&plans, &groups);
    node.pass(ms(10_000));
    let mut adverts = 0;
    let used = measure(|| adverts = wake(&mut node, 1000));
    assert_eq!((adverts, used.count_total), (3000, 0));
}

/// Each announcement has its addresses, routes and rules looked at.
#[test]
fn announcements_of_a_master_with_routes_allocate_nothing() {
    let (mut plans, groups) = routers(100);
    for plan in &mut plans {
        plan.announcement.refresh = ms(500);
        plan.routes = vec![route(plan.vrid.get().into())];
        plan.rules = vec![rule(plan.vrid.get().into())];
    }
    let mut node = Node::start_grouped(&plans, &groups);
    node.pass(ms(10_000));
    let mut effects = 0;
    let used = measure(|| effects = wake(&mut node, 1000));
    assert!(effects >= 3000, "{effects}");
    assert_eq!(used.count_total, 0);
}

/// The same where each advert proves who sent it, and when.
#[test]
fn sealed_adverts_allocate_nothing() {
    let (plans, groups) = routers(100);
    let sealed = |plan: InstancePlan| with_trailer_of(plan, HmacMode::Enforce, Freshness::Monotonic);
    let plans: Vec<_> = plans.into_iter().map(sealed).collect();
    let mut master = Node::start_grouped(&plans, &groups);
    // Sequences follow the clock, and one that shows its first moment stands still.
    master.election.handle_wall(WallTime::from_nanos(1 << 60));
    master.pass(ms(10_000));
    let mut adverts = 0;
    let used = measure(|| adverts = wake(&mut master, 1000));
    assert_eq!((adverts, used.count_total), (3000, 0));

    master.effects.clear();
    master.pass(ms(10_000));
    let sent = master.effects.iter().filter_map(|effect| match effect {
        ElectEffect::SendAdvert(advert) => Some(advert.clone()),
        _ => None,
    });
    let source = ip("10.0.0.9");
    let packets: Vec<_> = sent
        .map(|advert| packet(&SendAdvert { source, ..advert }).0)
        .collect();
    let mut backup = Node::start_grouped(&plans, &groups);
    let mut hear = |packets: &[Vec<u8>]| {
        for payload in packets {
            let frame = Frame {
                envelope: Envelope::Bare,
                link: ETH0,
                source,
                destination: ip(GROUP),
                hop_limit: Some(255),
                payload,
                received: backup.now,
            };
            backup.election.handle_frame(frame, backup.now);
            while backup.election.poll_effect().is_some() {}
        }
    };
    // Some of the first are told of.
    hear(&packets[..6]);
    assert_eq!(measure(|| hear(&packets[6..])).count_total, 0);
    assert_eq!(backup.counter("adverts_received"), 30);
}

#[test]
fn adverts_that_a_backup_hears_allocate_nothing() {
    let (plans, groups) = routers(100);
    let mut node = Node::start_grouped(&plans, &groups);
    let adverts: Vec<_> = plans
        .iter()
        .map(|plan| advert_bytes(plan, 200, "10.0.0.9", GROUP))
        .collect();
    let (source, destination) = (ip("10.0.0.9"), ip(GROUP));
    let mut hear = |rounds: u32| {
        for _ in 0..rounds {
            node.now = node.now + ms(1000);
            for payload in &adverts {
                let frame = Frame {
                    envelope: Envelope::Bare,
                    link: ETH0,
                    source,
                    destination,
                    hop_limit: Some(255),
                    payload,
                    received: node.now,
                };
                node.election.handle_frame(frame, node.now);
            }
            assert!(node.election.poll_timeout().is_some());
            assert!(node.election.poll_effect().is_none());
        }
    };
    hear(2);
    assert_eq!(measure(|| hear(1000)).count_total, 0);
}

/// What is not for us costs nothing either, at whatever rate it comes.
#[test]
fn strangers_and_bad_frames_allocate_nothing_once_they_were_told() {
    let (plans, groups) = routers(100);
    let mut node = Node::start_grouped(&plans, &groups);
    let mut bad = advert_bytes(&plans[0], 200, "10.0.0.9", GROUP);
    bad[7] ^= 1;
    let (source, destination, received) = (ip("10.0.0.9"), ip(GROUP), node.now);
    let mut hear = |link: LinkIndex| {
        let frame = Frame {
            envelope: Envelope::Bare,
            link,
            source,
            destination,
            hop_limit: Some(255),
            payload: &bad,
            received,
        };
        node.election.handle_frame(frame, received);
        while node.election.poll_effect().is_some() {}
    };
    hear(ETH0);
    let flood = || {
        for _ in 0..1000 {
            hear(ETH0);
            hear(LinkIndex(77));
        }
    };
    assert_eq!(measure(flood).count_total, 0);
}
