//! A process that sleeps, and what it does on waking up.

use model::effect::{ElectEffect, Listener};
use model::ids::LinkIndex;
use model::plan::{GroupPlan, InstancePlan, Preempt};
use model::transition::State;
use model::units::{Centis, Vrid};

use super::kit::*;

fn master(plan: &InstancePlan) -> Node {
    let mut node = Node::start(std::slice::from_ref(plan));
    node.pass(ms(3700));
    assert_eq!(node.state("a"), State::Master);
    node.told();
    node
}

/// Adverts left at 3.609375 s; with priority 100 the Down interval is as long, so peers wait until 7.21875 s.
#[test]
fn a_master_that_slept_past_its_peers_bound_goes_before_it_speaks() {
    let mut just = master(&plan("a", 100));
    just.stall(std::time::Duration::from_nanos(3_518_750_000));
    assert_eq!(just.told(), ["7.21875s advert 100 to 224.0.0.18"]);
    assert_eq!((just.counter("stalls"), just.counter("late_ms_max")), (0, 2609));

    let mut late = master(&plan("a", 100));
    late.stall(std::time::Duration::from_nanos(3_518_750_001));
    assert_eq!(
        late.told(),
        [
            "7.218750001s remove 10.0.0.100/32",
            "7.218750001s a: Master -> Backup: it sent nothing for 3.6s, longer than its peers wait",
        ]
    );
    assert_eq!((late.counter("stalls"), late.counter("late_ms_max")), (1, 2609));
    // Alone, it comes back.
    late.pass(ms(3610));
    assert_eq!(
        late.told()[2],
        "10.828125001s a: Backup -> Master: no Master was heard"
    );
}

#[test]
fn what_waited_in_the_socket_is_not_answered_by_a_master_that_slept() {
    let ours = InstancePlan {
        preempt: Preempt::No,
        ..plan("a", 100)
    };
    let mut node = master(&ours);
    node.now = node.now + ms(10_000);
    node.hears(&ours, 50, "10.0.0.9");
    assert_eq!(
        node.told(),
        [
            "13.7s remove 10.0.0.100/32",
            "13.7s a: Master -> Backup: it sent nothing for 10.1s, longer than its peers wait",
        ]
    );
    // Without preemption, who took over keeps it.
    for _ in 0..20 {
        node.pass(ms(1000));
        node.hears(&ours, 50, "10.0.0.9");
    }
    assert_eq!(node.told(), [""; 0]);
}

#[test]
fn a_better_router_that_took_over_meanwhile_is_heard_as_a_backup_hears_it() {
    let ours = plan("a", 100);
    let mut node = master(&ours);
    node.now = node.now + ms(10_000);
    node.hears(&ours, 200, "10.0.0.9");
    node.told();
    node.pass(ms(3700));
    assert_eq!(
        node.told()[2],
        "17.309375s a: Backup -> Master: the Master was silent for 3.6s"
    );
}

#[test]
fn a_frame_that_does_not_count_ends_no_mastership() {
    let ours = plan("a", 100);
    let mut node = master(&ours);
    node.now = node.now + ms(10_000);
    let bytes = advert_bytes(&ours, 50, "10.0.0.9", GROUP);
    node.frame(&bytes, "10.0.0.9", GROUP, Some(64));
    assert_eq!(node.state("a"), State::Master);
}

#[test]
fn an_owner_stays() {
    let mut node = Node::start(&[plan("a", 255)]);
    node.told();
    node.stall(ms(60_000));
    assert_eq!(node.told(), ["60s advert 255 to 224.0.0.18"]);
    assert_eq!(node.counter("late_ms_max"), 59_000);
}

/// The peers go by the interval that was advertised, not by the one that came with a new plan.
#[test]
fn a_shorter_interval_makes_no_stall_of_the_time_before() {
    let mut node = master(&plan("a", 100));
    node.pass(ms(800));
    node.told();
    node.plan(
        &[InstancePlan {
            advert_interval: Centis::new(1),
            ..plan("a", 100)
        }],
        &[],
    );
    node.pass(ms(10));
    assert_eq!(node.told(), ["4.51s advert 100 to 224.0.0.18"]);
    assert_eq!(node.counter("stalls"), 0);
}

#[test]
fn a_group_goes_with_its_member_and_who_is_still_believed_says_so() {
    let fast = InstancePlan {
        advert_interval: Centis::new(10),
        ..plan("a", 100)
    };
    let slow = InstancePlan {
        vrid: Vrid::try_from(52).expect("a VRID"),
        addresses: vec![virtual_address("10.0.0.101/32")],
        ..plan("b", 100)
    };
    let group = GroupPlan {
        name: "g".into(),
        members: vec!["a".into(), "b".into()],
        track: Vec::new(),
        track_links: Vec::new(),
        hooks: Vec::new(),
        resources: Vec::new(),
    };
    let mut node = Node::start_grouped(&[fast, slow], &[group]);
    node.pass(ms(4000));
    node.told();
    node.stall(ms(500));
    assert_eq!(
        node.told(),
        [
            "4.5s remove 10.0.0.100/32",
            "4.5s a: Master -> Backup: it sent nothing for 590.6ms, longer than its peers wait",
            "4.5s advert 0 to 224.0.0.18",
            "4.5s remove 10.0.0.101/32",
            "4.5s b: Master -> Backup: its group g moved",
        ]
    );
}

