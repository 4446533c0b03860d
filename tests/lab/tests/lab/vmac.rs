//! Virtual routers with a link-layer address of their own, and what they accept.

use lab::bellwether::Part;
use lab::capture::What;
use lab::{Bellwether, Capture, Checksum, Keepalived, Net, Node, capture, process, until};
use model::transition::State;
use rustix::process::Signal;

use crate::conf::{self, ADDRESS, ADDRESS6};

pub(crate) const VMAC: &str = "00:00:5e:00:01:33";
pub(crate) const VMAC6: &str = "00:00:5e:00:02:33";
const DEVICE: &str = "vrrp.51";

fn start(net: &Net, name: &str, configuration: &str) -> Bellwether {
    Bellwether::start(&net.node(name), "bellwether.toml", configuration)
}

/// A Master `a` and a Backup `b` that has heard it.
fn pair(net: &Net, more: &str) -> (Bellwether, Bellwether) {
    let a = start(net, "a", &conf::web(150, more));
    a.becomes("web", State::Master);
    let b = start(net, "b", &conf::web(100, more));
    b.says("who is Master", |status| status.instances.first()?.master);
    b.becomes("web", State::Backup);
    (a, b)
}

/// Waits for an answer of `address`, and gives the link-layer address that gave it.
#[track_caller]
pub(crate) fn reached(host: &Node, address: &str) -> String {
    until(&format!("{address} to answer"), || {
        if host.pings(address) {
            Ok(())
        } else {
            Err("silence")
        }
    });
    host.neighbour(address).expect("it answered")
}

/// Settings that devices change on the interface below.
fn settings(node: &Node) -> Vec<String> {
    let names = ["arp_ignore", "arp_announce"];
    let read = |name| {
        let file = format!("/proc/sys/net/ipv4/conf/eth0/{name}");
        let said = node.command("cat").arg(file).output().expect("cat");
        String::from_utf8_lossy(&said.stdout).trim().to_owned()
    };
    names.map(read).to_vec()
}

#[track_caller]
fn has_nothing(node: &Node, before: &[String]) {
    until("the device to be gone, and the settings as before", || {
        let now = settings(node);
        if !node.has_interface(DEVICE) && now == before {
            Ok(())
        } else {
            Err(format!("{} {now:?}", node.has_interface(DEVICE)))
        }
    });
}

// holds VRRP-013, VRRP-091, VRRP-120, VRRP-140
#[test]
fn a_takeover_keeps_the_link_layer_address() {
    let net = Net::new(&["a", "b", "host"]);
    let host = net.node("host");
    let before = settings(&net.node("a"));
    let capture = Capture::start(&net);
    let (a, b) = pair(&net, "vmac = true");
    assert_eq!(reached(&host, ADDRESS), VMAC);

    a.kill();
    b.becomes("web", State::Master);
    assert_eq!(reached(&host, ADDRESS), VMAC, "the host learned nothing new");

    // What the crash left is taken over, and is silent until it is needed.
    let a = start(&net, "a", &conf::web(150, "vmac = true"));
    a.becomes("web", State::Master);
    b.becomes("web", State::Backup);
    net.only_holder(ADDRESS, "a");
    assert_eq!(reached(&host, ADDRESS), VMAC);

    let (node_a, node_b) = (a.node().clone(), b.node().clone());
    a.stop();
    has_nothing(&node_a, &before);
    b.becomes("web", State::Master);
    assert_eq!(reached(&host, ADDRESS), VMAC);
    b.stop();
    has_nothing(&node_b, &before);

    let packets = capture.finish(Checksum::MessageOnly);
    assert!(capture::adverts(&packets).count() > 0);
    for packet in &packets {
        match &packet.what {
            What::Advert(_) => assert_eq!(packet.mac, VMAC),
            What::GratuitousArp { address } if address == ADDRESS => assert_eq!(packet.mac, VMAC),
            What::GratuitousArp { .. } | What::NeighbourAdvert { .. } | What::Other => {}
        }
    }
}

