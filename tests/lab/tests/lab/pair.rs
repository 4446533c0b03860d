//! Two of ours.

use lab::{Bellwether, Capture, Checksum, Net, capture};
use model::transition::State;

use crate::conf::{self, ADDRESS, ADDRESS6};

/// A Backup that has heard the Master.
fn hears(daemon: &Bellwether, instance: &str) {
    daemon.says("who is Master", |status| {
        status.instances.iter().find(|i| i.name == instance)?.master
    });
    daemon.becomes(instance, State::Backup);
}

fn start(net: &Net, name: &str, configuration: &str) -> Bellwether {
    Bellwether::start(&net.node(name), "bellwether.toml", configuration)
}

#[test]
fn the_better_one_is_master() {
    let net = Net::new(&["a", "b"]);
    let a = start(&net, "a", &conf::web(150, ""));
    let b = start(&net, "b", &conf::web(100, ""));
    let of_a = a.becomes("web", State::Master);
    assert_eq!((of_a.priority, of_a.vrid, of_a.version), (150, 51, 3));
    net.only_holder(ADDRESS, "a");
    let of_b = b.becomes("web", State::Backup);
    assert_eq!(
        b.says("who is Master", |s| s.instances.first()?.master)
            .to_string(),
        net.node("a").ipv4()
    );
    assert_eq!(of_b.addresses, of_a.addresses);
}

#[test]
fn equal_priorities_are_decided_by_the_higher_address() {
    let net = Net::new(&["a", "b"]);
    let a = start(&net, "a", &conf::web(100, ""));
    a.becomes("web", State::Master);
    let b = start(&net, "b", &conf::web(100, ""));
    // A Backup does not preempt its equal; only two Masters are decided by address.
    b.says("who is Master", |s| s.instances.first()?.master);
    hears(&b, "web");
    a.node().unplug();
    b.becomes("web", State::Master);
    a.node().plug();
    net.only_holder(ADDRESS, "b");
}

#[test]
fn a_crash_is_taken_over_and_a_return_preempts() {
    let net = Net::new(&["a", "b"]);
    let a = start(&net, "a", &conf::web(150, ""));
    a.becomes("web", State::Master);
    let b = start(&net, "b", &conf::web(100, ""));
    hears(&b, "web");
    a.kill();
    let found = b.becomes("web", State::Master);
    assert!(found.cause.contains("silent"), "{}", found.cause);
    assert!(net.node("b").holds(ADDRESS));
    let a = start(&net, "a", &conf::web(150, ""));
    a.becomes("web", State::Master);
    b.becomes("web", State::Backup);
    net.only_holder(ADDRESS, "a");
}

#[test]
fn without_preemption_a_return_takes_nothing() {
    let net = Net::new(&["a", "b"]);
    let conf = |priority| conf::web(priority, "preempt = false");
    let a = start(&net, "a", &conf(150));
    a.becomes("web", State::Master);
    let b = start(&net, "b", &conf(100));
    hears(&b, "web");
    a.kill();
    b.becomes("web", State::Master);
    // The address that the crash left behind goes, although its owner is only Backup.
    let a = start(&net, "a", &conf(150));
    a.says("who is Master", |s| s.instances.first()?.master);
    a.becomes("web", State::Backup);
    net.only_holder(ADDRESS, "b");
    b.stop();
    a.becomes("web", State::Master);
    net.only_holder(ADDRESS, "a");
}

// holds VRRP-130
#[test]
fn a_graceful_stop_hands_over_by_priority_0() {
    let net = Net::new(&["a", "b"]);
    let capture = Capture::start(&net);
    let a = start(&net, "a", &conf::web(150, ""));
    a.becomes("web", State::Master);
    let b = start(&net, "b", &conf::web(100, ""));
    hears(&b, "web");
    a.stop();
    let found = b.becomes("web", State::Master);
    assert!(found.cause.contains("priority 0"), "{}", found.cause);
    net.only_holder(ADDRESS, "b");
    drop(b);
    let packets = capture.finish(Checksum::MessageOnly);
    let left = capture::adverts(&packets).filter(|(_, advert)| advert.priority == 0);
    assert!(left.clone().count() > 0 && left.clone().all(|(_, advert)| advert.source == "192.0.2.1"));
}

#[test]
fn a_pulled_cable_is_a_fault_and_heals() {
    let net = Net::new(&["a", "b"]);
    let a = start(&net, "a", &conf::web(150, ""));
    a.becomes("web", State::Master);
    let b = start(&net, "b", &conf::web(100, ""));
    hears(&b, "web");
    a.node().unplug();
    let found = a.becomes("web", State::Fault);
    assert!(found.cause.contains("eth0"), "{}", found.cause);
    b.becomes("web", State::Master);
    net.only_holder(ADDRESS, "b");
    a.node().plug();
    a.becomes("web", State::Master);
    b.becomes("web", State::Backup);
    net.only_holder(ADDRESS, "a");
}

#[test]
fn an_interface_set_down_is_a_fault_and_heals() {
    let net = Net::new(&["a", "b"]);
    let a = start(&net, "a", &conf::web(150, ""));
    a.becomes("web", State::Master);
    let b = start(&net, "b", &conf::web(100, ""));
    hears(&b, "web");
    a.node().ip(&["link", "set", "dev", "eth0", "down"]);
    a.becomes("web", State::Fault);
    b.becomes("web", State::Master);
    a.node().ip(&["link", "set", "dev", "eth0", "up"]);
    a.becomes("web", State::Master);
    b.becomes("web", State::Backup);
    net.only_holder(ADDRESS, "a");
}

