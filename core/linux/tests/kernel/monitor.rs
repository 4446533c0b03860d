use std::time::Duration;

use linux::monitor::Monitor;
use model::fact::{LinkFact, LinkNews};
use model::ids::LinkIndex;
use rtnetlink::{LinkBridge, LinkUnspec};

use crate::bed;

/// Waits until the news about an interface are as wanted.
async fn until(monitor: &mut Monitor, wanted: impl Fn(&LinkNews) -> bool) -> LinkNews {
    let search = async {
        loop {
            let news = monitor.next().await.expect("the monitor lives");
            if wanted(&news) {
                return news;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), search)
        .await
        .expect("news within five seconds")
}

fn of(link: LinkIndex, wanted: impl Fn(&LinkFact) -> bool) -> impl Fn(&LinkNews) -> bool {
    move |news| matches!(news, LinkNews::Is(fact) if fact.index == link && wanted(fact))
}

#[test]
fn at_first_everything_is_told() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        bed::put(&handle, wire.left, "10.0.0.1", 24).await;
        bed::put(&handle, wire.left, "10.0.0.2", 24).await;
        let mut monitor = Monitor::start().await.expect("a monitor");
        let news = until(&mut monitor, of(wire.left, |_| true)).await;
        let LinkNews::Is(fact) = news else {
            panic!("it is there")
        };
        assert_eq!((fact.name.as_str(), fact.up), ("a", true));
        assert_ne!(fact.mac, model::net::Mac::default());
        let nets: Vec<String> = fact.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(nets, ["10.0.0.1/24", "10.0.0.2/24"]);
        // Told in the order of their indices, lo first.
        let mut monitor = Monitor::start().await.expect("a monitor");
        let count = monitor.links().len();
        for _ in 0..count {
            assert!(matches!(monitor.next().await, Some(LinkNews::Is(_))));
        }
        let names: Vec<String> = monitor.links().iter().map(|fact| fact.name.to_string()).collect();
        assert!(
            ["lo", "a", "b"]
                .iter()
                .all(|name| names.iter().any(|have| have == name)),
            "{names:?}"
        );
    });
}

#[test]
fn each_change_is_told() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let mut monitor = Monitor::start().await.expect("a monitor");
        until(&mut monitor, of(wire.right, |fact| fact.up)).await;
        // The far end is down: no carrier.
        bed::up(&handle, wire.left, false).await;
        until(&mut monitor, of(wire.right, |fact| !fact.up)).await;
        bed::up(&handle, wire.left, true).await;
        until(&mut monitor, of(wire.right, |fact| fact.up)).await;
        for net in ["10.0.0.5/32", "2001:db8::5/128"] {
            let net = net.parse().expect("a net");
            bed::add(wire.right, net).expect("put on");
            until(&mut monitor, of(wire.right, |fact| fact.addresses == [net])).await;
            bed::remove(wire.right, net).expect("taken off");
            until(&mut monitor, of(wire.right, |fact| fact.addresses.is_empty())).await;
        }
        let renamed = LinkUnspec::new_with_index(wire.right.0)
            .name(String::from("b2"))
            .build();
        bed::up(&handle, wire.right, false).await;
        handle.link().set(renamed).execute().await.expect("renamed");
        until(&mut monitor, of(wire.right, |fact| fact.name.as_str() == "b2")).await;
        handle.link().del(wire.right.0).execute().await.expect("deleted");
        until(&mut monitor, |news| *news == LinkNews::Gone(wire.right)).await;
    });
}

#[test]
fn a_port_that_leaves_its_bridge_is_not_gone() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        handle
            .link()
            .add(LinkBridge::new("br").build())
            .execute()
            .await
            .expect("a bridge");
        let mut monitor = Monitor::start().await.expect("a monitor");
        let bridge = monitor
            .links()
            .iter()
            .find(|fact| fact.name.as_str() == "br")
            .expect("it is there")
            .index;
        for master in [bridge.0, 0] {
            let port = LinkUnspec::new_with_index(wire.left.0).controller(master).build();
            handle.link().set(port).execute().await.expect("moved");
        }
        handle.link().del(bridge.0).execute().await.expect("deleted");
        until(&mut monitor, |news| {
            assert_ne!(*news, LinkNews::Gone(wire.left), "the port lives on");
            *news == LinkNews::Gone(bridge)
        })
        .await;
        assert!(monitor.links().iter().any(|fact| fact.index == wire.left));
    });
}

#[test]
fn a_storm_beyond_the_buffer_is_read_anew() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let mut monitor = Monitor::start().await.expect("a monitor");
        // Nobody reads meanwhile, so that the kernel runs out of room.
        let net = |i: u32| format!("10.{}.{}.1/32", i / 250, i % 250).parse().expect("a net");
        for i in 0..6_000 {
            bed::add(wire.left, net(i)).expect("put on");
            if i > 0 {
                bed::remove(wire.left, net(i - 1)).expect("taken off");
            }
        }
        let last = net(5_999);
        until(&mut monitor, of(wire.left, |fact| fact.addresses == [last])).await;
    });
}

/// While it has no room, the kernel drops news and says so once.
#[test]
fn what_happens_right_after_a_storm_is_heard() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let mut monitor = Monitor::start().await.expect("a monitor");
        while let Some(LinkNews::Is(fact)) = monitor.next().await {
            if fact.index == wire.right {
                break;
            }
        }
        let net = "10.0.0.1/32".parse().expect("a net");
        for _ in 0..4_000 {
            bed::add(wire.left, net).expect("put on");
            bed::remove(wire.left, net).expect("taken off");
        }
        bed::add(wire.right, net).expect("put on");
        until(&mut monitor, of(wire.right, |fact| fact.addresses == [net])).await;
        bed::add(wire.left, net).expect("put on");
        until(&mut monitor, of(wire.left, |fact| fact.addresses == [net])).await;
    });
}
