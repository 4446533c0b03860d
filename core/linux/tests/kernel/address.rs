use futures_util::TryStreamExt;
use insta::assert_snapshot;
use linux::address::{Addresses, Verb, promote_secondaries, remove_now};
use linux::monitor::Monitor;
use model::effect::AddressOrder;
use model::ids::LinkIndex;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use rtnetlink::Handle;

use crate::bed;

fn add(link: LinkIndex, net: &str) -> Result<(), String> {
    bed::change(Verb::Add, link, net.parse().expect("an address"))
}

fn remove(link: LinkIndex, net: &str) -> Result<(), String> {
    bed::change(Verb::Remove, link, net.parse().expect("an address"))
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
        for net in [
            "10.0.0.5/32",
            "10.1.0.5/24",
            "2001:db8::5/128",
            "2001:db8:1::5/64",
        ] {
            for _ in 0..2 {
                add(wire.left, net).expect("put on, or on already");
                assert_eq!(nets(wire.left).await, [net]);
            }
            for _ in 0..2 {
                remove(wire.left, net).expect("taken off, or off already");
                assert!(nets(wire.left).await.is_empty());
            }
            add(wire.left, net).expect("put on");
            let parsed = net.parse().expect("a net");
            remove_now(wire.left, parsed).expect("taken off");
            remove_now(wire.left, parsed).expect("off already");
            assert!(nets(wire.left).await.is_empty());
        }
    });
}

// holds VRRP-151
#[test]
fn labels_and_flags_are_as_wanted() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let labelled = AddressOrder {
            label: Some(String::from("a:vip")),
            ..bed::order(wire.left, "10.0.0.5/32".parse().expect("an address"))
        };
        let mut addresses = Addresses::open().expect("rtnetlink");
        assert_eq!(addresses.apply(&[(Verb::Add, labelled)]), [Ok(())]);
        add(wire.left, "2001:db8::5/128").expect("put on");
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
        add(wire.left, "10.0.0.5/24").expect("put on");
        add(wire.left, "10.0.0.6/24").expect("put on");
        remove(wire.left, "10.0.0.5/24").expect("taken off");
        assert_eq!(nets(wire.left).await, ["10.0.0.6/24"]);
        assert!(promote_secondaries("../../..").is_err());
    });
}

/// More than the kernel could answer at once, with refusals among them: each answer reaches its order.
#[test]
fn many_orders_go_out_together() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let mut addresses = Addresses::open().expect("rtnetlink");
        let number = |i: u32| {
            let net = format!("10.0.{}.{}/32", i / 250, i % 250 + 1);
            bed::order(wire.left, net.parse().expect("an address"))
        };
        let nowhere = |i: u32| AddressOrder {
            link: LinkIndex(77),
            ..number(i)
        };
        let orders: Vec<_> = (0..1000)
            .map(|i| (Verb::Add, if i % 7 == 0 { nowhere(i) } else { number(i) }))
            .collect();
        let results = addresses.apply(&orders);
        assert_eq!(results.len(), orders.len());
        for (i, result) in results.iter().enumerate() {
            assert_eq!(result.is_err(), i % 7 == 0, "{i}: {result:?}");
        }
        let refused = orders.iter().filter(|(_, order)| order.link != wire.left).count();
        assert_eq!(nets(wire.left).await.len(), orders.len() - refused);
    });
}

#[test]
fn refusals_say_what_and_the_cure() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let gone = add(LinkIndex(77), "10.0.0.5/32").expect_err("refused");
        assert_snapshot!(gone, @"cannot add 10.0.0.5/32 to interface 77: no such device; the interface is gone");
        bed::sysctl("net/ipv6/conf/a/disable_ipv6", "1");
        let disabled = add(wire.left, "2001:db8::5/128").expect_err("refused");
        assert_snapshot!(disabled, @"cannot add 2001:db8::5/128 to a: permission denied; ipv6 is disabled there (net.ipv6.conf.a.disable_ipv6)");
        remove(LinkIndex(77), "10.0.0.5/32").expect("gone is gone");
    });
}

#[test]
fn without_the_capability_the_cure_is_named() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        // Of this thread only, which ends with the test.
        linux::process::privilege::drop_to(None, linux::process::privilege::Capabilities::empty())
            .expect("dropped");
        let error = add(wire.left, "10.0.0.5/32").expect_err("refused");
        assert_snapshot!(error, @"cannot add 10.0.0.5/32 to a: permission denied; needs CAP_NET_ADMIN");
    });
}
