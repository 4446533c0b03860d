//! A router that was started again: what changed meanwhile.

use insta::assert_snapshot;
use model::plan::Plan;

use super::drain::tuned;
use super::world::*;

#[test]
fn settings_that_went_while_the_router_was_dead_are_put_back() {
    let mut world = World::new();
    let mut before = tuned(Some(77), true, None);
    before.ipvs.sysctls.insert("conntrack".to_owned(), 1);
    world.plan(&before);
    world.die(&before);
    world.plan(&Plan::default());
    assert!(world.balancer.is_settled());
    assert_snapshot!(world.told(), @"settings: tcp 900, conntrack 0, no daemons");
    assert_eq!(world.sysctls["conntrack"], 0);
    assert_eq!(world.balancer.original(), &Default::default());
}

#[test]
fn what_was_found_at_first_is_known_to_a_successor() {
    let mut world = World::new();
    let before = tuned(Some(77), false, None);
    world.plan(&before);
    world.die(&before);
    world.plan(&tuned(Some(78), false, None));
    world.stop();
    assert_snapshot!(world.told(), @r"
    settings: tcp 78
    settings: tcp 900
    ");
}

#[test]
fn others_keep_what_nobody_asked_for() {
    let mut world = World::new();
    let before = plan(vec![service(1, &[1])]);
    world.plan(&before);
    world.die(&before);
    world.plan(&before);
    world.stop();
    assert_snapshot!(world.told(), @r"
    service tcp 192.0.2.1:80 up, weight 10
    kernel: delete service tcp 192.0.2.1:80
    ");
}

#[test]
fn a_service_that_went_while_the_router_was_dead_is_deleted() {
    let mut world = World::new();
    let before = plan(vec![service(1, &[1]), service(2, &[2])]);
    world.plan(&before);
    world.die(&before);
    world.plan(&plan(vec![service(2, &[2])]));
    assert_snapshot!(world.told(), @r"
    service tcp 192.0.2.2:80 up, weight 10
    kernel: delete service tcp 192.0.2.1:80
    ");
}
