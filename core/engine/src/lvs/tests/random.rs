//! Whatever happens in whatever order: once it is quiet, the kernel's table is the one that the servers' health asks
//! for, and rows of others are untouched.

use std::time::Duration;

use model::plan::ServicePlan;
use model::probe::Status;
use proptest::prelude::*;

use super::world::*;
use crate::lvs::apply_changes;
use model::ipvs::{Change, ServiceRow};

#[derive(Clone, Debug)]
enum Event {
    Health(u8, bool),
    Plan(Vec<Vec<u8>>),
    Worker(bool),
    Wipe,
    Unreadable(bool),
    Refuse(bool),
    Blind(bool),
    Busy(u8, u32),
    Pass(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let servers = proptest::collection::vec(1..5_u8, 0..4);
    prop_oneof![
        (1..5_u8, any::<bool>()).prop_map(|(server, good)| Event::Health(server, good)),
        proptest::collection::vec(servers, 0..3).prop_map(Event::Plan),
        any::<bool>().prop_map(Event::Worker),
        Just(Event::Wipe),
        any::<bool>().prop_map(Event::Unreadable),
        any::<bool>().prop_map(Event::Refuse),
        any::<bool>().prop_map(Event::Blind),
        (1..5_u8, 0..2_u32).prop_map(|(server, count)| Event::Busy(server, count)),
        (0..20_u64).prop_map(Event::Pass),
    ]
}

fn foreign() -> ServiceRow {
    ServiceRow {
        key: key(200),
        ..service(1, &[]).row
    }
}

proptest! {
    #[test]
    fn the_table_follows(events in proptest::collection::vec(event(), 0..40)) {
        let mut world = World::new();
        let mut planned = Vec::new();
        for event in events {
            match event {
                Event::Health(server, good) => {
                    world.health(&server.to_string(), if good { Status::Up } else { Status::Down });
                }
                Event::Plan(services) => {
                    planned = services;
                    planned.iter_mut().for_each(|servers| {
                        servers.sort_unstable();
                        servers.dedup();
                    });
                    let numbered = planned.iter().zip(1..).map(|(servers, number)| ServicePlan {
                        drain: (number % 2 == 0).then_some(Duration::from_secs(30)),
                        ..service(number, servers)
                    });
                    let wanted = plan(numbered.collect());
                    world.plan(&wanted);
                }
                Event::Worker(up) => world.balancer.handle_worker(up, world.now),
                Event::Wipe => world.kernel.services.clear(),
                Event::Unreadable(is) => world.unreadable = is.then(|| "no".to_owned()),
                Event::Refuse(is) => world.refuses = is.then_some("weight 10"),
                Event::Blind(is) => world.blind = is,
                Event::Busy(server, count) => {
                    world.connections.insert(server.to_string(), count);
                }
                Event::Pass(seconds) => world.pass(seconds),
            }
        }
        world.unreadable = None;
        world.refuses = None;
        world.balancer.handle_worker(true, world.now);
        apply_changes(&mut world.kernel, &[Change::AddService(foreign())]);
        world.pass(100);
        prop_assert_eq!(world.kernel.services.len(), planned.len() + 1);
        for (servers, number) in planned.iter().zip(1..) {
            let entry = &world.kernel.services[&key(number)];
            let good = |server: &&u8| world.health.get(&server.to_string()).is_none_or(|(is, _)| *is == Status::Up);
            let expected: Vec<_> = servers.iter().filter(good).map(|server| destination(*server)).collect();
            let found: Vec<_> = entry.destinations.keys().copied().collect();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(&entry.row.scheduler, "rr");
        }
        world.stop();
        world.pass(60);
        prop_assert!(world.balancer.is_settled());
        prop_assert_eq!(world.kernel.services.keys().collect::<Vec<_>>(), [&key(200)]);
    }

    #[test]
    fn invented_verdicts_are_ignored(ask in any::<u64>(), weight in any::<Option<u32>>()) {
        let mut world = World::new();
        world.plan(&plan(vec![service(1, &[1])]));
        world.pass(3);
        world.told();
        let verdict = model::probe::Verdict {
            ask: model::ids::AskId(ask.max(1000)),
            status: Status::Down,
            reason: "x".repeat(10_000),
            weight,
            took: std::time::Duration::MAX,
            generation: model::ids::Generation(9),
        };
        world.balancer.handle_verdict(&verdict, world.now);
        prop_assert_eq!(world.told(), "");
        prop_assert!(world.balancer.poll_effect().is_none());
    }
}
