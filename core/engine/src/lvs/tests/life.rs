//! How a server begins, who stands in for it, and what the operator does by hand.

use std::time::Duration;

use insta::assert_snapshot;
use model::ids::InstanceName;
use model::plan::{ServerPlan, ServicePlan};
use model::probe::Status;
use model::transition::State;

use super::world::*;

/// One server with a check by each of these plugins.
fn checked_by(plugins: &[&str], needed: Option<u32>) -> ServicePlan {
    let checks = plugins.iter().map(|plugin| check(plugin)).collect();
    let checked = ServerPlan {
        checks,
        needed,
        ..server(1)
    };
    ServicePlan {
        servers: vec![checked, server(2)],
        ..service(1, &[])
    }
}

#[test]
fn a_server_needs_all_checks_or_as_many_as_are_written() {
    for (needed, failing, rows) in [
        (None, 1, "2=10"),
        (Some(2), 1, "1=10 2=10"),
        (Some(2), 2, "2=10"),
        (Some(1), 2, "1=10 2=10"),
        (Some(1), 3, "2=10"),
        (Some(9), 0, "1=10 2=10"),
    ] {
        let mut world = World::new();
        world.plan(&plan(vec![checked_by(&["a", "b", "c"], needed)]));
        for plugin in ["a", "b", "c"].iter().take(failing) {
            world.health(plugin, Status::Down);
        }
        world.pass(10);
        assert_eq!(world.rows(), rows, "{needed:?} needed, {failing} fail");
    }
}

#[test]
fn a_server_that_recovers_gets_its_weight_in_steps() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2]);
    wanted.servers[0].slow_start = Some(Duration::from_secs(100));
    world.plan(&plan(vec![wanted]));
    assert_eq!(world.rows(), "1=10 2=10", "a start is no recovery");
    world.health("1", Status::Down);
    world.pass(10);
    world.health("1", Status::Up);
    world.pass(3);
    let mut seen = vec![world.rows()];
    for _ in 0..120 {
        world.pass(1);
        if seen.last() != Some(&world.rows()) {
            seen.push(world.rows());
        }
    }
    let steps: Vec<_> = (1..=10).map(|weight| format!("1={weight} 2=10")).collect();
    assert_eq!(seen, steps);
    world.told();
    world.pass(60);
    assert_snapshot!(world.told(), @"");
}

#[test]
fn the_quorum_counts_the_whole_weight_of_a_server_that_begins() {
    let mut world = World::new();
    let mut wanted = service(1, &[1]);
    wanted.servers[0].slow_start = Some(Duration::from_secs(100));
    wanted.quorum.needed = 10;
    world.plan(&plan(vec![wanted]));
    world.health("1", Status::Down);
    world.pass(10);
    world.told();
    world.health("1", Status::Up);
    world.pass(3);
    let told = world.told();
    assert!(told.contains("service tcp 192.0.2.1:80 up, weight 10"), "{told}");
    assert_eq!(world.rows(), "1=1");
}

#[test]
fn backups_take_over_with_the_quorum_lost_and_the_sorry_server_after_them() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 3]);
    wanted.servers[1].backup = true;
    wanted.sorry = sorry(9);
    world.plan(&plan(vec![wanted]));
    world.pass(3);
    assert_eq!(world.rows(), "1=10");
    world.health("1", Status::Down);
    world.pass(10);
    assert_eq!(world.rows(), "3=10");
    world.health("3", Status::Down);
    world.pass(10);
    assert_eq!(world.rows(), "9=1");
    world.health("3", Status::Up);
    world.pass(10);
    assert_eq!(world.rows(), "3=10");
    world.health("1", Status::Up);
    world.pass(10);
    assert_eq!(world.rows(), "1=10");
}

#[test]
fn an_inhibited_sorry_server_stays_with_weight_0() {
    let mut world = World::new();
    let mut wanted = service(1, &[1]);
    wanted.sorry = sorry(9);
    wanted.sorry.iter_mut().for_each(|sorry| sorry.inhibit = true);
    world.plan(&plan(vec![wanted]));
    assert_eq!(world.rows(), "1=10 9=0");
    world.health("1", Status::Down);
    world.pass(10);
    assert_eq!(world.rows(), "9=1");
}

