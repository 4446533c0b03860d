use std::io::Read;
use std::net::IpAddr;
use std::time::Duration;

use linux::announce::Announcer;
use model::effect::Announce;
use model::ids::{InstanceName, LinkIndex};
use model::net::Mac;
use socket2::{Domain, Protocol, Socket, Type};

use crate::bed;

const MAC: Mac = Mac([0x02, 0, 0x5e, 0, 1, 7]);

fn order(link: LinkIndex, address: &str) -> Announce {
    let address: IpAddr = address.parse().expect("an address");
    Announce {
        instance: InstanceName::from("vi"),
        link,
        mac: MAC,
        address,
    }
}

/// Reads frames of this namespace until one is as long as `wanted` and equal.
fn sees(tap: &mut Socket, wanted: &[u8]) -> bool {
    let mut buffer = [0; 2048];
    while let Ok(count) = tap.read(&mut buffer) {
        if &buffer[..count] == wanted {
            return true;
        }
    }
    false
}

// holds VRRP-091, VRRP-092
#[test]
fn arp_and_neighbour_advertisements_are_on_the_wire() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let all = Protocol::from(i32::from(0x0003u16.to_be())); // ETH_P_ALL
        let mut tap = Socket::new(Domain::PACKET, Type::RAW, Some(all)).expect("a tap; needs root");
        tap.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        let mut announcer = Announcer::open().expect("an announcer");
        announcer.announce(&order(wire.left, "10.0.0.5")).expect("sent");
        assert!(sees(
            &mut tap,
            &::wire::announce::gratuitous_arp(MAC.0, [10, 0, 0, 5].into())
        ));
        announcer
            .announce(&order(wire.left, "2001:db8::5"))
            .expect("sent");
        let target = "2001:db8::5".parse().expect("an address");
        assert!(sees(
            &mut tap,
            &::wire::announce::neighbour_advertisement(MAC.0, target)
        ));
    });
}

#[test]
fn what_cannot_be_announced_says_why() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let mut announcer = Announcer::open().expect("an announcer");
        bed::up(&handle, wire.left, false).await;
        let error = announcer
            .announce(&order(wire.left, "10.0.0.5"))
            .expect_err("it is down");
        insta::assert_snapshot!(error, @"cannot announce 10.0.0.5 on a: network is down");
        let error = announcer
            .announce(&order(LinkIndex(77), "10.0.0.5"))
            .expect_err("there is none");
        insta::assert_snapshot!(error, @"cannot announce 10.0.0.5 on interface 77: no such device or address");
    });
}
