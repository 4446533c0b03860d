//! The kernel's table: drift, refusals, foreign rows.

use insta::assert_snapshot;
use model::ipvs::{Change, Forward, ServiceRow};
use model::probe::Status;

use super::world::*;
use crate::lvs::apply_changes;

#[test]
fn somebody_who_empties_the_table_is_repaired_within_ten_seconds() {
    let mut world = World::new();
    world.plan(&plan(vec![service(1, &[1, 2])]));
    world.pass(15);
    world.told();
    world.kernel.services.clear();
    world.pass(10);
    assert_eq!(world.rows(), "1=10 2=10");
    let (.., ipvs) = world.balancer.status(world.now);
    assert_eq!((ipvs.repairs, ipvs.messages), (1, 8));
    world.pass(60);
    assert_eq!(world.balancer.status(world.now).2.repairs, 1);
}

#[test]
fn while_nothing_happens_the_table_is_glanced_at_and_seldom_dumped() {
    let mut world = World::new();
    let wanted = plan(vec![service(1, &[1, 2])]);
    world.plan(&wanted);
    world.connections.insert("1".to_owned(), 1000);
    world.pass(299);
    assert_eq!((world.reads, world.glances), (1, 149));
    world.told();
    world.plan(&wanted);
    assert_snapshot!(world.told(), @"");
    assert_eq!(
        (world.reads, world.glances),
        (1, 149),
        "a reload without change asks nothing of the kernel"
    );
    world.pass(2);
    assert_eq!(world.reads, 2);
}

#[test]
fn where_there_is_nothing_to_glance_at_dumps_find_drift() {
    let mut world = World::new();
    world.blind = true;
    world.plan(&plan(vec![service(1, &[1, 2])]));
    world.pass(60);
    assert_eq!(world.reads, 7);
    world.kernel.services.clear();
    world.pass(10);
    assert_eq!(world.rows(), "1=10 2=10");
    world.blind = false;
    world.pass(60);
    assert!(world.reads <= 9, "{}", world.reads);
}

