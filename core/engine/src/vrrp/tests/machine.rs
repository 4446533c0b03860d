//! The state machine of RFC 9568 §6.4, state by state.

use model::fact::{LinkNews, TrackerState};
use model::plan::{InstancePlan, Preempt, TrackLink, TrackTracker};
use model::transition::State;
use model::units::Centis;

use super::kit::*;

/// A Master of priority 100 after its Down interval.
fn master(plan: &InstancePlan) -> Node {
    let mut node = Node::start(std::slice::from_ref(plan));
    node.pass(ms(4000));
    assert_eq!(node.state("a"), State::Master);
    node.told();
    node
}

// holds VRRP-072, VRRP-093, VRRP-106
#[test]
fn a_start_waits_for_the_down_interval_and_then_speaks_before_it_announces() {
    let mut node = Node::start(&[plan("a", 100)]);
    assert_eq!(
        node.told(),
        ["0ns listen 2 IPv4", "0ns a: Initialize -> Backup: ready"]
    );
    node.pass(ms(4700));
    assert_eq!(
        node.told(),
        [
            "3.609375s advert 100 to 224.0.0.18",
            "3.609375s add 10.0.0.100/32",
            "3.609375s a: Backup -> Master: no Master was heard",
            "3.609375s announce 10.0.0.100",
            "4.609375s advert 100 to 224.0.0.18",
        ]
    );
}

// holds VRRP-024, VRRP-075, VRRP-090
#[test]
fn an_owner_is_master_at_once() {
    let mut node = Node::start(&[InstancePlan {
        preempt: Preempt::No,
        ..plan("a", 255)
    }]);
    assert_eq!(
        node.news(),
        [
            "0ns advert 255 to 224.0.0.18",
            "0ns add 10.0.0.100/32",
            "0ns a: Initialize -> Master: it owns the address",
            "0ns announce 10.0.0.100",
        ]
    );
}

// holds VRRP-001
#[test]
fn an_owners_real_address_is_its_source_and_is_never_taken_from_the_host() {
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["10.0.0.100/24"]));
    let owner = InstancePlan {
        addresses: vec![virtual_address("10.0.0.100/24")],
        ..plan("a", 255)
    };
    node.plan(&[owner], &[]);
    assert_eq!(node.state("a"), State::Master);
    node.told();
    node.stop();
    assert_eq!(
        node.told(),
        [
            "0ns advert 0 to 224.0.0.18",
            "0ns a: Master -> Initialize: stopped",
            "0ns unlisten 2 IPv4"
        ]
    );
}

#[test]
fn a_reload_that_ends_ownership_leaves_the_hosts_address() {
    let with = |number, net| InstancePlan {
        addresses: vec![virtual_address(net)],
        ..plan("a", number)
    };
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["10.0.0.2/24", "10.0.0.100/24"]));
    node.plan(&[with(255, "10.0.0.100/24")], &[]);
    node.told();
    node.plan(&[with(100, "10.0.0.5/24")], &[]);
    let told = node.told();
    assert!(!told.iter().any(|line| line.contains("remove")), "{told:?}");
}

// holds VRRP-130, VRRP-137
#[test]
fn a_stop_says_goodbye_before_the_addresses_go() {
    let mut node = master(&plan("a", 100));
    node.stop();
    assert_eq!(
        node.told(),
        [
            "4s advert 0 to 224.0.0.18",
            "4s remove 10.0.0.100/32",
            "4s a: Master -> Initialize: stopped",
            "4s unlisten 2 IPv4",
        ]
    );
    assert_eq!(node.election.poll_timeout(), None);
}

// holds VRRP-026, VRRP-105
#[test]
fn a_backup_stops_without_a_word() {
    let mut node = Node::start(&[plan("a", 100)]);
    node.told();
    node.stop();
    assert_eq!(
        node.told(),
        ["0ns a: Backup -> Initialize: stopped", "0ns unlisten 2 IPv4"]
    );
}

