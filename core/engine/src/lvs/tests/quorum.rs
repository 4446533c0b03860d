//! Real servers, quorum, sorry server.

use insta::assert_snapshot;
use model::plan::{OnUnknown, Plan, QuorumPlan, ServerPlan, TrackerPlan};
use model::probe::Status;

use super::world::*;

#[test]
fn a_new_service_gets_its_scheduler_last() {
    let mut world = World::new();
    world.plan(&plan(vec![service(1, &[1, 2])]));
    assert_snapshot!(world.told(), @r"
    service tcp 192.0.2.1:80 up, weight 20
    kernel: add service tcp 192.0.2.1:80 (none)
    kernel: add 198.51.100.1:8080 to tcp 192.0.2.1:80, weight 10
    kernel: add 198.51.100.2:8080 to tcp 192.0.2.1:80, weight 10
    kernel: set service tcp 192.0.2.1:80 (rr)
    ");
    world.pass(30);
    assert_snapshot!(world.told(), @"");
}

#[test]
fn a_failed_server_leaves_and_returns_with_its_commands() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2]);
    wanted.servers[0].up = command("/up");
    wanted.servers[0].down = command("/down");
    world.plan(&plan(vec![wanted]));
    world.pass(3);
    world.told();
    world.health("1", Status::Down);
    world.pass(5);
    assert_snapshot!(world.told(), @r#"
    server 1 down: tcp says down, runs ["/down"]
    kernel: delete 198.51.100.1:8080 from tcp 192.0.2.1:80
    "#);
    world.health("1", Status::Up);
    world.pass(3);
    assert_snapshot!(world.told(), @r#"
    server 1 up: tcp says up, runs ["/up"]
    kernel: add 198.51.100.1:8080 to tcp 192.0.2.1:80, weight 10
    "#);
}

#[test]
fn a_server_that_is_down_at_the_start_is_out_within_a_second() {
    let mut world = World::new();
    world.health("1", Status::Down);
    world.plan(&plan(vec![service(1, &[1, 2])]));
    world.pass(1);
    assert_eq!(world.rows(), "2=10");
}

#[test]
fn alpha_keeps_a_server_out_until_its_first_success() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2]);
    wanted.servers[0].starts_down = true;
    wanted.servers[0].checks[0].rise = 3;
    world.plan(&plan(vec![wanted]));
    assert_eq!(world.rows(), "2=10");
    world.health("1", Status::Unknown);
    world.pass(10);
    assert_eq!(world.rows(), "2=10");
    world.health("1", Status::Up);
    world.pass(2);
    assert_eq!(world.rows(), "1=10 2=10");
}

#[test]
fn the_sorry_server_takes_all_while_the_quorum_is_lost() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2, 3]);
    wanted.sorry = sorry(9);
    wanted.quorum = QuorumPlan {
        needed: 20,
        up: command("/quorum-up"),
        down: command("/quorum-down"),
        ..QuorumPlan::default()
    };
    wanted.servers[2].inhibit_on_failure = true;
    world.plan(&plan(vec![wanted]));
    world.pass(3);
    assert_eq!(world.rows(), "1=10 2=10 3=10");
    world.health("1", Status::Down);
    world.pass(5);
    assert_eq!(world.rows(), "2=10 3=10");
    world.told();
    world.health("2", Status::Down);
    world.pass(5);
    assert_snapshot!(world.told(), @r#"
    server 2 down: tcp says down
    service tcp 192.0.2.1:80 down, weight 10, runs ["/quorum-down"]
    kernel: set 198.51.100.3:8080 of tcp 192.0.2.1:80, weight 0
    kernel: add 198.51.100.9:8080 to tcp 192.0.2.1:80, weight 1
    kernel: delete 198.51.100.2:8080 from tcp 192.0.2.1:80
    "#);
    world.health("1", Status::Up);
    world.pass(3);
    assert_snapshot!(world.told(), @r#"
    server 1 up: tcp says up
    service tcp 192.0.2.1:80 up, weight 20, runs ["/quorum-up"]
    kernel: add 198.51.100.1:8080 to tcp 192.0.2.1:80, weight 10
    kernel: set 198.51.100.3:8080 of tcp 192.0.2.1:80, weight 10
    kernel: delete 198.51.100.9:8080 from tcp 192.0.2.1:80
    "#);
}

#[test]
fn without_a_sorry_server_good_servers_stay_below_the_quorum() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2]);
    wanted.quorum.needed = 20;
    world.plan(&plan(vec![wanted]));
    world.health("1", Status::Down);
    world.pass(5);
    assert_eq!(world.rows(), "2=10");
    let (services, ..) = world.balancer.status(world.now);
    assert!(!services[0].up);
}

