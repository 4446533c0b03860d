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

/// Sees all frames of this namespace.
fn tap() -> Socket {
    let all = Protocol::from(i32::from(0x0003u16.to_be())); // ETH_P_ALL
    let tap = Socket::new(Domain::PACKET, Type::RAW, Some(all)).expect("a tap; needs root");
    tap.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
    tap
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
        let mut tap = tap();
        let mut announcer = Announcer::open().expect("an announcer");
        let orders = [order(wire.left, "10.0.0.5"), order(wire.left, "2001:db8::5")];
        assert!(announcer.announce_all(&orders).is_none(), "sent");
        assert!(sees(
            &mut tap,
            &::wire::announce::gratuitous_arp(MAC.0, [10, 0, 0, 5].into())
        ));
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
        let refused = announcer
            .announce_all(&[order(wire.left, "10.0.0.5")])
            .expect("it is down");
        assert_eq!(refused.places, [0]);
        insta::assert_snapshot!(refused.error, @"cannot announce 10.0.0.5 on a: network is down");
        bed::up(&handle, wire.left, true).await;
        let (there, nowhere) = (order(wire.left, "10.0.0.6"), order(LinkIndex(77), "10.0.0.5"));
        let mut tap = tap();
        let refused = announcer.announce_all(&[nowhere, there]).expect("there is none");
        assert_eq!(refused.places, [0]);
        let sent = ::wire::announce::gratuitous_arp(MAC.0, [10, 0, 0, 6].into());
        assert!(sees(&mut tap, &sent), "what follows is sent all the same");
        insta::assert_snapshot!(refused.error, @"cannot announce 10.0.0.5 on interface 77: no such device or address");
    });
}

/// A Master of thousands of addresses whose interface goes must not spend its time on announcing them.
#[test]
fn what_is_refused_costs_no_more_than_what_is_sent() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        bed::up(&handle, wire.left, false).await;
        let many = vec![order(wire.left, "10.0.0.5"); 2000];
        let mut announcer = Announcer::open().expect("an announcer");
        let mut refused = None;
        let cost = allocation_counter::measure(|| refused = announcer.announce_all(&many));
        assert_eq!(
            refused.map(|refused| refused.places),
            Some(Vec::from_iter(0..2000))
        );
        assert!(
            cost.bytes_total < 1 << 20,
            "{} bytes for 2000 frames",
            cost.bytes_total
        );
    });
}