/// The table of (state × input): state after, and whether an advert is sent at once.
// holds VRRP-059, VRRP-132, VRRP-133, VRRP-134, VRRP-135, VRRP-210
#[test]
fn each_state_with_each_advert() {
    use State::{Backup, Fault, Master};
    let v3 = || plan("a", 100);
    for (from, plan, number, source, to, answers) in [
        (Backup, v3(), 0, "10.0.0.9", Backup, 0),
        (Backup, v3(), 99, "10.0.0.9", Backup, 0),
        (Backup, v3(), 100, "10.0.0.1", Backup, 0),
        (Backup, v3(), 101, "10.0.0.1", Backup, 0),
        (Master, v3(), 0, "10.0.0.9", Master, 1),
        (Master, v3(), 99, "10.0.0.9", Master, 1),
        (Master, v3(), 100, "10.0.0.1", Master, 1),
        (Master, v3(), 100, "10.0.0.9", Backup, 0),
        (Master, v3(), 100, "10.0.0.10", Backup, 0),
        (Master, v3(), 100, "200.0.0.1", Backup, 0),
        (Master, v3(), 101, "10.0.0.1", Backup, 0),
        // VRRP-134: preemption is not asked about in Master.
        (
            Master,
            InstancePlan {
                preempt: Preempt::No,
                ..v3()
            },
            101,
            "10.0.0.1",
            Backup,
            0,
        ),
        (
            Master,
            InstancePlan {
                answer_lower: false,
                ..v3()
            },
            99,
            "10.0.0.1",
            Master,
            0,
        ),
        // VRRP-210: version 2 only discards.
        (Master, v2("a", 100), 99, "10.0.0.9", Master, 0),
        (Master, v2("a", 100), 0, "10.0.0.9", Master, 1),
        (Master, v2("a", 100), 100, "10.0.0.9", Backup, 0),
        (Fault, v3(), 0, "10.0.0.9", Fault, 0),
        (Fault, v3(), 255, "10.0.0.9", Fault, 0),
    ] {
        let mut node = match from {
            Master => master(&plan),
            Backup => Node::start(std::slice::from_ref(&plan)),
            Fault => Node::start(&[InstancePlan {
                track_links: vec![TrackLink {
                    interface: "eth9".into(),
                    weight: 0,
                    reverse: false,
                }],
                ..plan.clone()
            }]),
            State::Initialize => Node::bare(),
        };
        assert_eq!(node.state("a"), from);
        node.told();
        node.hears(&plan, number, source);
        let sent = node.told().iter().filter(|line| line.contains("advert")).count();
        assert_eq!(
            (node.state("a"), sent),
            (to, answers),
            "{from} hears {number} from {source}"
        );
    }
}

// holds VRRP-131
#[test]
fn adverts_follow_each_other_without_drift_and_without_a_burst_after_a_stall() {
    let mut node = master(&plan("a", 100));
    node.stall(ms(2900));
    assert_eq!(node.told(), ["6.9s advert 100 to 224.0.0.18"]);
    node.pass(ms(2000));
    assert_eq!(
        node.told(),
        ["7.9s advert 100 to 224.0.0.18", "8.9s advert 100 to 224.0.0.18"]
    );
    let mut late = master(&plan("a", 100));
    late.stall(ms(700));
    late.pass(ms(1000));
    assert_eq!(
        late.told(),
        [
            "4.7s advert 100 to 224.0.0.18",
            "5.609375s advert 100 to 224.0.0.18"
        ]
    );
}

// holds VRRP-135
#[test]
fn the_answer_to_a_lower_advert_leaves_the_rhythm_alone() {
    let plan = plan("a", 100);
    let mut node = master(&plan);
    node.hears(&plan, 50, "10.0.0.9");
    node.pass(ms(1000));
    let adverts: Vec<_> = node
        .told()
        .into_iter()
        .filter(|line| line.contains("advert"))
        .collect();
    assert_eq!(
        adverts,
        [
            "4s advert 100 to 224.0.0.18",
            "4.609375s advert 100 to 224.0.0.18"
        ]
    );
}

// holds VRRP-136
#[test]
fn a_flood_of_lower_adverts_draws_few_answers_and_keeps_the_rhythm() {
    let plan = plan("a", 100);
    let mut node = master(&plan);
    for _ in 0..10_000 {
        node.hears(&plan, 50, "10.0.0.9");
        node.pass(std::time::Duration::from_micros(1000));
    }
    let told = node.told();
    let adverts = told.iter().filter(|line| line.contains("advert")).count();
    assert!((20..=25).contains(&adverts), "{adverts} adverts in ten seconds");
    for n in 4..14 {
        let regular = format!("{n}.609375s advert 100 to 224.0.0.18");
        assert!(told.contains(&regular), "{regular}");
    }
}

// holds VRRP-107
#[test]
fn priority_zero_costs_the_skew_only() {
    let plan = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&plan));
    node.hears(&plan, 200, "10.0.0.9");
    node.pass(ms(1000));
    node.hears(&plan, 0, "10.0.0.9");
    node.told();
    node.pass(ms(700));
    let told = node.told();
    assert_eq!(
        told[2],
        "1.609375s a: Backup -> Master: 10.0.0.9 left (priority 0)"
    );
}