/// Until a host knows the address by the virtual MAC. keepalived may answer with its own at first, and announces later.
fn tells(host: &Node) {
    until("the host to know the virtual MAC", || {
        let mac = reached(host, ADDRESS);
        if mac == VMAC { Ok(()) } else { Err(mac) }
    });
}

// holds VRRP-213
#[test]
fn the_link_layer_address_comes_and_goes_beside_keepalived() {
    let net = Net::new(&["a", "b", "host"]);
    let host = net.node("host");
    let conf = |priority| conf::keepalived(2, priority, "use_vmac");
    let ours = || Bellwether::start(&net.node("a"), "keepalived.conf", &conf(150));
    let a = ours();
    a.becomes("web", State::Master);
    let b = Keepalived::start(&net.node("b"), &conf(100));
    b.becomes("web", "BACKUP");
    assert_eq!(reached(&host, ADDRESS), VMAC);
    a.kill();
    b.becomes("web", "MASTER");
    tells(&host);
    let a = ours();
    a.becomes("web", State::Master);
    b.becomes("web", "BACKUP");
    net.only_holder(ADDRESS, "a");
    assert_eq!(reached(&host, ADDRESS), VMAC);
    a.stop();
    b.becomes("web", "MASTER");
    tells(&host);
}

// holds VRRP-103, VRRP-128
#[test]
fn frames_to_the_virtual_router_are_for_the_master_alone() {
    let net = Net::new(&["a", "b", "host"]);
    net.lay_second_link();
    let host = net.node("host");
    let (a, b) = pair(&net, "vmac = true");
    for node in [a.node(), b.node()] {
        let set = "echo 1 > /proc/sys/net/ipv4/ip_forward; \
                   for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $f; done";
        let done = node.command("sh").args(["-ec", set]).status();
        assert!(done.expect("sh").success());
    }
    // Beyond the virtual router: the second interface of b.
    host.ip(&[
        "route",
        "add",
        "198.51.100.2/32",
        "via",
        ADDRESS,
        "src",
        &host.ipv4(),
    ]);
    until("the Master to forward", || {
        if host.pings("198.51.100.2") {
            Ok(())
        } else {
            Err("silence")
        }
    });
    // A switch that sends the virtual router's frames to the Backup: nothing comes of them.
    let own = b.node().ipv4();
    let fdb = |to: &str| {
        let mut bridge = net.on_switch("bridge");
        let done = bridge
            .args(["fdb", "replace", VMAC, "dev", to, "master", "static"])
            .status();
        assert!(done.expect("bridge").success());
    };
    fdb("b");
    host.ip(&[
        "neigh",
        "replace",
        &own,
        "lladdr",
        VMAC,
        "dev",
        "eth0",
        "nud",
        "permanent",
    ]);
    assert!(!host.pings(&own), "the Backup took a frame to the virtual router");
    host.ip(&[
        "neigh",
        "replace",
        &own,
        "lladdr",
        &b.node().mac(),
        "dev",
        "eth0",
        "nud",
        "permanent",
    ]);
    until("the same in a frame to itself", || {
        if host.pings(&own) { Ok(()) } else { Err("silence") }
    });
}