// holds VRRP-008, VRRP-010, VRRP-101
#[test]
fn ipv6_moves_as_ipv4_does() {
    let net = Net::new(&["a", "b"]);
    let capture = Capture::start(&net);
    let conf = |priority| {
        format!(
            "[instance.web6]\ninterface = \"eth0\"\nvrid = 51\npriority = {priority}\nadvert_interval = \"200ms\"\n\
             addresses = [\"fe80::100/64\", \"{ADDRESS6}/64\"]\n"
        )
    };
    let a = start(&net, "a", &conf(150));
    a.becomes("web6", State::Master);
    let b = start(&net, "b", &conf(100));
    hears(&b, "web6");
    net.only_holder(ADDRESS6, "a");
    a.stop();
    b.becomes("web6", State::Master);
    net.only_holder(ADDRESS6, "b");
    net.only_holder("fe80::100", "b");
    b.stop();
    let packets = capture.finish(Checksum::MessageOnly);
    let (_, first) = capture::adverts(&packets).next().expect("adverts");
    assert_eq!((first.destination.as_str(), first.hops), ("ff02::12", 255));
    assert_eq!(first.addresses, ["fe80::100", ADDRESS6]);
    let told = packets.iter().filter(|packet| {
        packet.mac == net.node("b").mac()
            && packet.what
                == capture::What::NeighbourAdvert {
                    address: ADDRESS6.to_owned(),
                }
    });
    assert!(
        told.count() >= 1,
        "an unsolicited neighbour advertisement tells of the move"
    );
}

// holds VRRP-015
#[test]
fn instances_on_one_interface_are_apart() {
    let net = Net::new(&["a", "b"]);
    let capture = Capture::start(&net);
    let one = |name: &str, vrid: u8, priority: u8, version: u8, addresses: &str| {
        let interval = if version == 2 { "1s" } else { "200ms" };
        format!(
            "[instance.{name}]\ninterface = \"eth0\"\nvrid = {vrid}\npriority = {priority}\nversion = {version}\n\
             advert_interval = \"{interval}\"\naddresses = [{addresses}]\n"
        )
    };
    let conf = |web: u8, mail: u8| {
        [
            one("web", 51, web, 3, "\"192.0.2.100/24\""),
            one("mail", 52, mail, 2, "\"192.0.2.101/24\", \"192.0.2.102/24\""),
            // The same number over IPv6 is another virtual router.
            one("web6", 51, mail, 3, "\"fe80::100/64\", \"2001:db8::100/64\""),
        ]
        .concat()
    };
    let a = start(&net, "a", &conf(150, 100));
    let b = start(&net, "b", &conf(100, 150));
    a.becomes("web", State::Master);
    b.becomes("mail", State::Master);
    b.becomes("web6", State::Master);
    a.becomes("mail", State::Backup);
    a.becomes("web6", State::Backup);
    b.becomes("web", State::Backup);
    for (address, name) in [
        ("192.0.2.100", "a"),
        ("192.0.2.101", "b"),
        ("192.0.2.102", "b"),
        ("2001:db8::100", "b"),
    ] {
        net.only_holder(address, name);
    }
    a.stop();
    b.becomes("web", State::Master);
    net.only_holder("192.0.2.100", "b");
    b.stop();
    let packets = capture.finish(Checksum::MessageOnly);
    let versions: std::collections::BTreeSet<_> = capture::adverts(&packets)
        .map(|(_, advert)| (advert.vrid, advert.version))
        .collect();
    assert_eq!(versions.into_iter().collect::<Vec<_>>(), [(51, 3), (52, 2)]);
}

/// Adverts with an HMAC: the pair moves as without, a stranger without the key is Master of nothing but its own node,
/// and it is told why it is not heard.
#[test]
fn adverts_with_an_hmac_are_the_only_ones_heard() {
    let hmac = |key: &str| {
        let text = format!("[instance.web.hmac]\nkeys = [{{ id = 1, key = \"{key}\" }}]\n");
        move |priority| conf::web(priority, &text)
    };
    let shared = hmac("0123456789abcdef0123456789abcdef");
    let net = Net::new(&["a", "b"]);
    let a = start(&net, "a", &shared(150));
    a.becomes("web", State::Master);
    let b = start(&net, "b", &shared(100));
    hears(&b, "web");
    net.only_holder(ADDRESS, "a");
    a.stop();
    let found = b.becomes("web", State::Master);
    assert!(found.cause.contains("priority 0"), "it waited: {}", found.cause);
    net.only_holder(ADDRESS, "b");
    // A router that begins anew is heard at once: its sequence is of the clock.
    let a = start(&net, "a", &shared(150));
    a.becomes("web", State::Master);
    hears(&b, "web");
    a.stop();
    b.becomes("web", State::Master);

    let stranger = start(&net, "a", &hmac("another key of thirty-two bytes.")(200));
    stranger.becomes("web", State::Master);
    b.says("that an HMAC is wrong", |status| {
        let counters = &status.instances.first()?.counters;
        counters
            .get("dropped_hmac_wrong")
            .filter(|count| **count >= 3)
            .copied()
    });
    b.becomes("web", State::Master);
}
