use std::net::IpAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use linux::clock;
use linux::packet::{Receiver, Sender};
use linux::reactor::Reactor;
use model::effect::{Listener, SendAdvert};
use model::fact::{Envelope, Frame};
use model::ids::LinkIndex;
use model::net::{Family, Mac};
use model::plan::Key;
use model::seal::Seal;
use model::time::Instant;
use wire::ah::{self, Cover, Unproven};

use crate::bed;

/// A frame that outlives the buffers.
#[derive(Debug, PartialEq)]
struct Heard {
    link: LinkIndex,
    source: IpAddr,
    destination: IpAddr,
    hop_limit: Option<u8>,
    payload: Vec<u8>,
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn listener(link: LinkIndex, group: &str) -> Listener {
    let group = ip(group);
    Listener {
        link,
        family: Family::of(group),
        group: Some(group),
        authenticated: false,
    }
}

fn advert(link: LinkIndex, source: &str, destination: &str, payload: &[u8]) -> SendAdvert {
    SendAdvert {
        link,
        source: ip(source),
        destination: ip(destination),
        hop_limit: 255,
        mac: None,
        payload: Arc::from(payload),
        seal: Seal::Bare,
    }
}

fn heard(advert: &SendAdvert, link: LinkIndex) -> Heard {
    Heard {
        link,
        source: advert.source,
        destination: advert.destination,
        hop_limit: Some(advert.hop_limit),
        payload: advert.payload.to_vec(),
    }
}

/// Waits until `receiver` has heard `count` frames, or five seconds are over.
fn hear(receiver: &mut Receiver, count: usize) -> Vec<Heard> {
    let (mut reactor, _waker) = Reactor::new().expect("a reactor");
    reactor.add(receiver.as_fd(), 1).expect("watched");
    reactor
        .set_deadline(Some(clock::now() + Duration::from_secs(5)))
        .expect("set");
    let mut all = Vec::new();
    while all.len() < count && !reactor.wait().expect("a turn").timed_out {
        take(receiver, &mut all);
    }
    all
}

fn take(receiver: &mut Receiver, all: &mut Vec<Heard>) {
    let before = clock::now() - Duration::from_secs(5);
    let each = |frame: Frame<'_>| {
        assert!(
            frame.received >= before && frame.received <= clock::now(),
            "a time of now"
        );
        assert_ne!(frame.received, Instant::default());
        all.push(Heard {
            link: frame.link,
            source: frame.source,
            destination: frame.destination,
            hop_limit: frame.hop_limit,
            payload: frame.payload.to_vec(),
        });
    };
    receiver.receive(each).expect("no error");
}

// holds VRRP-001, VRRP-004, VRRP-006
#[test]
fn an_ipv4_advert_arrives_exactly_as_ordered() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let mut receiver =
            Receiver::open(&listener(wire.right, "224.0.0.18"), &bed::name("b")).expect("a receiver");
        let mut sender = Sender::new();
        // The source is on no interface of ours: it is sent all the same.
        let sent = advert(wire.left, "192.0.2.7", "224.0.0.18", b"twelve bytes");
        sender.send(&sent).expect("sent");
        assert_eq!(hear(&mut receiver, 1), [heard(&sent, wire.right)]);
    });
}

/// Nothing of the election's thread asks for memory while nothing happens.
#[test]
fn adverts_cost_no_memory_sealed_or_not() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let bare = advert(wire.left, "192.0.2.7", "224.0.0.18", b"twelve bytes");
        let seals = [
            Seal::Bare,
            Seal::Header {
                key: Key::new(b"s3cret"),
                sequence: 1,
            },
            Seal::Trailer {
                key_id: 1,
                key: Key::new(&[7; 32]),
                sequence: 1,
            },
        ];
        let adverts = seals.map(|seal| SendAdvert { seal, ..bare.clone() });
        let mut sender = Sender::new();
        let mut send = || assert!(sender.send_all(&adverts).is_none());
        send();
        assert_eq!(allocation_counter::measure(send).count_total, 0);
    });
}

