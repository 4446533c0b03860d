//! The laboratory itself, with keepalived on both sides: what it claims of us is only worth something if it can tell.

use lab::capture::{self, What};
use lab::{Capture, Checksum, Keepalived, Net};

use crate::conf;

#[test]
fn it_sees_what_keepalived_does() {
    let net = Net::new(&["a", "b"]);
    let capture = Capture::start(&net);
    let a = Keepalived::start(&net.node("a"), &conf::keepalived(3, 150, ""));
    a.becomes("web", "MASTER");
    let b = Keepalived::start(&net.node("b"), &conf::keepalived(3, 100, ""));
    b.becomes("web", "BACKUP");
    net.only_holder(conf::ADDRESS, "a");
    a.stop();
    b.becomes("web", "MASTER");
    net.only_holder(conf::ADDRESS, "b");
    let packets = capture.finish(Checksum::PseudoHeader);
    let left = capture::adverts(&packets).find(|(_, advert)| advert.priority == 0);
    assert_eq!(
        left.map(|(packet, _)| packet.mac.as_str()),
        Some("02:00:00:00:00:01")
    );
    let announced = packets.iter().filter(|packet| {
        packet.mac == "02:00:00:00:00:02"
            && packet.what
                == What::GratuitousArp {
                    address: conf::ADDRESS.to_owned(),
                }
    });
    assert!(announced.count() >= 1, "{packets:?}");
}
