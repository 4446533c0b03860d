//! A virtual router has an address on the link, and its Master one of its own: hosts are told of the first alone.

use lab::bellwether::Part;
use lab::{Asker, Bellwether, Capture, Net, Node, until};
use model::transition::State;

use crate::conf::{self, ADDRESS, ADDRESS6, LINK_LOCAL6};
use crate::vmac::{VMAC, VMAC6, reached};

/// A network that only virtual routers are in: what is sent there leaves by their devices.
const INSIDE: &str = "198.18.0.100";
const INSIDE6: &str = "2001:db8:18::100";

fn start(net: &Net, name: &str, configuration: &str) -> Bellwether {
    Bellwether::start(&net.node(name), "bellwether.toml", configuration)
}

fn both_become(daemon: &Bellwether, state: State) {
    daemon.becomes("web", state);
    daemon.becomes("web6", state);
}

/// The switch sends what is for the virtual routers to that node.
#[track_caller]
fn leads_to(net: &Net, name: &str) {
    for mac in [VMAC, VMAC6] {
        until(&format!("{mac} behind the cable of {name}"), || {
            match net.learned(mac) {
                Some(port) if port == name => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
    }
}

/// Link-layer source of every frame that `filter` lets through, and the address that it names inside, if any.
fn told(capture: &Capture, filter: &str, names: &str) -> Vec<[String; 2]> {
    let rows = capture.look(filter, &["eth.src", names]);
    rows.into_iter()
        .map(|row| row.try_into().expect("two fields"))
        .collect()
}

/// Every one of `frames` comes from `mac`, and names no other inside.
#[track_caller]
fn all_name(frames: &[[String; 2]], mac: &str) {
    for [source, named] in frames {
        assert_eq!(source, mac);
        assert!(named.is_empty() || named == mac, "{named} is told from {mac}");
    }
}

/// Whatever the prefix of an address is.
// holds VRRP-121, VRRP-124, VRRP-143, VRRP-149
#[test]
fn whoever_asks_and_whenever_is_never_told_a_physical_address() {
    let net = Net::new(&["a", "b", "host"]);
    let capture = Capture::start(&net);
    let conf = |priority| {
        let text = conf::both(priority, "vmac = true");
        let text = text.replace("\"192.0.2.100/24\"", "\"192.0.2.100/24\", \"192.0.2.101/32\"");
        text.replace(
            "\"2001:db8::100/64\"",
            "\"2001:db8::100/64\", \"2001:db8::101/128\"",
        )
    };
    let all = [ADDRESS, "192.0.2.101", LINK_LOCAL6, ADDRESS6, "2001:db8::101"];
    let asker = Asker::start(&net.node("host"), &all);

    let a = start(&net, "a", &conf(150));
    both_become(&a, State::Master);
    let b = start(&net, "b", &conf(100));
    both_become(&b, State::Backup);
    let of = |address: &str| match address.contains(':') {
        false => format!("arp.src.proto_ipv4 == {address}"),
        true => format!("icmpv6.type == 136 && icmpv6.nd.na.target_address == {address}"),
    };
    let answers = |address: &str| {
        let answered = format!("{} && (arp.opcode == 2 || icmpv6.nd.na.flag.s == 1)", of(address));
        capture.look(&answered, &["frame.number"]).len()
    };
    while all.iter().any(|address| answers(address) < 1000) {
        asker.asks(500);
    }
    leads_to(&net, "a");

    // Its router dies and is started again; nobody takes over, or somebody does.
    a.kill_part(Part::Router);
    both_become(&a, State::Master);
    asker.asks(100);
    leads_to(&net, "a");
    // All of it dies, with its addresses on.
    a.kill();
    both_become(&b, State::Master);
    asker.asks(100);
    leads_to(&net, "b");
    let a = start(&net, "a", &conf(150));
    both_become(&a, State::Master);
    asker.asks(100);
    // The cable is pulled and put back.
    a.node().unplug();
    both_become(&b, State::Master);
    asker.asks(100);
    a.node().plug();
    both_become(&a, State::Master);
    asker.asks(100);
    leads_to(&net, "a");
    a.stop();
    asker.asks(100);
    leads_to(&net, "b");
    // The owner of the addresses comes back, while another one answers for them.
    let a = start(&net, "a", &conf(255));
    both_become(&a, State::Master);
    asker.asks(100);
    leads_to(&net, "a");
    drop(asker);

    for address in all {
        match address.contains(':') {
            false => all_name(&told(&capture, &of(address), "arp.src.hw_mac"), VMAC),
            true => all_name(&told(&capture, &of(address), "icmpv6.opt.linkaddr"), VMAC6),
        }
    }
}

/// Networks that only the virtual routers are in, and a host that has its way out by them.
fn inside(net: &Net) -> (Bellwether, Node) {
    let (node, host) = (net.node("a"), net.node("host"));
    node.sysctl("net/ipv4/ip_forward", "1");
    node.sysctl("net/ipv6/conf/all/forwarding", "1");
    let configuration = conf::both(150, "vmac = true")
        .replace(
            &format!("\"{ADDRESS}/24\""),
            &format!("\"{ADDRESS}/24\", \"{INSIDE}/24\""),
        )
        .replace(
            &format!("\"{ADDRESS6}/64\""),
            &format!("\"{ADDRESS6}/64\", \"{INSIDE6}/64\""),
        );
    let daemon = start(net, "a", &configuration);
    both_become(&daemon, State::Master);
    host.ip(&["addr", "add", "198.18.0.3/24", "dev", "eth0"]);
    host.ip(&["addr", "add", "2001:db8:18::3/64", "dev", "eth0", "nodad"]);
    for address in [INSIDE, INSIDE6] {
        reached(&host, address);
    }
    (daemon, host)
}

// holds VRRP-125
#[test]
fn what_the_master_asks_through_its_device_names_the_virtual_router() {
    let net = Net::new(&["a", "host"]);
    let (daemon, _) = inside(&net);
    let capture = Capture::start(&net);
    for (device, host) in [("vrrp.51", "198.18.0.3"), ("vrrp6.51", "2001:db8:18::3")] {
        daemon.node().ip(&["neigh", "flush", "dev", device]);
        until("the host to answer", || {
            daemon.node().pings(host).then_some(()).ok_or("silence")
        });
    }
    for (filter, names, mac) in [
        (
            "arp.opcode == 1 && arp.dst.proto_ipv4 == 198.18.0.3",
            "arp.src.hw_mac",
            VMAC,
        ),
        (
            "icmpv6.nd.ns.target_address == 2001:db8:18::3",
            "icmpv6.opt.linkaddr",
            VMAC6,
        ),
    ] {
        let asked = until("the question in the capture", || {
            let asked = told(&capture, filter, names);
            (!asked.is_empty()).then_some(asked).ok_or("none")
        });
        assert!(asked.iter().all(|[_, named]| named == mac), "{asked:?}");
    }
}

/// A host is told of a better way only by the address that it used.
// holds VRRP-142, VRRP-148
#[test]
fn redirects_come_from_the_virtual_router() {
    let net = Net::new(&["a", "host"]);
    let (daemon, host) = inside(&net);
    let node = daemon.node();
    let capture = Capture::start(&net);
    // Beyond two routers of the same segment: one in the network of the interface, one in that of the device.
    for (there, by, device, gateway) in [
        ("203.0.113.0/24", "192.0.2.9", "eth0", ADDRESS),
        ("198.51.100.0/24", "198.18.0.9", "vrrp.51", INSIDE),
        ("2001:db8:1::/64", "2001:db8::9", "eth0", LINK_LOCAL6),
        ("2001:db8:2::/64", "fe80::9", "vrrp6.51", LINK_LOCAL6),
    ] {
        node.ip(&["route", "add", there, "via", by, "dev", device]);
        let mac = ["lladdr", "02:00:00:00:00:09", "dev", device, "nud", "permanent"];
        node.ip(&[&["neigh", "replace", by], &mac[..]].concat());
        host.ip(&["route", "add", there, "via", gateway, "dev", "eth0"]);
    }
    let redirected = "(icmp.type == 5 || icmpv6.type == 137)";
    for (to, from) in [
        ("198.51.100.1", Some(INSIDE)),
        ("203.0.113.1", None),
        ("2001:db8:2::1", Some(LINK_LOCAL6)),
        ("2001:db8:1::1", None),
    ] {
        let address = if to.contains(':') { "ipv6" } else { "ip" };
        until(&format!("what is for {to} to go on, and a redirect"), || {
            // Nobody is there.
            host.pings(to);
            let passed = format!("eth.dst == 02:00:00:00:00:09 && {address}.dst == {to}");
            let told = from.map_or_else(String::new, |from| {
                format!("{address}.src == {from} && {redirected}")
            });
            let seen =
                |filter: &str| filter.is_empty() || !capture.look(filter, &["frame.number"]).is_empty();
            (seen(&passed) && seen(&told)).then_some(()).ok_or("not yet")
        });
    }
    let others =
        format!("{redirected} && !(ip.src == {INSIDE} && icmp.type == 5) && !(ipv6.src == {LINK_LOCAL6})");
    assert_eq!(
        capture.look(&others, &["ip.src", "ipv6.src"]),
        Vec::<Vec<String>>::new()
    );
}

/// Unicast is how adverts travel; hosts see no difference.
// holds VRRP-247
#[test]
fn over_unicast_hosts_are_told_the_same_address() {
    let net = Net::new(&["a", "b", "host"]);
    let (host, capture) = (net.node("host"), Capture::start(&net));
    let conf = |priority, peer: &str| {
        let more = format!("vmac = true\nunicast = {{ peers = [\"{peer}\"] }}");
        conf::web(priority, &more)
    };
    let a = start(&net, "a", &conf(150, &net.node("b").ipv4()));
    a.becomes("web", State::Master);
    let b = start(&net, "b", &conf(100, &net.node("a").ipv4()));
    b.says("who is Master", |status| status.instances.first()?.master);
    assert_eq!(reached(&host, ADDRESS), VMAC);
    a.kill();
    b.becomes("web", State::Master);
    assert_eq!(reached(&host, ADDRESS), VMAC, "the host learned nothing new");
    let told = told(
        &capture,
        &format!("arp.src.proto_ipv4 == {ADDRESS}"),
        "arp.src.hw_mac",
    );
    assert!(!told.is_empty());
    all_name(&told, VMAC);
}
