use futures_util::TryStreamExt;
use insta::assert_snapshot;
use linux::monitor::Monitor;
use linux::tables::{Change, Done, Tables};
use model::ids::LinkIndex;
use model::plan::AddressOptions;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use rtnetlink::Handle;

use crate::bed;

fn add(link: LinkIndex, net: &str) -> Result<Done, String> {
    bed::add(link, net.parse().expect("an address"))
}

fn with(link: LinkIndex, net: &str, options: &AddressOptions) -> Result<Done, String> {
    bed::change(Change::AddAddress(
        link,
        net.parse().expect("an address"),
        options,
    ))
}

fn remove(link: LinkIndex, net: &str) -> Result<Done, String> {
    bed::remove(link, net.parse().expect("an address"))
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
            for done in [Done::Now, Done::Before] {
                assert_eq!(add(wire.left, net), Ok(done));
                assert_eq!(nets(wire.left).await, [net]);
            }
            for done in [Done::Now, Done::Before] {
                assert_eq!(remove(wire.left, net), Ok(done));
                assert!(nets(wire.left).await.is_empty());
            }
        }
    });
}

// holds VRRP-151
#[test]
fn labels_and_flags_are_as_wanted() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let labelled = AddressOptions {
            label: Some(String::from("a:vip")),
            ..AddressOptions::default()
        };
        with(wire.left, "10.0.0.5/32", &labelled).expect("put on");
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
fn each_option_reaches_the_kernel() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let none = AddressOptions::default;
        let table = [
            (
                "10.1.0.5/24",
                AddressOptions {
                    broadcast: Some([10, 1, 0, 255].into()),
                    scope: Some(253),
                    no_prefix_route: true,
                    preferred_s: Some(0),
                    ..none()
                },
            ),
            (
                "10.2.0.5/32",
                AddressOptions {
                    peer: Some(bed::ip("10.2.0.9")),
                    ..none()
                },
            ),
            (
                "2001:db8::5/64",
                AddressOptions {
                    home: true,
                    makes_temporary: true,
                    ..none()
                },
            ),
            (
                "239.1.1.1/32",
                AddressOptions {
                    autojoin: true,
                    ..none()
                },
            ),
            (
                "2001:db8::6/128",
                AddressOptions {
                    preferred_s: Some(u32::MAX),
                    ..none()
                },
            ),
        ];
        for (net, options) in &table {
            assert_eq!(with(wire.left, net, options), Ok(Done::Now), "{net}");
        }
        let said = bed::ip_says(&["-o", "address", "show", "dev", "a"]);
        let mut said: Vec<&str> = said
            .lines()
            .filter_map(|line| line.split_once("inet"))
            .filter_map(|(_, rest)| rest.split_once('\\'))
            .map(|(address, _)| address.trim())
            .collect();
        said.sort_unstable();
        assert_snapshot!(said.join("\n"), @r"
        10.1.0.5/24 brd 10.1.0.255 scope link deprecated noprefixroute a
        10.2.0.5 peer 10.2.0.9/32 scope global a
        239.1.1.1/32 scope global autojoin a
        6 2001:db8::5/64 scope global nodad home mngtmpaddr
        6 2001:db8::6/128 scope global nodad
        ");
        for (net, _) in &table {
            assert_eq!(remove(wire.left, net), Ok(Done::Now), "{net}");
        }
    });
}

#[test]
fn a_secondary_outlives_its_primary() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        std::fs::write("/proc/sys/net/ipv4/conf/a/promote_secondaries", "1").expect("set");
        add(wire.left, "10.0.0.5/24").expect("put on");
        add(wire.left, "10.0.0.6/24").expect("put on");
        remove(wire.left, "10.0.0.5/24").expect("taken off");
        assert_eq!(nets(wire.left).await, ["10.0.0.6/24"]);
    });
}

/// More than the kernel could answer at once, with refusals among them: each answer reaches its order.
#[test]
fn many_orders_go_out_together() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let options = AddressOptions::default();
        let changes: Vec<Change<'_>> = (0..1000)
            .map(|i| {
                let link = if i % 7 == 0 { LinkIndex(77) } else { wire.left };
                let net = format!("10.0.{}.{}/32", i / 250, i % 250 + 1);
                Change::AddAddress(link, net.parse().expect("an address"), &options)
            })
            .collect();
        let results = Tables::open().expect("rtnetlink").apply(&changes);
        assert_eq!(results.len(), changes.len());
        for (i, result) in results.iter().enumerate() {
            assert_eq!(result.is_err(), i % 7 == 0, "{i}: {result:?}");
        }
        let done = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(nets(wire.left).await.len(), done);
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