// holds VRRP-109
#[test]
fn lower_adverts_do_not_delay_the_takeover_by_a_nanosecond() {
    let plan = plan("a", 100);
    let mut node = Node::start(std::slice::from_ref(&plan));
    node.told();
    for _ in 0..37 {
        node.hears(&plan, 50, "10.0.0.9");
        node.pass(ms(100));
    }
    let told = node.told();
    assert_eq!(
        told[2],
        "3.609375s a: Backup -> Master: preempts 10.0.0.9, whose priority is 50"
    );
}

#[test]
fn without_preemption_a_lower_master_stays_until_it_is_silent() {
    let plan = InstancePlan {
        preempt: Preempt::No,
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&plan));
    node.told();
    for _ in 0..20 {
        node.pass(ms(1000));
        node.hears(&plan, 50, "10.0.0.9");
    }
    assert_eq!(node.told(), [""; 0]);
    node.pass(ms(4000));
    assert_eq!(
        node.told()[2],
        "23.609375s a: Backup -> Master: the Master was silent for 3.6s"
    );
}

#[test]
fn a_delayed_preemption_begins_with_the_first_lower_advert() {
    let plan = InstancePlan {
        preempt: Preempt::After(ms(10_000)),
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&plan));
    node.pass(ms(500));
    node.told();
    for _ in 0..14 {
        node.hears(&plan, 50, "10.0.0.9");
        node.pass(ms(1000));
    }
    // Heard first at 0.5 s; the last advert that counted came at 9.5 s.
    assert_eq!(
        node.told()[2],
        "13.109375s a: Backup -> Master: preempts 10.0.0.9, whose priority is 50"
    );
}

#[test]
fn a_delayed_preemption_starts_over_when_a_better_master_was_heard_and_never_protects_the_dead() {
    let plan = InstancePlan {
        preempt: Preempt::After(ms(10_000)),
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&plan));
    node.told();
    for number in [50, 50, 50, 50, 50, 50, 50, 50, 200, 50, 50, 50] {
        node.hears(&plan, number, "10.0.0.9");
        node.pass(ms(1000));
    }
    assert_eq!(node.told(), [""; 0]);
    node.pass(ms(3000));
    assert_eq!(
        node.told()[2],
        "14.609375s a: Backup -> Master: the Master was silent for 3.6s"
    );
}

// holds VRRP-073, VRRP-078
#[test]
fn the_interval_of_the_master_is_learned_and_not_used_for_our_own_adverts() {
    let ours = plan("a", 100);
    let theirs = InstancePlan {
        advert_interval: Centis::new(500),
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.hears(&theirs, 200, "10.0.0.9");
    // Neither a lower advert nor a farewell teaches an interval.
    node.hears(
        &InstancePlan {
            advert_interval: Centis::new(10),
            ..plan("a", 100)
        },
        50,
        "10.0.0.9",
    );
    node.told();
    node.pass(ms(20_000));
    let told = node.told();
    // 3 × 5 s and a skew of 156/256 × 5 s.
    assert_eq!(told[0], "18.046875s advert 100 to 224.0.0.18");
    assert_eq!(told[4], "19.046875s advert 100 to 224.0.0.18");
}

// holds VRRP-079
#[test]
fn a_moved_priority_moves_the_running_down_timer() {
    let tracked = TrackTracker {
        tracker: "t".into(),
        weight: 100,
        reverse: false,
    };
    let plan = InstancePlan {
        track: vec![tracked],
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&plan));
    node.hears(&plan, 254, "10.0.0.9");
    node.pass(ms(1000));
    node.tracker("t", TrackerState::Good);
    let down = 3_000_000_000 + 56 * 1_000_000_000 / 256;
    assert_eq!(
        node.election
            .poll_timeout()
            .map(|(at, _)| at.since(ORIGIN).as_nanos()),
        Some(down)
    );
    node.tracker("t", TrackerState::Failed);
    let down = 3_000_000_000 + 156 * 1_000_000_000 / 256;
    assert_eq!(
        node.election
            .poll_timeout()
            .map(|(at, _)| at.since(ORIGIN).as_nanos()),
        Some(down)
    );
}

/// Trap: a raised priority may put the Down deadline into the past. It is then due now, and nothing underflows.
// holds VRRP-079
#[test]
fn priority_change_while_backup_making_the_down_deadline_lie_in_the_past() {
    let tracked = TrackTracker {
        tracker: "t".into(),
        weight: 150,
        reverse: false,
    };
    let plan = InstancePlan {
        track: vec![tracked],
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&plan));
    node.pass(ms(3400));
    node.told();
    node.tracker("t", TrackerState::Good);
    node.pass(ms(1));
    assert_eq!(
        node.told()[..2],
        ["3.4s a: priority 100 -> 250", "3.4s advert 250 to 224.0.0.18"]
    );
}

