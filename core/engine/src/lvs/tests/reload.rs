//! A new plan: what stays and what goes.

use std::time::Duration;

use insta::assert_snapshot;
use model::plan::Plan;
use model::probe::Status;

use super::world::*;

#[test]
fn the_same_plan_again_changes_nothing() {
    let mut world = World::new();
    let wanted = Plan {
        trackers: vec![tracker("chk")],
        ..plan(vec![service(1, &[1, 2])])
    };
    world.health("1", Status::Down);
    world.plan(&wanted);
    world.pass(7);
    let before = world.balancer.status(world.now);
    let deadline = world.balancer.poll_timeout();
    world.told();
    world.plan(&wanted);
    assert_snapshot!(world.told(), @"");
    assert_eq!(world.balancer.status(world.now), before);
    assert_eq!(world.balancer.poll_timeout(), deadline);
}

#[test]
fn verdicts_survive_other_timing_and_another_order() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2]);
    wanted.servers[0].checks.push(check("http"));
    world.health("1", Status::Down);
    world.plan(&plan(vec![wanted.clone()]));
    world.pass(7);
    assert_eq!(world.rows(), "2=10");
    world.told();
    wanted.servers[0].checks.reverse();
    wanted.servers[0].checks[0].interval = Duration::from_secs(60);
    wanted.servers[0].weight = 99;
    wanted.servers[1].weight = 3;
    world.plan(&plan(vec![wanted]));
    assert_snapshot!(world.told(), @"kernel: set 198.51.100.2:8080 of tcp 192.0.2.1:80, weight 3");
    let (services, ..) = world.balancer.status(world.now);
    let checks: Vec<_> = services[0].servers[0]
        .checks
        .iter()
        .map(|check| (&*check.plugin, check.up))
        .collect();
    assert_eq!(checks, [("http", false), ("tcp", false)]);
}

#[test]
fn a_changed_check_goes_on_from_the_standing_of_its_server() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2]);
    world.health("1", Status::Down);
    world.plan(&plan(vec![wanted.clone()]));
    world.pass(3);
    world.told();
    for server in &mut wanted.servers {
        server.checks[0].port = Some(81);
        server.starts_down = true;
    }
    world.plan(&plan(vec![wanted]));
    assert_snapshot!(world.told(), @"");
    assert_eq!(world.rows(), "2=10");
    world.health("1", Status::Up);
    world.pass(1);
    assert_eq!(world.rows(), "1=10 2=10");
}

#[test]
fn a_check_that_is_removed_holds_its_server_no_longer() {
    let mut world = World::new();
    let mut wanted = service(1, &[1]);
    world.health("1", Status::Down);
    world.plan(&plan(vec![wanted.clone()]));
    world.pass(3);
    world.told();
    wanted.servers[0].checks.clear();
    world.plan(&plan(vec![wanted]));
    assert_snapshot!(world.told(), @r"
    server 1 up: the configuration changed
    service tcp 192.0.2.1:80 up, weight 10
    kernel: add 198.51.100.1:8080 to tcp 192.0.2.1:80, weight 10
    ");
}

#[test]
fn servers_and_services_come_and_go() {
    let mut world = World::new();
    world.plan(&plan(vec![service(1, &[1, 2]), service(2, &[3])]));
    world.pass(3);
    world.told();
    let mut first = service(1, &[2, 4]);
    first.row.scheduler = "mh".to_owned();
    world.plan(&plan(vec![first, service(3, &[])]));
    assert_snapshot!(world.told(), @r"
    service tcp 192.0.2.3:80 down, weight 0
    kernel: add 198.51.100.4:8080 to tcp 192.0.2.1:80, weight 10
    kernel: set service tcp 192.0.2.1:80 (mh)
    kernel: delete 198.51.100.1:8080 from tcp 192.0.2.1:80
    kernel: add service tcp 192.0.2.3:80 (rr)
    kernel: delete service tcp 192.0.2.2:80
    ");
}

#[test]
fn a_tracker_with_another_question_keeps_its_state_until_the_answer() {
    let mut world = World::new();
    let mut wanted = Plan {
        trackers: vec![tracker("chk")],
        ..Plan::default()
    };
    world.plan(&wanted);
    world.pass(3);
    world.told();
    wanted.trackers[0]
        .check
        .parameters
        .insert("path".to_owned(), "/other".into());
    world.health("chk", Status::Down);
    world.plan(&wanted);
    assert_snapshot!(world.told(), @"");
    world.pass(1);
    assert_snapshot!(world.told(), @"tracker chk: Failed");
    wanted.trackers.clear();
    world.plan(&wanted);
    assert_eq!(world.balancer.poll_timeout(), None);
}
