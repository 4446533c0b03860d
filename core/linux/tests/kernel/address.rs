use futures_util::TryStreamExt;
use insta::assert_snapshot;
use linux::address::{Addresses, add_now, promote_secondaries, remove_now};
use linux::monitor::Monitor;
use model::effect::AddressOrder;
use model::ids::{InstanceName, LinkIndex, OrderId};
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use rtnetlink::Handle;

use crate::bed;

fn order(link: LinkIndex, net: &str, label: Option<&str>) -> AddressOrder {
    AddressOrder {
        order: OrderId(1),
        instance: InstanceName::from("vi"),
        link,
        net: net.parse().expect("an address"),
        label: label.map(str::to_owned),
    }
}

async fn dump(handle: &Handle, link: LinkIndex) -> Vec<AddressMessage> {
    let all = handle.address().get().set_link_index_filter(link.0).execute();
    all.try_collect().await.expect("a dump")
}

async fn nets(link: LinkIndex) -> Vec<String> {
    let monitor = Monitor::start().await.expect("a monitor");
    let links = monitor.links();
    let fact = links.iter().find(|fact| fact.index == link).expect("it is there");
    fact.addresses.iter().map(ToString::to_string).collect()
}

#[test]
fn addresses_go_on_and_off_and_again() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let addresses = Addresses::start().expect("rtnetlink");
        for net in [
            "10.0.0.5/32",
            "10.1.0.5/24",
            "2001:db8::5/128",
            "2001:db8:1::5/64",
        ] {
            let order = order(wire.left, net, None);
            for _ in 0..2 {
                addresses.add(&order).await.expect("put on, or on already");
                assert_eq!(nets(wire.left).await, [net]);
            }
            for _ in 0..2 {
                addresses.remove(&order).await.expect("taken off, or off already");
                assert!(nets(wire.left).await.is_empty());
            }
            add_now(wire.left, order.net, None).expect("put on");
            add_now(wire.left, order.net, None).expect("on already");
            assert_eq!(nets(wire.left).await, [net]);
            remove_now(wire.left, order.net).expect("taken off");
            remove_now(wire.left, order.net).expect("off already");
            assert!(nets(wire.left).await.is_empty());
        }
    });
}

// holds VRRP-151
#[test]
fn labels_and_flags_are_as_wanted() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let addresses = Addresses::start().expect("rtnetlink");
        addresses
            .add(&order(wire.left, "10.0.0.5/32", Some("a:vip")))
            .await
            .expect("put on");
        addresses
            .add(&order(wire.left, "2001:db8::5/128", None))
            .await
            .expect("put on");
        let all = dump(&handle, wire.left).await;
        assert!(
            all[0]
                .attributes
                .contains(&AddressAttribute::Label(String::from("a:vip")))
        );
        let flags = all[1].attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Flags(flags) => Some(*flags),
            _ => None,
        });
        let flags = flags.expect("flags");
        assert!(
            flags.contains(AddressFlags::Nodad | AddressFlags::Deprecated),
            "{flags:?}"
        );
        assert!(!flags.contains(AddressFlags::Tentative), "{flags:?}");
    });
}

#[test]
fn a_secondary_outlives_its_primary() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        promote_secondaries("a").expect("set");
        add_now(wire.left, "10.0.0.5/24".parse().expect("a net"), None).expect("put on");
        add_now(wire.left, "10.0.0.6/24".parse().expect("a net"), None).expect("put on");
        remove_now(wire.left, "10.0.0.5/24".parse().expect("a net")).expect("taken off");
        assert_eq!(nets(wire.left).await, ["10.0.0.6/24"]);
        assert!(promote_secondaries("../../..").is_err());
    });
}

#[test]
fn many_orders_are_in_flight_at_once() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let addresses = Addresses::start().expect("rtnetlink");
        let mut tasks = tokio::task::JoinSet::new();
        for i in 1..=200 {
            let addresses = addresses.clone();
            let order = order(wire.left, &format!("10.0.0.{i}/32"), None);
            tasks.spawn(async move { addresses.add(&order).await });
        }
        while let Some(result) = tasks.join_next().await {
            result.expect("no panic").expect("put on");
        }
        assert_eq!(nets(wire.left).await.len(), 200);
    });
}

#[test]
fn refusals_say_what_and_the_cure() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let addresses = Addresses::start().expect("rtnetlink");
        let gone = addresses
            .add(&order(LinkIndex(77), "10.0.0.5/32", None))
            .await
            .expect_err("refused");
        assert_snapshot!(gone, @"cannot add 10.0.0.5/32 to interface 77: no such device; the interface is gone");
        bed::sysctl("net/ipv6/conf/a/disable_ipv6", "1");
        let disabled = addresses
            .add(&order(wire.left, "2001:db8::5/128", None))
            .await
            .expect_err("refused");
        assert_snapshot!(disabled, @"cannot add 2001:db8::5/128 to a: permission denied; ipv6 is disabled there (net.ipv6.conf.a.disable_ipv6)");
        addresses
            .remove(&order(LinkIndex(77), "10.0.0.5/32", None))
            .await
            .expect("gone is gone");
        addresses.stop();
        tokio::task::yield_now().await;
        assert!(
            addresses
                .add(&order(wire.left, "10.0.0.5/32", None))
                .await
                .is_err()
        );
    });
}

#[test]
fn without_the_capability_the_cure_is_named() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        // Of this thread only, which ends with the test.
        linux::process::privilege::drop_to(None, linux::process::privilege::Capabilities::empty())
            .expect("dropped");
        let error = add_now(wire.left, "10.0.0.5/32".parse().expect("a net"), None).expect_err("refused");
        assert_snapshot!(error, @"cannot add 10.0.0.5/32 to a: permission denied; needs CAP_NET_ADMIN");
    });
}