// holds VRRP-077, VRRP-123, VRRP-127, VRRP-129
#[test]
fn what_is_not_accepted_is_dropped_but_for_neighbour_discovery() {
    let net = Net::new(&["a", "host"]);
    let host = net.node("host");
    let conf = |priority, accept| conf::both(priority, &format!("vmac = true\naccept = {accept}"));
    let a = start(&net, "a", &conf(150, false));
    a.becomes("web", State::Master);
    a.becomes("web6", State::Master);
    for (address, mac) in [(ADDRESS, VMAC), (ADDRESS6, VMAC6)] {
        until("the neighbour", || {
            assert!(!host.pings(address), "{address} was answered");
            match host.neighbour(address) {
                Some(found) if found == mac => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
    }
    // A firewall that is loaded anew takes the filter along, and gets it back.
    let flush = a.node().command("nft").args(["flush", "ruleset"]).status();
    assert!(flush.expect("nft").success());
    until("the filter to be back", || {
        if host.pings(ADDRESS) {
            Err("answered")
        } else {
            Ok(())
        }
    });
    for (priority, accept) in [(150, true), (255, false)] {
        a.node().write("bellwether.toml", &conf(priority, accept));
        assert!(a.reload().0);
        assert_eq!(reached(&host, ADDRESS), VMAC);
        assert_eq!(reached(&host, ADDRESS6), VMAC6);
    }
}

#[test]
fn what_a_dead_daemon_left_is_removed_by_who_comes_after() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let before = settings(&node);
    let a = start(&net, "a", &conf::web(150, "vmac = true"));
    a.becomes("web", State::Master);
    assert_ne!(settings(&node), before);
    a.kill();
    assert!(node.has_interface(DEVICE));
    let a = start(&net, "a", &conf::web(150, ""));
    a.becomes("web", State::Master);
    has_nothing(&node, &before);
}

#[test]
fn the_guardian_removes_it_for_a_router_that_cannot_be_kept() {
    let net = Net::new(&["a", "b"]);
    let before = settings(&net.node("a"));
    let (a, b) = pair(&net, "vmac = true\npreempt = false");
    until("b to take over from a router that dies again and again", || {
        if let Some(router) = a.find(Part::Router) {
            process::send(router, Signal::KILL);
        }
        match b.instance("web") {
            Ok(found) if found.state == State::Master && !a.node().has_interface(DEVICE) => Ok(()),
            Ok(found) => Err(found.state.to_string()),
            Err(error) => Err(error.to_string()),
        }
    });
    has_nothing(a.node(), &before);
}

/// Of an address on another interface, and of one beside others that have none.
#[test]
fn single_addresses_have_devices_of_their_own() {
    let net = Net::new(&["a", "host"]);
    let (node, host) = (net.node("a"), net.node("host"));
    node.ip(&["link", "add", "eth1", "type", "veth", "peer", "name", "far1"]);
    node.ip(&["link", "set", "far1", "up"]);
    node.ip(&["link", "set", "eth1", "up"]);
    let more = "    virtual_ipaddress_excluded {\n        198.51.100.100/24 dev eth1 use_vmac\n        \
                192.0.2.101/24 use_vmac\n    }";
    let toml = conf::web(
        150,
        "excluded = [{ address = \"198.51.100.100/24\", interface = \"eth1\", vmac = true }, \
         { address = \"192.0.2.101/24\", vmac = true }]",
    );
    let before = settings(&node);
    for (file, text) in [
        ("keepalived.conf", conf::keepalived(3, 150, more)),
        ("bellwether.toml", toml),
    ] {
        let daemon = Bellwether::start(&node, file, &text);
        daemon.becomes("web", State::Master);
        let on = |device: &str| {
            let mut show = node.command("ip");
            let said = show.args(["-d", "address", "show", "dev", device]).output();
            String::from_utf8_lossy(&said.expect("ip").stdout).into_owned()
        };
        for (device, below, address) in [
            ("vrrp.51.1", "eth1", "198.51.100.100"),
            ("vrrp.51.2", "eth0", "192.0.2.101"),
        ] {
            until(device, || {
                let found = on(device);
                let is_so = [VMAC, &format!("{device}@{below}"), address]
                    .iter()
                    .all(|word| found.contains(word));
                if is_so { Ok(()) } else { Err(found) }
            });
        }
        assert_eq!(reached(&host, "192.0.2.101"), VMAC);
        assert_eq!(reached(&host, ADDRESS), node.mac());
        // What a crash leaves is cleaned up by whoever comes next.
        daemon.kill();
        let daemon = Bellwether::start(&node, file, &text);
        daemon.becomes("web", State::Master);
        assert_eq!(reached(&host, "192.0.2.101"), VMAC);
        daemon.stop();
        for device in ["vrrp.51.1", "vrrp.51.2"] {
            assert!(!node.has_interface(device));
        }
        has_nothing(&node, &before);
    }
}