#[test]
fn a_foreign_row_stays_and_ours_is_adopted() {
    let mut world = World::new();
    let row = |number, scheduler: &str| ServiceRow {
        key: key(number),
        scheduler: scheduler.to_owned(),
        flags: 0,
        persistence: None,
    };
    let before = [
        Change::AddService(row(1, "wlc")),
        Change::AddService(row(2, "sh")),
    ];
    apply_changes(&mut world.kernel, &before);
    world.plan(&plan(vec![service(1, &[1])]));
    assert_snapshot!(world.told(), @r"
    service tcp 192.0.2.1:80 up, weight 10
    kernel: add 198.51.100.1:8080 to tcp 192.0.2.1:80, weight 10
    kernel: set service tcp 192.0.2.1:80 (rr)
    ");
    world.plan(&plan(vec![]));
    assert_snapshot!(world.told(), @"kernel: delete service tcp 192.0.2.1:80");
    apply_changes(&mut world.kernel, &before[..1]);
    world.pass(60);
    assert_eq!(world.kernel.services.len(), 2, "once gone it is no longer ours");
}

#[test]
fn a_row_that_the_kernel_marks_local_is_left_alone() {
    let mut world = World::new();
    world.plan(&plan(vec![service(1, &[1])]));
    world.pass(3);
    world.told();
    let entry = world.kernel.services.get_mut(&key(1)).unwrap();
    entry
        .destinations
        .values_mut()
        .for_each(|row| row.forward = Forward::Local);
    world.pass(30);
    assert_snapshot!(world.told(), @"");
}

#[test]
fn a_kernel_without_ipvs_costs_nothing_but_a_message() {
    let mut world = World::new();
    world.unreadable = Some("cannot program IPVS: this kernel has no ip_vs".to_owned());
    world.plan(&plan(vec![service(1, &[1, 2])]));
    world.health("1", Status::Down);
    world.pass(100);
    assert_snapshot!(world.told(), @r"
    service tcp 192.0.2.1:80 up, weight 20
    server 1 down: tcp says down
    ");
    let (services, _, ipvs) = world.balancer.status(world.now);
    assert!(!ipvs.available);
    assert_eq!(
        ipvs.message.as_deref(),
        Some("cannot program IPVS: this kernel has no ip_vs")
    );
    assert_eq!(services[0].servers[1].weight, None);
    assert!(world.reads < 15, "{} attempts", world.reads);
    world.unreadable = None;
    world.pass(31);
    assert_eq!(world.rows(), "2=10");
    let (.., ipvs) = world.balancer.status(world.now);
    assert!(ipvs.available && ipvs.message.is_none());
}

#[test]
fn a_refused_change_delays_no_other() {
    let mut world = World::new();
    world.refuses = Some("(fastest)");
    let mut bad = service(2, &[3]);
    bad.row.scheduler = "fastest".to_owned();
    world.plan(&plan(vec![service(1, &[1, 2]), bad]));
    assert_eq!(world.rows(), "1=10 2=10");
    world.pass(100);
    let attempts = world.told().matches("kernel refuses").count();
    assert!((5..15).contains(&attempts), "{attempts}");
    let (.., ipvs) = world.balancer.status(world.now);
    assert!(ipvs.available);
    assert_eq!(
        ipvs.message.as_deref(),
        Some("cannot set service tcp 192.0.2.2:80 (fastest): no")
    );
    world.health("1", Status::Down);
    world.pass(4);
    assert_eq!(world.rows(), "2=10", "it does not wait for the back-off");
    world.refuses = None;
    world.pass(31);
    let (.., ipvs) = world.balancer.status(world.now);
    assert_eq!((ipvs.message, ipvs.repairs), (None, 0));
}

#[test]
fn a_stop_deletes_our_rows_and_runs_omega() {
    let mut world = World::new();
    let mut first = service(1, &[1, 2]);
    first.quorum.omega = true;
    first.quorum.down = command("/quorum-down");
    first.servers[0].down = command("/down");
    world.plan(&plan(vec![first, service(2, &[3])]));
    world.pass(3);
    world.told();
    world.health("2", Status::Down);
    world.pass(5);
    world.told();
    assert!(world.balancer.is_settled());
    world.stop();
    assert_snapshot!(world.told(), @r#"
    server 1 down: stopping, runs ["/down"]
    service tcp 192.0.2.1:80 down, weight 10, runs ["/quorum-down"]
    kernel: delete service tcp 192.0.2.1:80
    kernel: delete service tcp 192.0.2.2:80
    "#);
    assert!(world.balancer.is_settled());
    assert_eq!(world.balancer.poll_timeout(), None);
}

#[test]
fn a_router_started_again_sends_nothing_to_a_server_that_was_found_dead() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2, 3]);
    wanted.servers[2].inhibit_on_failure = true;
    wanted.servers[0].down = command("/down");
    let wanted = plan(vec![wanted]);
    world.plan(&wanted);
    world.health("1", Status::Down);
    world.health("3", Status::Down);
    world.pass(6);
    assert_eq!(world.rows(), "2=10 3=0");
    let mut next = World::new();
    next.kernel = world.kernel;
    next.health = world.health;
    next.plan(&wanted);
    next.pass(6);
    assert_snapshot!(next.told(), @"service tcp 192.0.2.1:80 up, weight 10");
    next.health("1", Status::Up);
    next.pass(3);
    assert_eq!(next.rows(), "1=10 2=10 3=0");
}

#[test]
fn a_sorry_server_stays_over_a_restart() {
    let mut world = World::new();
    let mut wanted = service(1, &[1, 2]);
    wanted.sorry = sorry(9);
    let wanted = plan(vec![wanted]);
    world.plan(&wanted);
    world.health("1", Status::Down);
    world.health("2", Status::Down);
    world.pass(6);
    assert_eq!(world.rows(), "9=1");
    let mut next = World::new();
    next.kernel = world.kernel;
    next.health = world.health;
    next.plan(&wanted);
    next.pass(6);
    assert_snapshot!(next.told(), @"service tcp 192.0.2.1:80 down, weight 0");
}