/// Trap: a template that is not made anew after a change of priority.
#[test]
fn a_moved_priority_is_in_the_next_advert() {
    let tracked = TrackTracker {
        tracker: "t".into(),
        weight: -30,
        reverse: false,
    };
    let plan = InstancePlan {
        track: vec![tracked],
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&plan));
    node.pass(ms(4000));
    node.told();
    node.tracker("t", TrackerState::Failed);
    node.pass(ms(1000));
    assert_eq!(
        node.told(),
        ["4s a: priority 100 -> 70", "4.609375s advert 70 to 224.0.0.18"]
    );
}

// holds VRRP-094
#[test]
fn a_link_that_goes_down_is_a_fault_and_its_return_a_new_beginning() {
    let mut node = master(&plan("a", 100));
    node.link(link(2, "eth0", false, &["10.0.0.2/24", "10.0.0.100/32"]));
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    assert_eq!(
        node.told(),
        [
            "4s unlisten 2 IPv4",
            "4s remove 10.0.0.100/32",
            "4s a: Master -> Fault: interface eth0 is down",
            "4s listen 2 IPv4",
            "4s a: Fault -> Backup: ready",
        ]
    );
}

/// Trap: sockets bound to the index that a device had before it was made anew.
#[test]
fn a_device_made_anew_is_joined_anew() {
    let mut node = Node::start(&[plan("a", 100)]);
    node.told();
    node.election.handle_link(LinkNews::Gone(ETH0), node.now);
    node.links.clear();
    node.link(link(7, "eth0", true, &["10.0.0.2/24"]));
    assert_eq!(
        node.told(),
        [
            "0ns unlisten 2 IPv4",
            "0ns a: Backup -> Fault: interface eth0 does not exist",
            "0ns listen 7 IPv4",
            "0ns a: Fault -> Backup: ready",
        ]
    );
}

#[test]
fn faults_are_a_set_and_all_must_go() {
    let plan = InstancePlan {
        track: vec![TrackTracker {
            tracker: "t".into(),
            weight: 0,
            reverse: false,
        }],
        track_links: vec![TrackLink {
            interface: "eth1".into(),
            weight: 0,
            reverse: false,
        }],
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&plan));
    assert_eq!(
        node.news(),
        ["0ns a: Initialize -> Fault: interface eth1 does not exist; tracker t has not answered yet"]
    );
    node.link(link(3, "eth1", true, &[]));
    assert_eq!(node.state("a"), State::Fault);
    node.tracker("t", TrackerState::Good);
    assert_eq!(node.news(), ["0ns a: Fault -> Backup: ready"]);
    node.tracker("t", TrackerState::Failed);
    assert_eq!(node.news(), ["0ns a: Backup -> Fault: tracker t failed"]);
}

#[test]
fn a_start_waits_for_its_trackers_in_initialize() {
    let tracked = TrackTracker {
        tracker: "t".into(),
        weight: 0,
        reverse: false,
    };
    let mut node = Node::start(&[InstancePlan {
        track: vec![tracked],
        ..plan("a", 100)
    }]);
    assert_eq!(node.state("a"), State::Initialize);
    node.tracker("t", TrackerState::Good);
    assert_eq!(node.news(), ["0ns a: Initialize -> Backup: ready"]);
}

// holds VRRP-025
#[test]
fn weights_of_links_and_trackers_add_up_inside_the_range() {
    for (weight, up, want) in [
        (50, true, 150),
        (50, false, 100),
        (-50, true, 100),
        (-50, false, 50),
    ] {
        let plan = InstancePlan {
            track_links: vec![TrackLink {
                interface: "eth1".into(),
                weight,
                reverse: false,
            }],
            ..plan("a", 100)
        };
        let mut node = Node::start(&[plan]);
        node.link(link(3, "eth1", up, &[]));
        let (instances, _) = node.election.status(node.now);
        assert_eq!(
            (instances[0].priority, instances[0].base_priority),
            (want, 100),
            "{weight} {up}"
        );
    }
}

// holds VRRP-001, VRRP-094
#[test]
fn no_source_is_a_fault_and_a_virtual_address_is_no_source() {
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["10.0.0.100/32", "fe80::1/64"]));
    node.plan(&[plan("a", 100)], &[]);
    let told = node.news();
    assert_eq!(told[0], "0ns remove 10.0.0.100/32");
    assert_eq!(
        told[1],
        "0ns a: Initialize -> Fault: interface eth0 has no address to send from"
    );
}
