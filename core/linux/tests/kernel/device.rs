use insta::assert_snapshot;
use linux::device::Devices;
use linux::monitor::Monitor;
use linux::packet::Sender;
use linux::presence::Presence;
use model::effect::{DeviceAim, DeviceMake, DeviceOrder, SendAdvert};
use model::fact::{DeviceFact, LinkFact, Maker};
use model::ids::{LinkIndex, LinkName, OrderId};
use model::net::{Family, Mac};
use model::plan::DeviceKind;
use model::seal::Seal;
use socket2::{Domain, Protocol, Socket, Type};
use std::io::Read;

use crate::bed;

const VMAC: Mac = Mac::of_virtual_router(Family::V4, 51);

fn order(name: &str, aim: DeviceAim) -> DeviceOrder {
    DeviceOrder {
        order: OrderId(1),
        name: LinkName::from(name),
        aim,
    }
}

fn make(over: LinkIndex, vrid: u8) -> DeviceMake {
    DeviceMake {
        over,
        kind: DeviceKind::Macvlan(Mac::of_virtual_router(Family::V4, vrid)),
        family: Family::V4,
    }
}

fn apply(order: &DeviceOrder) -> Result<(), String> {
    Devices::open().expect("rtnetlink").apply(order)
}

fn remove(name: &str) -> Result<(), String> {
    apply(&order(name, DeviceAim::Gone))
}

async fn named(name: &str) -> Option<LinkFact> {
    let monitor = Monitor::start().await.expect("a monitor");
    let links = monitor.links();
    links.into_iter().find(|fact| fact.name.as_str() == name)
}

fn read(path: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/sys/net/{path}"));
    text.unwrap_or_else(|error| panic!("{path}: {error}"))
        .trim()
        .to_owned()
}

// holds VRRP-141, VRRP-154
#[test]
fn a_device_is_made_used_and_removed_and_leaves_nothing() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let before = [
            "ipv4/conf/a/arp_ignore",
            "ipv4/conf/a/arp_announce",
            "ipv6/conf/a/accept_untracked_na",
        ]
        .map(|path| (path, read(path)));
        let make = DeviceMake {
            over: wire.left,
            kind: DeviceKind::Macvlan(Mac::of_virtual_router(Family::V6, 51)),
            family: Family::V6,
        };
        for _ in 0..2 {
            apply(&order("vrrp.51", DeviceAim::Down(make))).expect("made, or made already");
        }
        let fact = named("vrrp.51").await.expect("it is there");
        assert!(!fact.enabled && !fact.up);
        assert_eq!(fact.mac, Mac([0, 0, 0x5e, 0, 2, 51]));
        let device = DeviceFact {
            over: wire.left,
            kind: make.kind,
            maker: Maker::Us,
        };
        assert_eq!(fact.device, Some(device));
        for _ in 0..2 {
            apply(&order("vrrp.51", DeviceAim::Up(make))).expect("up, or up already");
        }
        assert!(named("vrrp.51").await.expect("it is there").up);
        for (path, value) in [
            ("ipv4/conf/a/arp_ignore", "1"),
            ("ipv4/conf/a/arp_announce", "2"),
            ("ipv6/conf/a/accept_untracked_na", "1"),
            ("ipv4/conf/vrrp.51/arp_ignore", "1"),
            ("ipv4/conf/vrrp.51/rp_filter", "2"),
            ("ipv6/conf/vrrp.51/addr_gen_mode", "1"),
            ("ipv6/conf/vrrp.51/forwarding", "1"),
        ] {
            assert_eq!(read(path), value, "{path}");
        }
        assert!(
            named("vrrp.51").await.expect("it is there").addresses.is_empty(),
            "no address of its own making"
        );
        for _ in 0..2 {
            apply(&order("vrrp.51", DeviceAim::Gone)).expect("removed, or gone already");
        }
        assert_eq!(named("vrrp.51").await, None);
        for (path, value) in before {
            assert_eq!(read(path), value, "{path}");
        }
    });
}