/// What is sealed arrives with its seal, and the kernel changes nothing that the seal covers. A socket of one protocol
/// hears nothing of the other.
// holds VRRP-221
#[test]
fn an_authentication_header_arrives_as_it_was_made() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let group = listener(wire.right, "224.0.0.18");
        let authenticated = Listener {
            authenticated: true,
            ..group
        };
        let mut bare = Receiver::open(&group, &bed::name("b")).expect("a receiver");
        let mut receiver = Receiver::open(&authenticated, &bed::name("b")).expect("a receiver");
        let mut sender = Sender::new();
        // The kernel would choose another identification than 0.
        for sequence in [1, 0x1_0000, 0x1234_5678] {
            let sent = SendAdvert {
                seal: Seal::Header {
                    key: Key::new(b"s3cret"),
                    sequence,
                },
                ..advert(wire.left, "192.0.2.7", "224.0.0.18", b"twelve bytes")
            };
            sender.send(&sent).expect("sent");
            assert_eq!(opened(&mut receiver), Ok((sequence, b"twelve bytes".to_vec())));
        }
        let mut none = Vec::new();
        take(&mut bare, &mut none);
        assert_eq!(none, []);
    });
}

/// Waits for one authenticated frame and opens it.
fn opened(receiver: &mut Receiver) -> Result<(u32, Vec<u8>), Unproven> {
    let deadline = std::time::Instant::now() + Duration::from_secs(5);
    loop {
        let mut found = None;
        let read = receiver.receive(|frame| {
            let (IpAddr::V4(source), IpAddr::V4(destination)) = (frame.source, frame.destination) else {
                panic!("IPv6 on an IPv4 socket");
            };
            let Envelope::Authenticated { identification } = frame.envelope else {
                panic!("bare: {frame:?}");
            };
            let cover = Cover {
                identification,
                hop_limit: frame.hop_limit.expect("told"),
                source,
                destination,
            };
            let open = ah::open(frame.payload, b"s3cret", &cover);
            found = Some(open.map(|opened| (opened.sequence, opened.message.to_vec())));
        });
        read.expect("readable");
        if let Some(found) = found {
            return found;
        }
        assert!(std::time::Instant::now() < deadline, "nothing came");
        std::thread::sleep(Duration::from_millis(5));
    }
}

// holds VRRP-007, VRRP-012
#[test]
fn an_ipv6_advert_arrives_exactly_as_ordered() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        // The kernel sends nothing on an interface that has no IPv6 address at all.
        bed::put(&handle, wire.left, "fe80::7", 64).await;
        let mut receiver =
            Receiver::open(&listener(wire.right, "ff02::12"), &bed::name("b")).expect("a receiver");
        let mut sender = Sender::new();
        let sent = SendAdvert {
            hop_limit: 254,
            ..advert(wire.left, "fe80::7", "ff02::12", b"six and more")
        };
        sender.send(&sent).expect("sent");
        assert_eq!(hear(&mut receiver, 1), [heard(&sent, wire.right)]);
    });
}

#[test]
fn many_adverts_go_by_few_calls_and_one_failure_stops_no_other() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let group = listener(wire.right, "224.0.0.18");
        let mut receiver = Receiver::open(&group, &bed::name("b")).expect("a receiver");
        let mut adverts: Vec<SendAdvert> = (0..200u8)
            .map(|i| advert(wire.left, "192.0.2.7", "224.0.0.18", &[i; 12]))
            .collect();
        let nowhere = LinkIndex(9_999);
        adverts.insert(100, advert(nowhere, "192.0.2.7", "224.0.0.18", b"lost"));
        let failure = Sender::new().send_all(&adverts);
        let failure = failure.expect("there is no such interface");
        assert_eq!(failure.places, [100]);
        let all = hear(&mut receiver, 200);
        let wanted: Vec<Heard> = adverts
            .iter()
            .filter(|one| one.link != nowhere)
            .map(|one| heard(one, wire.right))
            .collect();
        assert!(
            all == wanted,
            "{} of {} arrived, or in another order",
            all.len(),
            wanted.len()
        );
    });
}