#[test]
fn hysteresis_keeps_the_quorum_from_flapping() {
    // Weights of 10 each; needed 20, hysteresis 10: up at 30, down below 10.
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2, 3]);
    wanted.quorum = QuorumPlan {
        needed: 20,
        hysteresis: 10,
        ..QuorumPlan::default()
    };
    world.plan(&plan(vec![wanted]));
    let mut up_with = |health: [bool; 3]| {
        for (number, good) in health.into_iter().enumerate() {
            world.health(
                &(number + 1).to_string(),
                if good { Status::Up } else { Status::Down },
            );
        }
        world.pass(6);
        world.balancer.status(world.now).0[0].up
    };
    assert!(up_with([true, true, true]));
    assert!(up_with([true, false, false]));
    assert!(!up_with([false, false, false]));
    assert!(!up_with([true, true, false]));
    assert!(up_with([true, true, true]));
    assert!(up_with([true, true, false]));
}

#[test]
fn inhibit_keeps_the_row_with_weight_0() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2]);
    wanted.servers[0].inhibit_on_failure = true;
    world.plan(&plan(vec![wanted]));
    world.pass(3);
    world.told();
    world.health("1", Status::Down);
    world.pass(5);
    assert_snapshot!(world.told(), @r"
    server 1 down: tcp says down
    kernel: set 198.51.100.1:8080 of tcp 192.0.2.1:80, weight 0
    ");
}

#[test]
fn a_verdict_sets_the_weight_in_one_message_and_a_wild_one_does_not() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2]);
    wanted.servers[0].checks[0].sets_weight = true;
    wanted.servers[0].checks[0].on_unknown = OnUnknown::Keep;
    world.plan(&plan(vec![wanted]));
    world.pass(3);
    world.told();
    world.health.insert("1".to_owned(), (Status::Up, Some(55)));
    world.pass(3);
    assert_snapshot!(world.told(), @"kernel: set 198.51.100.1:8080 of tcp 192.0.2.1:80, weight 55");
    world
        .health
        .insert("1".to_owned(), (Status::Up, Some(4_000_000_000)));
    world.pass(3);
    assert_snapshot!(world.told(), @"");
    world.health.insert("1".to_owned(), (Status::Up, Some(0)));
    world.pass(3);
    assert_eq!(world.rows(), "1=0 2=10");
}

#[test]
fn all_checks_of_a_server_must_pass() {
    let mut world = World::new();
    let mut wanted = service(1, &[1]);
    let mut second = check("http");
    second.fall = 1;
    wanted.servers[0].checks.push(second);
    world.plan(&plan(vec![wanted]));
    world.pass(5);
    world.told();
    world.health("1", Status::Down);
    world.pass(5);
    let told = world.told();
    assert_eq!(told.matches("server 1 down").count(), 1, "{told}");
    world.health("1", Status::Up);
    world.pass(5);
    assert_eq!(world.rows(), "1=10");
}

#[test]
fn a_server_without_checks_is_always_good() {
    let mut world = World::new();
    let mut wanted = service(1, &[1]);
    let unchecked = ServerPlan {
        checks: Vec::new(),
        starts_down: true,
        ..server(1)
    };
    wanted.servers = vec![unchecked];
    world.plan(&plan(vec![wanted]));
    assert_eq!(world.rows(), "1=10");
}

#[test]
fn trackers_are_pending_until_their_first_verdict() {
    let mut world = World::new();
    let wanted = Plan {
        trackers: vec![tracker("chk")],
        ..Plan::default()
    };
    world.health("chk", Status::Unknown);
    world.plan(&wanted);
    world.pass(5);
    assert_snapshot!(world.told(), @"tracker chk: Pending");
    world.health("chk", Status::Down);
    world.pass(2);
    world.health("chk", Status::Up);
    world.pass(2);
    assert_snapshot!(world.told(), @r"
    tracker chk: Failed
    tracker chk: Good
    ");
    assert_eq!(world.reads, 0, "a node without services never touches IPVS");
    let (_, trackers, ipvs) = world.balancer.status(world.now);
    assert_eq!(
        (trackers[0].state.as_str(), trackers[0].reason.as_str()),
        ("good", "script says up")
    );
    assert!(ipvs.available);
}

/// keepalived's `init_fail`.
#[test]
fn a_tracker_may_start_as_failed() {
    let mut world = World::new();
    let wanted = Plan {
        trackers: vec![TrackerPlan {
            starts_failed: true,
            ..tracker("chk")
        }],
        ..Plan::default()
    };
    world.plan(&wanted);
    assert_snapshot!(world.told(), @"tracker chk: Failed");
    world.pass(2);
    assert_snapshot!(world.told(), @"tracker chk: Good");
}