/// Who is better than we and is Backup all the same (nopreempt) waits less than we think and may be Master when we
/// wake up. keepalived steps back at the bound of 254 for its sake. We speak: a better Master is not moved by it and
/// answers, and nobody who is lower has begun to wait in vain.
#[test]
fn before_its_own_bound_a_master_speaks_and_yields_to_who_was_quicker() {
    let mut node = master(&plan("a", 100));
    // Between 3 s + 7.8125 ms and 3 s + 609.375 ms after its last advert.
    node.stall(std::time::Duration::from_nanos(3_200_000_000));
    assert_eq!(node.told(), ["6.9s advert 100 to 224.0.0.18"]);
    assert_eq!((node.state("a"), node.counter("stalls")), (State::Master, 0));
    node.hears(&plan("a", 100), 254, "10.0.0.9");
    assert_eq!(node.state("a"), State::Backup);
    node.hears(&plan("a", 100), 254, "10.0.0.9");
    assert!(node.told().iter().all(|line| !line.contains("advert")));
}

/// The plan was taken long before the socket was open: what a Backup did not hear until then is no silence.
#[test]
fn a_backup_begins_to_wait_when_it_begins_to_hear() {
    let mut node = Node::start(&[plan("a", 100)]);
    let listener = node.effects.iter().find_map(|effect| match effect {
        ElectEffect::Listen(listener) => Some(*listener),
        _ => None,
    });
    let listener = listener.expect("it wants to hear");
    node.told();
    node.now = node.now + ms(3000);
    node.election.handle_listening(listener, node.now);
    node.pass(ms(3600));
    assert_eq!(node.state("a"), State::Backup);
    node.pass(ms(10));
    assert_eq!(node.told()[0], "6.609375s advert 100 to 224.0.0.18");
    // A Master, and who listens elsewhere, have nothing to begin anew.
    let before = node.election.poll_timeout();
    node.election.handle_listening(listener, node.now);
    let other = Listener {
        link: LinkIndex(77),
        ..listener
    };
    node.election.handle_listening(other, node.now);
    assert_eq!(node.election.poll_timeout(), before);
}

/// More waits in the socket than one turn reads: what was not read yet may be the advert that ends the silence.
#[test]
fn a_silence_is_believed_as_far_as_was_read() {
    let ours = plan("a", 100);
    let backup = || {
        let mut node = Node::start(std::slice::from_ref(&ours));
        node.hears(&ours, 200, "10.0.0.9");
        node.now = node.now + ms(4000);
        node.election.handle_heard(ORIGIN + ms(3609));
        node
    };
    let mut behind = backup();
    // The time is over since 3.609375 s; neither the timer nor news of an interface may say so.
    behind.stall(ms(0));
    behind.eth0_has(&["10.0.0.2/24", "10.0.0.7/24"]);
    assert_eq!(behind.state("a"), State::Backup);
    let bytes = advert_bytes(&ours, 200, "10.0.0.9", GROUP);
    behind.frame_of(&bytes, "10.0.0.9", ORIGIN + ms(3600));
    behind.election.handle_heard(behind.now);
    behind.stall(ms(0));
    assert_eq!(behind.state("a"), State::Backup);
    let due = behind.election.poll_timeout().map(|(at, _)| at.since(ORIGIN));
    assert_eq!(due, Some(std::time::Duration::from_micros(7_209_375)));

    let mut alone = backup();
    alone.stall(ms(0));
    assert_eq!(alone.state("a"), State::Backup);
    alone.election.handle_heard(alone.now);
    alone.stall(ms(0));
    assert_eq!(alone.state("a"), State::Master);
}

/// A Master that has more to read than one turn reads speaks in time.
#[test]
fn what_is_unread_holds_no_advert_back() {
    let mut node = master(&plan("a", 100));
    node.election.handle_heard(node.now);
    node.pass(ms(1000));
    assert_eq!(node.told(), ["4.609375s advert 100 to 224.0.0.18"]);
}

#[test]
fn adverts_that_the_kernel_refuses_are_counted_and_change_nothing() {
    let mut node = master(&plan("a", 100));
    node.pass(ms(1000));
    let sent = node.effects.iter().rev().find_map(|effect| match effect {
        ElectEffect::SendAdvert(advert) => Some(advert.clone()),
        _ => None,
    });
    let sent = sent.expect("it speaks");
    node.election.handle_unsent(&sent);
    node.election.handle_unsent(&model::effect::SendAdvert {
        destination: ip("10.0.0.9"),
        ..sent
    });
    assert_eq!(
        (node.state("a"), node.counter("adverts_refused")),
        (State::Master, 1)
    );
}