/// What a call leaves in the socket is not taken for silence: until when everything was given is the time of the last
/// packet given, and the time of the look only when nothing is left.
#[test]
fn until_when_everything_was_given_is_known() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let group = listener(wire.right, "224.0.0.18");
        let mut receiver = Receiver::open(&group, &bed::name("b")).expect("a receiver");
        let opened = clock::now();
        assert!(receiver.heard() <= opened);
        let adverts = vec![advert(wire.left, "192.0.2.7", "224.0.0.18", b"twelve bytes"); 100];
        let mut sender = Sender::new();
        assert!(sender.send_all(&adverts).is_none());
        // One that all the others have come before.
        assert!(
            sender
                .send_all(&[advert(wire.left, "192.0.2.8", "224.0.0.18", b"twelve bytes")])
                .is_none()
        );
        let sent = clock::now();
        let (mut count, mut last) = (0, opened);
        while count < 101 {
            let looked = clock::now();
            assert!(looked < sent + Duration::from_secs(5), "{count} came");
            let may_be_more = receiver.receive(|frame| {
                count += 1;
                assert!(frame.received >= last, "in their order");
                last = frame.received;
            });
            if may_be_more.expect("no error") {
                assert_eq!(receiver.heard(), last);
            } else {
                assert!(receiver.heard() >= looked);
            }
        }
    });
}

#[test]
fn an_interface_that_was_away_for_a_moment_costs_no_advert() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let framed = SendAdvert {
            mac: Some(Mac([0, 0, 0x5e, 0, 1, 7])),
            ..advert(wire.left, "192.0.2.7", "224.0.0.18", b"twelve bytes")
        };
        let adverts = [
            framed,
            advert(wire.left, "192.0.2.8", "224.0.0.18", b"twelve bytes"),
        ];
        let mut sender = Sender::new();
        assert!(sender.send_all(&adverts).is_none());
        bed::up(&handle, wire.left, false).await;
        let refused = sender
            .send_all(&vec![adverts[0].clone(); 600])
            .expect("it is down");
        assert_eq!(refused.places, Vec::from_iter(0..600));
        let index = wire.left.0.to_string();
        bed::ip_says(&["link", "delete", "dev", "a"]);
        bed::ip_says(&[
            "link", "add", "name", "a", "index", &index, "type", "veth", "peer", "name", "b",
        ]);
        let right = bed::index(&handle, "b").await;
        for link in [wire.left, right] {
            bed::up(&handle, link, true).await;
        }
        bed::wait_until_up(wire.left).await;
        let mut receiver =
            Receiver::open(&listener(right, "224.0.0.18"), &bed::name("b")).expect("a receiver");
        // An interface that is up again may drop what is sent for some moments more.
        let heard_some =
            (0..10).any(|_| Sender::new().send_all(&adverts).is_none() && hear(&mut receiver, 2).len() == 2);
        assert!(heard_some, "it sends nothing");
        assert!(sender.send_all(&adverts).is_none());
        assert_eq!(
            hear(&mut receiver, 2),
            adverts.each_ref().map(|one| heard(one, right))
        );
    });
}

// holds VRRP-051
#[test]
fn a_listener_hears_its_own_interface_and_group_only() {
    bed::run(async |handle| {
        let (ours, other) = (
            bed::wire(&handle, "a", "b").await,
            bed::wire(&handle, "c", "d").await,
        );
        bed::put(&handle, ours.right, "192.0.2.1", 24).await;
        bed::put(&handle, ours.left, "192.0.2.2", 24).await;
        let group = listener(ours.right, "224.0.0.18");
        let mut receiver = Receiver::open(&group, &bed::name("b")).expect("a receiver");
        // Others join the same group elsewhere, and another group here.
        let _elsewhere = Receiver::open(&listener(other.right, "224.0.0.18"), &bed::name("d")).expect("open");
        let mut strange = Receiver::open(&listener(ours.right, "224.0.0.99"), &bed::name("b")).expect("open");
        let mut sender = Sender::new();
        sender
            .send(&advert(other.left, "192.0.2.7", "224.0.0.18", b"elsewhere"))
            .expect("sent");
        sender
            .send(&advert(ours.left, "192.0.2.7", "224.0.0.99", b"strange"))
            .expect("sent");
        let last = advert(ours.left, "192.0.2.7", "224.0.0.18", b"the last");
        sender.send(&last).expect("sent");
        assert_eq!(hear(&mut receiver, 1), [heard(&last, ours.right)]);
        assert_eq!(hear(&mut strange, 1)[0].payload, b"strange");
    });
}