/// A monitor that was there before hears who made it, although it is down.
#[test]
fn a_new_device_is_told_of_with_its_maker() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let mut monitor = Monitor::start().await.expect("a monitor");
        apply(&order("vrrp.51", DeviceAim::Down(make(wire.left, 51)))).expect("made");
        let told = |links: Vec<LinkFact>| {
            let mut makers = links.into_iter().filter(|fact| fact.name.as_str() == "vrrp.51");
            makers.any(|fact| fact.device.is_some_and(|device| device.maker == Maker::Us))
        };
        while !told(monitor.links()) {
            monitor.next().await.expect("the monitor lives");
        }
    });
}

#[test]
fn settings_come_back_with_the_last_device_as_they_were_before_the_first() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        // More than is needed stays.
        bed::sysctl("net/ipv4/conf/a/arp_ignore", "2");
        bed::sysctl("net/ipv4/conf/a/arp_announce", "1");
        for vrid in [51, 52] {
            let aim = DeviceAim::Down(make(wire.left, vrid));
            apply(&order(&format!("vrrp.{vrid}"), aim)).expect("made");
        }
        assert_eq!(read("ipv4/conf/a/arp_ignore"), "2");
        assert_eq!(read("ipv4/conf/a/arp_announce"), "2");
        // The first knows what was before, and so does the second.
        remove("vrrp.51").expect("removed");
        assert_eq!(read("ipv4/conf/a/arp_announce"), "2");
        remove("vrrp.52").expect("removed");
        assert_eq!(read("ipv4/conf/a/arp_announce"), "1");
        assert_eq!(read("ipv4/conf/a/arp_ignore"), "2");
    });
}

/// 3 is a greater number than 1, and lets the interface answer for addresses of the device.
// holds VRRP-121
#[test]
fn a_setting_that_is_not_enough_is_changed_whatever_its_number() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        for (before, meanwhile) in [("3", "1"), ("4", "1"), ("0", "1"), ("8", "8")] {
            bed::sysctl("net/ipv4/conf/a/arp_ignore", before);
            apply(&order("vrrp.51", DeviceAim::Down(make(wire.left, 51)))).expect("made");
            assert_eq!(
                read("ipv4/conf/a/arp_ignore"),
                meanwhile,
                "before it was {before}"
            );
            remove("vrrp.51").expect("removed");
            assert_eq!(read("ipv4/conf/a/arp_ignore"), before);
        }
    });
}

#[test]
fn what_is_foreign_is_refused_and_left_alone() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let aim = DeviceAim::Down(make(wire.left, 51));
        let refused = apply(&order("b", aim)).expect_err("b is a veth");
        assert_snapshot!(refused, @"cannot make b: there is an interface of that name that is not ours; remove it (ip link delete b), or give the device another name");
        remove("b").expect("not ours, so nothing to do");
        assert!(named("b").await.is_some());
        assert_eq!(read("ipv4/conf/a/arp_ignore"), "0");
        let nowhere = DeviceAim::Down(make(LinkIndex(77), 51));
        assert_snapshot!(apply(&order("vrrp.51", nowhere)).expect_err("no such interface"), @"cannot make vrrp.51 on interface 77: no such device");
    });
}

#[test]
fn a_device_of_another_make_is_made_anew() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        apply(&order("vip", DeviceAim::Up(make(wire.left, 51)))).expect("made");
        apply(&order("vip", DeviceAim::Up(make(wire.left, 52)))).expect("made anew");
        assert_eq!(
            named("vip").await.expect("it is there").mac,
            Mac([0, 0, 0x5e, 0, 1, 52])
        );
        apply(&order("vip", DeviceAim::Up(make(wire.right, 52)))).expect("made anew");
        let over = named("vip")
            .await
            .and_then(|fact| fact.device)
            .map(|device| device.over);
        assert_eq!(over, Some(wire.right));
        assert_eq!(read("ipv4/conf/a/arp_ignore"), "0");
    });
}