#[test]
fn checks_sleep_while_the_instance_they_follow_is_not_master() {
    let mut world = World::new();
    let front = InstanceName::from("front");
    let mut wanted = service(1, &[1, 2]);
    wanted.suspend = Some(front.clone());
    world.health("1", Status::Down);
    world.plan(&plan(vec![wanted]));
    world.pass(30);
    assert_eq!(world.rows(), "1=10 2=10", "nobody was asked");
    world.state(&front, State::Master);
    world.pass(10);
    assert_eq!(world.rows(), "2=10");
    world.state(&front, State::Backup);
    world.health("1", Status::Up);
    world.pass(30);
    assert_eq!(world.rows(), "2=10", "the verdict stands");
    world.balancer.handle_worker(false, world.now);
    world.balancer.handle_worker(true, world.now);
    world.pass(30);
    assert_eq!(world.rows(), "2=10", "a new worker wakes nobody");
}

#[test]
fn a_server_out_by_hand_drains_and_stays_out_until_it_is_enabled() {
    let mut world = World::new();
    let wanted = plan(vec![service(1, &[1, 2])]);
    world.plan(&wanted);
    world.pass(3);
    world.connections.insert("1".to_owned(), 3);
    let target = world.balancer.find_target("192.0.2.1:80/198.51.100.1");
    let target = target.expect("there is one");
    world.balancer.drain(&target, world.now);
    world.pass(5);
    assert_eq!(world.rows(), "1=0 2=10");
    let (services, ..) = world.balancer.status(world.now);
    let server = &services[0].servers[0];
    assert!(server.held && server.draining.is_some_and(|draining| draining.active == Some(3)));
    world.connections.clear();
    world.pass(5);
    assert_eq!(world.rows(), "2=10");
    world.plan(&wanted);
    world.pass(5);
    assert_eq!(world.rows(), "2=10", "over a reload");
    world.balancer.enable(&target, world.now);
    world.pass(1);
    assert_eq!(world.rows(), "1=10 2=10");
}

#[test]
fn a_whole_service_out_by_hand_leaves_its_traffic_to_the_sorry_server() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2]);
    wanted.sorry = sorry(9);
    world.plan(&plan(vec![wanted]));
    world.pass(3);
    let target = world
        .balancer
        .find_target("tcp 192.0.2.1:80")
        .expect("there is one");
    world.balancer.drain(&target, world.now);
    world.pass(10);
    assert_eq!(world.rows(), "9=1");
    world.balancer.enable(&target, world.now);
    world.pass(1);
    assert_eq!(world.rows(), "1=10 2=10");
}

#[test]
fn a_word_that_means_nothing_names_what_there_is() {
    let mut world = World::new();
    world.plan(&plan(vec![service(1, &[1])]));
    let tell = |words| {
        world
            .balancer
            .find_target(words)
            .unwrap_or_else(|why| panic!("{why}"))
    };
    assert_eq!(tell("tcp 192.0.2.1:80").1, [destination(1)]);
    let why = |words| world.balancer.find_target(words).expect_err("nothing is meant");
    assert_snapshot!(why("web"), @"there is no service `web`; there is `tcp 192.0.2.1:80`");
    assert_snapshot!(why("192.0.2.1:80/10.0.0.1"), @"tcp 192.0.2.1:80 has no server `10.0.0.1`; it has `198.51.100.1:8080`");
}

#[test]
fn one_server_of_a_hundred_services_is_asked_once_for_all() {
    let mut world = World::new();
    let services: Vec<_> = (1..=100).map(|number| service(number, &[1, 2])).collect();
    world.plan(&plan(services.clone()));
    world.pass(100);
    assert!(
        (98..=104).contains(&world.asked),
        "two servers every 2 s: {}",
        world.asked
    );
    world.told();
    world.health("1", Status::Down);
    world.pass(10);
    let told = world.told();
    assert_eq!(told.matches("server 1 down").count(), 100);
    assert_eq!(world.rows(), "2=10");
    world.plan(&plan(services[1..].to_vec()));
    world.health("1", Status::Up);
    world.pass(3);
    assert_eq!(world.told().matches("server 1 up").count(), 99);
}
