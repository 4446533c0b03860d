//! Beside keepalived: we take over from it and give back to it, in both versions, and tshark finds no fault with what
//! either of us says.

use lab::{Bellwether, Capture, Checksum, Keepalived, Net, capture};
use model::transition::State;

use crate::conf::{self, ADDRESS};

/// keepalived on `a`, better than ours on `b`, with one configuration but for the priority.
fn takes_over_and_gives_back(version: u8, more: &str) {
    let net = Net::new(&["a", "b"]);
    let (a, b) = (net.node("a"), net.node("b"));
    let capture = Capture::start(&net);
    let theirs = Keepalived::start(&a, &conf::keepalived(version, 150, more));
    theirs.becomes("web", "MASTER");
    let ours = Bellwether::start(&b, "keepalived.conf", &conf::keepalived(version, 100, more));
    ours.becomes("web", State::Backup);
    net.only_holder(ADDRESS, "a");

    // A crash: nobody says goodbye, and the dead one's address stays where it was.
    theirs.kill();
    ours.becomes("web", State::Master);
    assert!(b.holds(ADDRESS));
    a.ip(&["addr", "flush", "to", ADDRESS]);

    // It returns, and is better.
    let theirs = Keepalived::start(&a, &conf::keepalived(version, 150, more));
    theirs.becomes("web", "MASTER");
    ours.becomes("web", State::Backup);
    net.only_holder(ADDRESS, "a");

    // It leaves, and says so.
    theirs.stop();
    let found = ours.becomes("web", State::Master);
    assert!(
        found.cause.contains("priority 0"),
        "it waited for silence: {}",
        found.cause
    );
    net.only_holder(ADDRESS, "b");
    ours.stop();
    net.no_holder(ADDRESS);

    let packets = capture.finish(Checksum::PseudoHeader);
    both_said_the_same(&packets, version);
    let last = capture::adverts(&packets).last().expect("adverts");
    assert_eq!(
        (last.1.source.as_str(), last.1.priority),
        ("192.0.2.2", 0),
        "we leave with priority 0"
    );
    let announced = packets.iter().filter(|packet| {
        packet.mac == b.mac()
            && packet.what
                == capture::What::GratuitousArp {
                    address: ADDRESS.to_owned(),
                }
    });
    assert!(
        announced.count() >= 2,
        "we tell the segment each time that we become Master"
    );
}

/// Both sent adverts of one form.
fn both_said_the_same(packets: &[lab::Packet], version: u8) {
    for source in ["192.0.2.1", "192.0.2.2"] {
        let mut said = capture::adverts(packets)
            .filter(|(_, advert)| advert.source == source)
            .peekable();
        assert!(said.peek().is_some(), "nothing from {source}");
        for (_, advert) in said {
            let wanted = capture::Advert {
                source: source.to_owned(),
                destination: "224.0.0.18".to_owned(),
                hops: 255,
                version,
                vrid: 51,
                priority: advert.priority,
                addresses: vec![ADDRESS.to_owned()],
            };
            assert_eq!(*advert, wanted);
        }
    }
}

#[test]
fn version_2_takes_over_and_gives_back() {
    takes_over_and_gives_back(2, "");
}

#[test]
fn version_2_with_a_password_takes_over_and_gives_back() {
    takes_over_and_gives_back(2, "authentication {\n auth_type PASS\n auth_pass s3cret\n }");
}

// holds VRRP-002, VRRP-004
#[test]
fn version_3_takes_over_and_gives_back() {
    takes_over_and_gives_back(3, "");
}

/// The other way round: ours is better, leaves, crashes, and comes back.
fn hands_over_and_preempts(version: u8) {
    let net = Net::new(&["a", "b"]);
    let (a, b) = (net.node("a"), net.node("b"));
    let capture = Capture::start(&net);
    let theirs = Keepalived::start(&b, &conf::keepalived(version, 100, ""));
    theirs.becomes("web", "MASTER");
    let ours = Bellwether::start(&a, "keepalived.conf", &conf::keepalived(version, 150, ""));
    ours.becomes("web", State::Master);
    theirs.becomes("web", "BACKUP");
    net.only_holder(ADDRESS, "a");

    ours.stop();
    theirs.becomes("web", "MASTER");
    assert!(
        theirs.log().contains("priority 0"),
        "keepalived did not hear us leave:\n{}",
        theirs.log()
    );
    net.only_holder(ADDRESS, "b");

    let ours = Bellwether::start(&a, "keepalived.conf", &conf::keepalived(version, 150, ""));
    ours.becomes("web", State::Master);
    theirs.becomes("web", "BACKUP");
    ours.kill();
    theirs.becomes("web", "MASTER");

    // What a crash left on the interface is no reason to be Master, and no obstacle to becoming it.
    let ours = Bellwether::start(&a, "keepalived.conf", &conf::keepalived(version, 150, ""));
    ours.becomes("web", State::Master);
    theirs.becomes("web", "BACKUP");
    net.only_holder(ADDRESS, "a");
    drop(capture.finish(Checksum::PseudoHeader));
}

#[test]
fn version_2_hands_over_and_preempts() {
    hands_over_and_preempts(2);
}

#[test]
fn version_3_hands_over_and_preempts() {
    hands_over_and_preempts(3);
}
