use insta::assert_snapshot;
use model::effect::DeviceMake;
use model::fact::Maker;
use model::ids::{LinkIndex, LinkName};
use model::net::{Family, Mac};
use model::plan::DeviceKind;

use super::mark::Mark;
use super::{explain, foreign};

#[test]
fn a_mark_is_read_as_it_was_written() {
    let mut mark = Mark::new(&[]);
    mark.before.insert("ipv4/arp_ignore".to_owned(), "0".to_owned());
    assert_eq!(Mark::parse(&mark.to_string()).as_ref(), Some(&mark));
    assert_eq!(mark.maker(), Maker::Us);
    let beside = Mark::new(std::slice::from_ref(&mark));
    assert_eq!(beside.before, mark.before);
}

#[test]
fn who_made_it_is_told_by_the_mark() {
    let maker = |alias: &str| Mark::parse(alias).map(|mark| mark.maker());
    assert_eq!(maker("uplink to the core switch"), None);
    assert_eq!(maker("bellwether"), None);
    assert_eq!(maker("bellwether x"), None);
    // No daemon has this number.
    assert_eq!(maker("bellwether 4294967295"), Some(Maker::Dead));
}

#[test]
fn a_refusal_says_what_and_the_cure() {
    let name = LinkName::from("vrrp.51");
    let message = |kind: Option<DeviceKind>, verb, errno| {
        let make = kind.map(|kind| DeviceMake {
            over: LinkIndex(1),
            kind,
            family: Family::V4,
        });
        explain(&name, make, verb, &std::io::Error::from_raw_os_error(errno))
    };
    let macvlan = Some(DeviceKind::Macvlan(Mac::default()));
    assert_snapshot!(message(macvlan, "make", libc::EPERM), @"cannot make vrrp.51 on lo: permission denied; needs CAP_NET_ADMIN");
    assert_snapshot!(message(macvlan, "make", libc::EOPNOTSUPP), @"cannot make vrrp.51 on lo: operation not supported; this kernel has no macvlan: load it (modprobe macvlan), or do without a virtual MAC address");
    assert_snapshot!(message(Some(DeviceKind::Ipvlan), "make", libc::EOPNOTSUPP), @"cannot make vrrp.51 on lo: operation not supported; this kernel has no ipvlan: load it (modprobe ipvlan), or use a virtual MAC address instead");
    assert_snapshot!(message(macvlan, "make", libc::EBUSY), @"cannot make vrrp.51 on lo: device or resource busy; is the interface part of a bridge or bond? name that one instead");
    assert_snapshot!(message(None, "set up", libc::EADDRINUSE), @"cannot set up vrrp.51: address already in use; another device has its address: does another VRRP daemon serve the same virtual router?");
    assert_snapshot!(foreign(&name), @"cannot make vrrp.51: there is an interface of that name that is not ours; remove it (ip link delete vrrp.51), or give the device another name");
}
