//! Devices of virtual routers, and what is not accepted.

use insta::assert_debug_snapshot;
use model::effect::ElectEffect;
use model::fact::{DeviceFact, LinkFact, Maker};
use model::ids::LinkIndex;
use model::net::{Family, Mac};
use model::plan::{DeviceKind, DevicePlan, InstancePlan, VirtualAddress};
use model::transition::State;

use super::kit::{Node, link, ms, plan, unicast, virtual_address};

const VMAC: Mac = Mac::of_virtual_router(Family::V4, 51);

fn with_device(number: u64) -> InstancePlan {
    InstancePlan {
        device: Some(DevicePlan {
            name: "vrrp.51".into(),
            kind: DeviceKind::Macvlan(VMAC),
            sends_adverts: true,
        }),
        ..plan("web", number)
    }
}

/// A device as somebody else left it.
fn left(name: &str, maker: Maker, up: bool) -> LinkFact {
    LinkFact {
        mac: VMAC,
        device: Some(DeviceFact {
            over: LinkIndex(2),
            kind: DeviceKind::Macvlan(VMAC),
            maker,
        }),
        ..link(90, name, up, &[])
    }
}

// holds VRRP-094, VRRP-013, VRRP-103
#[test]
fn a_device_is_made_before_anything_begins_and_used_by_a_master_alone() {
    let mut node = Node::start(&[with_device(150)]);
    node.pass(ms(4000));
    assert_debug_snapshot!(node.news(), @r#"
    [
        "0ns device vrrp.51 down",
        "0ns web: Initialize -> Backup: ready",
        "3.4140625s advert 150 to 224.0.0.18",
        "3.4140625s device vrrp.51 up",
        "3.4140625s add 10.0.0.100/32",
        "3.4140625s web: Backup -> Master: no Master was heard",
        "3.4140625s announce 10.0.0.100",
    ]
    "#);
    let adverts = node.effects.iter().filter_map(|effect| match effect {
        ElectEffect::SendAdvert(advert) => Some((advert.mac, advert.link)),
        _ => None,
    });
    assert!(adverts.clone().count() > 0);
    for advert in adverts {
        assert_eq!(
            advert,
            (Some(VMAC), LinkIndex(2)),
            "the first advert needs no device"
        );
    }
    let announced = node.effects.iter().find_map(|effect| match effect {
        ElectEffect::Announce(announce) => Some((announce.mac, announce.link)),
        _ => None,
    });
    assert_eq!(announced, Some((VMAC, LinkIndex(100))));

    node.hears(&with_device(150), 200, "10.0.0.3");
    node.pass(ms(100));
    assert_debug_snapshot!(node.news(), @r#"
    [
        "4s remove 10.0.0.100/32",
        "4s device vrrp.51 down",
        "4s web: Master -> Backup: yields to 10.0.0.3, whose priority is 200",
    ]
    "#);
    node.stop();
    assert_debug_snapshot!(node.news(), @r#"
    [
        "4.1s device vrrp.51 gone",
        "4.1s web: Backup -> Initialize: stopped",
    ]
    "#);
}

// holds VRRP-137
#[test]
fn a_master_that_stops_takes_its_device_along() {
    let mut node = Node::start(&[with_device(255)]);
    node.pass(ms(100));
    node.news();
    node.stop();
    assert_debug_snapshot!(node.news(), @r#"
    [
        "100ms advert 0 to 224.0.0.18",
        "100ms remove 10.0.0.100/32",
        "100ms device vrrp.51 gone",
        "100ms web: Master -> Initialize: stopped",
    ]
    "#);
    assert!(node.links.iter().all(|fact| fact.name.as_str() == "eth0"));
}

#[test]
fn a_device_that_cannot_be_made_is_a_fault() {
    let mut node = Node::bare();
    node.refuses = true;
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.plan(&[with_device(150)], &[]);
    assert_eq!(node.state("web"), State::Fault);
    assert_debug_snapshot!(node.news(), @r#"
    [
        "0ns device vrrp.51 down",
        "0ns notice: permission denied (EPERM); the next attempt is in 1s",
        "0ns web: Initialize -> Fault: device vrrp.51 cannot be made",
    ]
    "#);
    node.refuses = false;
    node.pass(ms(2000));
    assert_eq!(node.state("web"), State::Backup);
}

#[test]
fn a_device_that_somebody_takes_away_comes_back_with_its_addresses() {
    let mut node = Node::start(&[with_device(255)]);
    node.pass(ms(5000));
    node.news();
    node.gone(LinkIndex(100));
    assert_eq!(node.state("web"), State::Master);
    assert_debug_snapshot!(node.news(), @r#"
    [
        "5s device vrrp.51 up",
        "5s add 10.0.0.100/32",
        "5s announce 10.0.0.100",
    ]
    "#);
}

#[test]
fn what_a_dead_daemon_left_is_adopted_or_removed_and_what_is_foreign_stays() {
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.link(left("vrrp.51", Maker::Dead, true));
    node.link(LinkFact {
        index: LinkIndex(91),
        ..left("vrrp.9", Maker::Dead, true)
    });
    node.link(LinkFact {
        index: LinkIndex(92),
        ..left("vrrp.10", Maker::Other, true)
    });
    node.plan(&[with_device(150)], &[]);
    assert_eq!(node.state("web"), State::Backup);
    assert_debug_snapshot!(node.news(), @r#"
    [
        "0ns device vrrp.51 down",
        "0ns device vrrp.9 gone",
        "0ns web: Initialize -> Backup: ready",
    ]
    "#);
}

#[test]
fn a_reload_moves_the_addresses_to_the_device_and_back() {
    let mut node = Node::start(&[plan("web", 255)]);
    node.pass(ms(5000));
    node.news();
    node.plan(&[with_device(255)], &[]);
    node.pass(ms(10));
    assert_eq!(node.state("web"), State::Master);
    assert_debug_snapshot!(node.news(), @r#"
    [
        "5s device vrrp.51 up",
        "5s remove 10.0.0.100/32",
        "5s add 10.0.0.100/32",
        "5s announce 10.0.0.100",
    ]
    "#);
    node.pass(ms(5000));
    node.news();
    node.plan(&[plan("web", 255)], &[]);
    node.pass(ms(10));
    assert_eq!(node.state("web"), State::Master);
    assert_debug_snapshot!(node.news(), @r#"
    [
        "10.01s add 10.0.0.100/32",
        "10.01s remove 10.0.0.100/32",
        "10.01s device vrrp.51 gone",
        "10.01s announce 10.0.0.100",
    ]
    "#);
}

/// The kernel knows where a peer is; a packet for it is the kernel's to address.
#[test]
fn unicast_adverts_and_those_of_the_base_have_the_interfaces_own_address() {
    let to_peer = InstancePlan {
        transport: unicast(&["10.0.0.3"], 255),
        ..with_device(255)
    };
    let mut base = with_device(255);
    if let Some(device) = &mut base.device {
        device.sends_adverts = false;
    }
    for plan in [to_peer, base] {
        let mut node = Node::start(&[plan]);
        node.pass(ms(10));
        let advert = node.effects.iter().find_map(|effect| match effect {
            ElectEffect::SendAdvert(advert) => Some(advert.mac),
            _ => None,
        });
        assert_eq!(advert, Some(None));
    }
}

// holds VRRP-129
#[test]
fn what_is_not_accepted_follows_from_the_plan() {
    let closed = |number| InstancePlan {
        accept: false,
        ..plan("web", number)
    };
    let mut node = Node::start(&[closed(150)]);
    assert_debug_snapshot!(node.news(), @r#"
    [
        "0ns shield [10.0.0.100]",
        "0ns web: Initialize -> Backup: ready",
    ]
    "#);
    node.plan(&[plan("web", 150)], &[]);
    assert_debug_snapshot!(node.news(), @r#"
    [
        "0ns shield []",
    ]
    "#);
    // An owner accepts in every mode.
    let mut owner = Node::start(&[closed(255)]);
    assert!(!owner.news().iter().any(|line| line.contains("shield")));
}

#[test]
fn a_kernel_without_packet_filter_is_told_of_and_elections_go_on() {
    let mut node = Node::bare();
    node.refuses = true;
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.plan(
        &[InstancePlan {
            accept: false,
            ..plan("web", 150)
        }],
        &[],
    );
    assert_eq!(node.state("web"), State::Backup);
    assert_debug_snapshot!(node.news(), @r#"
    [
        "0ns shield [10.0.0.100]",
        "0ns web: Initialize -> Backup: ready",
        "0ns notice: permission denied (EPERM); the next attempt is in 1s",
    ]
    "#);
}

/// Of one address on another interface: there as long as the instance is, in use while it is Master.
// holds VRRP-140
#[test]
fn an_address_elsewhere_has_a_device_of_its_own() {
    let side = DevicePlan {
        name: "vrrp.51.1".into(),
        kind: DeviceKind::Macvlan(VMAC),
        sends_adverts: false,
    };
    let elsewhere = VirtualAddress {
        interface: Some("eth1".into()),
        device: Some(side),
        ..virtual_address("10.0.2.100/24")
    };
    let instance = InstancePlan {
        excluded: vec![elsewhere],
        ..plan("web", 150)
    };
    let mut node = Node::bare();
    node.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    node.link(link(3, "eth1", true, &["10.0.2.2/24"]));
    node.plan(std::slice::from_ref(&instance), &[]);
    node.pass(ms(4000));
    assert_debug_snapshot!(node.news(), @r#"
    [
        "0ns device vrrp.51.1 down",
        "0ns web: Initialize -> Backup: ready",
        "3.4140625s advert 150 to 224.0.0.18",
        "3.4140625s device vrrp.51.1 up",
        "3.4140625s add 10.0.0.100/32",
        "3.4140625s add 10.0.2.100/24",
        "3.4140625s web: Backup -> Master: no Master was heard",
        "3.4140625s announce 10.0.0.100",
        "3.4140625s announce 10.0.2.100",
    ]
    "#);
    let over = |node: &Node, name: &str| {
        let fact = node.links.iter().find(|fact| fact.name.as_str() == name);
        fact.and_then(|fact| fact.device).map(|device| device.over)
    };
    assert_eq!(over(&node, "vrrp.51.1"), Some(LinkIndex(3)));
    // Without it the address lies on the interface as it is.
    let mut plain = instance;
    plain.excluded[0].device = None;
    node.plan(&[plain], &[]);
    node.pass(ms(100));
    assert_debug_snapshot!(node.news(), @r#"
    [
        "4s add 10.0.2.100/24",
        "4s remove 10.0.2.100/24",
        "4s device vrrp.51.1 gone",
        "4s announce 10.0.2.100",
    ]
    "#);
    assert_eq!(over(&node, "vrrp.51.1"), None);
}