/// Whatever their processes are called, and though both may be process 1 of a container.
#[test]
fn a_living_daemons_device_stays_and_a_dead_ones_goes() {
    bed::run_alone(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let maker = async |name: &str| {
            let device = named(name).await.and_then(|fact| fact.device);
            device.map(|device| device.maker)
        };
        let first = Presence::begin().expect("a number");
        apply(&order("vrrp.51", DeviceAim::Up(make(wire.left, 51)))).expect("made");
        let _second = Presence::begin().expect("another");
        apply(&order("vrrp.52", DeviceAim::Up(make(wire.left, 52)))).expect("made");
        assert_eq!(maker("vrrp.51").await, Some(Maker::Other));
        assert_eq!(maker("vrrp.52").await, Some(Maker::Us));
        remove("vrrp.51").expect("not ours, so nothing to do");
        apply(&order("vrrp.51", DeviceAim::Down(make(wire.left, 51)))).expect_err("it is the first one's");
        remove("vrrp.52").expect("removed");
        assert_eq!(read("ipv4/conf/a/arp_ignore"), "1", "the first one needs it");
        drop(first);
        assert_eq!(maker("vrrp.51").await, Some(Maker::Dead));
        assert!(
            Devices::open()
                .expect("rtnetlink")
                .remove_all()
                .iter()
                .all(Result::is_ok)
        );
        assert_eq!(maker("vrrp.51").await, None);
        assert_eq!(read("ipv4/conf/a/arp_ignore"), "0");
    });
}

/// A kernel without ipvlan says so, with the cure; one that has it makes one.
#[test]
fn ipvlan_is_made_or_refused_with_the_cure() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let make = DeviceMake {
            over: wire.left,
            kind: DeviceKind::Ipvlan,
            family: Family::V4,
        };
        match apply(&order("vrrp.51", DeviceAim::Up(make))) {
            Ok(()) => {
                let device = named("vrrp.51").await.and_then(|fact| fact.device);
                assert_eq!(device.map(|device| device.kind), Some(DeviceKind::Ipvlan));
                remove("vrrp.51").expect("removed");
            }
            Err(words) => {
                assert_snapshot!(words, @"cannot make vrrp.51 on a: operation not supported; this kernel has no ipvlan: load it (modprobe ipvlan), or use a virtual MAC address instead");
                assert_eq!(named("vrrp.51").await, None, "nothing half made");
            }
        }
    });
}

// holds VRRP-013, VRRP-010, VRRP-004
#[test]
fn an_advert_carries_the_virtual_routers_address_as_its_source() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let all = Protocol::from(i32::from(0x0003u16.to_be())); // ETH_P_ALL
        let mut tap = Socket::new(Domain::PACKET, Type::RAW, Some(all)).expect("a tap; needs root");
        tap.set_read_timeout(Some(std::time::Duration::from_secs(5)))
            .expect("set");
        let mut sender = Sender::new();
        for (source, destination, header) in [
            ("192.0.2.1", "224.0.0.18", [1, 0, 0x5e, 0, 0, 0x12]),
            ("fe80::1", "ff02::12", [0x33, 0x33, 0, 0, 0, 0x12]),
        ] {
            let advert = SendAdvert {
                link: wire.left,
                source: source.parse().expect("an address"),
                destination: destination.parse().expect("an address"),
                hop_limit: 255,
                mac: Some(VMAC),
                payload: vec![0x31, 51, 100, 0, 0, 100, 0, 0].into(),
                seal: Seal::Bare,
            };
            sender.send(&advert).expect("sent");
            let mut frame = [0; 256];
            while frame[..12] != [header, VMAC.0].concat() {
                let _ = tap.read(&mut frame).expect("a frame");
            }
        }
    });
}