// holds VRRP-058
#[test]
fn our_own_adverts_do_not_come_back() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        bed::put(&handle, wire.left, "fe80::7", 64).await;
        for (group, source) in [("224.0.0.18", "192.0.2.7"), ("ff02::12", "fe80::7")] {
            let mut here = Receiver::open(&listener(wire.left, group), &bed::name("a")).expect("open");
            let mut there = Receiver::open(&listener(wire.right, group), &bed::name("b")).expect("open");
            let mut sender = Sender::new();
            sender
                .send(&advert(wire.left, source, group, b"mine"))
                .expect("sent");
            // When it has arrived there, it would have come back long since.
            assert_eq!(hear(&mut there, 1).len(), 1);
            let mut back = Vec::new();
            take(&mut here, &mut back);
            assert_eq!(back, []);
        }
    });
}

// holds VRRP-246
#[test]
fn a_unicast_listener_hears_unicast_only_and_a_group_none_of_it() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        // In one namespace the kernel would find both ends to be itself; the far end is told by hand.
        bed::put(&handle, wire.right, "192.0.2.1", 24).await;
        bed::sysctl("net/ipv4/conf/all/rp_filter", "0");
        bed::sysctl("net/ipv4/conf/b/rp_filter", "0");
        let listener_unicast = Listener {
            link: wire.right,
            family: Family::V4,
            group: None,
            authenticated: false,
        };
        let mut unicast = Receiver::open(&listener_unicast, &bed::name("b")).expect("open");
        let mut group = Receiver::open(&listener(wire.right, "224.0.0.18"), &bed::name("b")).expect("open");
        let mut sender = Sender::new();
        let to_group = advert(wire.left, "192.0.2.7", "224.0.0.18", b"to the group");
        sender.send(&to_group).expect("sent");
        assert_eq!(hear(&mut group, 1), [heard(&to_group, wire.right)]);
        let mut none = Vec::new();
        take(&mut unicast, &mut none);
        assert_eq!(none, []);
    });
}

#[test]
fn a_dead_interface_is_told_and_a_living_one_works_again() {
    bed::run(async |handle| {
        let wire = bed::wire(&handle, "a", "b").await;
        let group = listener(wire.right, "224.0.0.18");
        let mut receiver = Receiver::open(&group, &bed::name("b")).expect("a receiver");
        let mut sender = Sender::new();
        let sent = advert(wire.left, "192.0.2.7", "224.0.0.18", b"twelve bytes");
        bed::up(&handle, wire.left, false).await;
        let error = sender.send(&sent).expect_err("the interface is down");
        insta::assert_snapshot!(error, @"cannot send an advert from 192.0.2.7 to 224.0.0.18 on a: network is unreachable");
        bed::up(&handle, wire.left, true).await;
        sender.send(&sent).expect("sent");
        assert_eq!(hear(&mut receiver, 1), [heard(&sent, wire.right)]);
        handle.link().del(wire.left.0).execute().await.expect("deleted");
        sender.forget(wire.left);
        assert!(sender.send(&sent).is_err());
        // The other end is gone with it. Reading says nothing or an error, and never blocks.
        let _ = receiver.receive(|_| {});
    });
}

#[test]
fn no_interface_no_receiver() {
    bed::run(async |_handle| {
        let error =
            Receiver::open(&listener(LinkIndex(77), "224.0.0.18"), &bed::name("eth7")).expect_err("none");
        insta::assert_snapshot!(error, @"cannot hear IPv4 adverts on eth7 (group 224.0.0.18): no such device");
    });
}
