//! What RFC 9568 asks of a router and the kernel does for us: that it does, with us on it.

use std::net::IpAddr;

use lab::stranger::{Message, Stranger};
use lab::{Asker, Bellwether, Capture, Net, until};
use model::net::Family;
use model::transition::State;

use crate::conf::{self, ADDRESS, ADDRESS6};

/// A router between two segments that forwards, and hears what it must not pass on.
// holds VRRP-003, VRRP-009
#[test]
fn adverts_do_not_leave_their_segment_whatever_their_ttl() {
    let net = Net::new(&["a", "r", "b"]);
    net.lay_second_link();
    let router = net.node("r");
    router.sysctl("net/ipv4/ip_forward", "1");
    router.sysctl("net/ipv6/conf/all/forwarding", "1");
    let configuration = format!(
        "{}\n[instance.six]\ninterface = \"eth0\"\nvrid = 51\naddresses = [\"fe80::51/64\"]\n",
        conf::web(100, "")
    );
    let daemon = Bellwether::start(&router, "bellwether.toml", &configuration);
    let beyond = Capture::start_on(&net, "br1");
    let strangers = [(Family::V4, ADDRESS), (Family::V6, "fe80::51")]
        .map(|(family, address)| (Stranger::on(&net.node("a"), family), Message::v3(200, &[address])));
    daemon.says("that both came, and one of each counted", |status| {
        // Said again and again: the daemon may not listen yet.
        for (stranger, message) in &strangers {
            for hops in [64, 255] {
                stranger.leave_hops(hops);
                stranger.says(message);
            }
        }
        let counted = |name, counter| {
            let mut all = status.instances.iter();
            let instance = all.find(|instance| instance.name == name)?;
            instance.counters.get(counter).copied()
        };
        for name in ["web", "six"] {
            counted(name, "adverts_received").filter(|heard| *heard > 0)?;
            counted(name, "dropped_hop_limit").filter(|dropped| *dropped > 0)?;
        }
        Some(())
    });
    // What is sent over there is seen, and comes after.
    until("an answer on the other side", || {
        router.pings("198.51.100.3").then_some(()).ok_or("none")
    });
    until("the answer in the capture", || {
        let seen = beyond.look("icmp.type == 0", &["ip.src"]);
        (!seen.is_empty()).then_some(()).ok_or("nothing was seen")
    });
    assert_eq!(
        beyond.look("vrrp", &["ip.src", "ipv6.src"]),
        Vec::<Vec<String>>::new()
    );
}

/// Who is named is heard with all its hops; who comes from further away, or is not named, is not.
// holds VRRP-244, VRRP-245
#[test]
fn over_unicast_peers_are_heard_and_nobody_else() {
    let net = Net::new(&["a", "b", "c"]);
    let (ours, peer, other) = (net.node("a"), net.node("b"), net.node("c"));
    let instance = |name: &str, address: &str, peer: &str| {
        format!(
            "[instance.{name}]\ninterface = \"eth0\"\nvrid = 51\naddresses = [\"{address}\"]\n\
             unicast = {{ peers = [\"{peer}\"] }}\n"
        )
    };
    let configuration = [
        instance("four", "192.0.2.100/24", &peer.ipv4()),
        instance("six", "fe80::51/64", &peer.link_local()),
    ];
    let daemon = Bellwether::start(&ours, "bellwether.toml", &configuration.concat());
    daemon.says("that it runs", |status| {
        (status.instances.len() == 2).then_some(())
    });
    for (family, address) in [(Family::V4, ADDRESS), (Family::V6, "fe80::51")] {
        let of = |node: &lab::Node| -> IpAddr {
            let text = match family {
                Family::V4 => node.ipv4(),
                Family::V6 => node.link_local(),
            };
            text.parse().expect("an address of the laboratory")
        };
        for (node, hops) in [(&other, 255), (&peer, 254), (&peer, 255)] {
            let stranger = Stranger::on(node, family);
            stranger.leave_hops(hops);
            let message = Message::v3(200, &[address]);
            stranger.sends(&message.bytes(of(node), of(&ours)), of(&ours));
        }
    }
    daemon.says("what became of each", |status| {
        status
            .instances
            .iter()
            .find_map(|instance| {
                let counted = |counter: &str| instance.counters.get(counter).copied().unwrap_or(0);
                let wanted = ["adverts_received", "dropped_hop_limit", "dropped_not_a_peer"];
                (wanted.map(counted) != [1; 3]).then_some(())
            })
            .is_none()
            .then_some(())
    });
}

// holds VRRP-122
#[test]
fn a_master_is_in_the_solicited_node_group_of_each_address() {
    let net = Net::new(&["a"]);
    let node = net.node("a");
    let configuration = "[instance.six]\ninterface = \"eth0\"\nvrid = 51\n\
                         addresses = [\"fe80::ab:cd51/64\", \"2001:db8::12:3456/64\"]\n";
    let groups = [
        "ff0200000000000000000001ffabcd51",
        "ff0200000000000000000001ff123456",
    ];
    let joined = || {
        let output = node.command("cat").arg("/proc/net/igmp6").output();
        let text = String::from_utf8_lossy(&output.expect("cat runs").stdout).into_owned();
        groups.map(|group| text.contains(group))
    };
    let becomes = |wanted: bool| {
        until("the groups", || match joined() {
            found if found == [wanted; 2] => Ok(()),
            found => Err(format!("{found:?}")),
        });
    };
    let daemon = Bellwether::start(&node, "bellwether.toml", configuration);
    daemon.becomes("six", State::Master);
    becomes(true);
    daemon.stop();
    becomes(false);
}

/// Whoever asks for the address hears its Master alone, and a packet that a switch sends to the Backup gets no answer.
// holds VRRP-100, VRRP-101, VRRP-104
#[test]
fn a_backup_is_silent_at_the_address() {
    let net = Net::new(&["a", "b", "host"]);
    let host = net.node("host");
    let a = Bellwether::start(&net.node("a"), "bellwether.toml", &conf::both(150, ""));
    let b = Bellwether::start(&net.node("b"), "bellwether.toml", &conf::both(100, ""));
    for (daemon, state) in [(&a, State::Master), (&b, State::Backup)] {
        daemon.becomes("web", state);
        daemon.becomes("web6", state);
    }
    for (daemon, instance) in [(&b, "web"), (&b, "web6")] {
        daemon.says("who is Master", |status| {
            let mut all = status.instances.iter();
            all.find(|found| found.name == instance)?.master
        });
    }
    net.only_holder(ADDRESS, "a");
    net.only_holder(ADDRESS6, "a");
    let capture = Capture::start(&net);
    let asker = Asker::start(&host, &[ADDRESS, ADDRESS6]);
    let told = [
        (
            format!("arp.opcode == 2 && arp.src.proto_ipv4 == {ADDRESS}"),
            "arp.src.hw_mac",
        ),
        (
            format!("icmpv6.type == 136 && icmpv6.nd.na.target_address == {ADDRESS6}"),
            "eth.src",
        ),
    ];
    let answers = || {
        told.each_ref()
            .map(|(filter, field)| capture.look(filter, &[field]))
    };
    while answers().iter().any(|some| some.len() < 200) {
        asker.asks(100);
    }
    drop(asker);
    for address in [ADDRESS, ADDRESS6] {
        until("the Master to answer", || {
            host.pings(address).then_some(()).ok_or("silence")
        });
        let mac = b.node().mac();
        let all = [
            "neigh",
            "replace",
            address,
            "lladdr",
            &mac,
            "dev",
            "eth0",
            "nud",
            "permanent",
        ];
        host.ip(&all);
        assert!(!host.pings(address), "the Backup answered at {address}");
    }
    // The questions are behind what is asked last, and what would be an answer to them.
    for address in [b.node().ipv4(), b.node().ipv6()] {
        until("the Backup's own answer", || {
            host.pings(&address).then_some(()).ok_or("silence")
        });
    }
    for some in answers() {
        assert!(some.iter().all(|row| *row == [a.node().mac()]), "{some:?}");
    }
}

// holds VRRP-211
#[test]
fn version_2_takes_nothing_for_the_address_where_it_is_not_to() {
    let net = Net::new(&["a", "host"]);
    let (node, host) = (net.node("a"), net.node("host"));
    let start = |more| Bellwether::start(&node, "keepalived.conf", &conf::keepalived(2, 150, more));
    let daemon = start("no_accept");
    let status = daemon.becomes("web", State::Master);
    assert_eq!(status.version, 2);
    until("the neighbour", || {
        assert!(!host.pings(ADDRESS), "it answered");
        host.neighbour(ADDRESS).ok_or("none")
    });
    daemon.stop();
    let daemon = start("accept");
    daemon.becomes("web", State::Master);
    until("an answer", || host.pings(ADDRESS).then_some(()).ok_or("silence"));
}

/// A host that forwards takes what is for the virtual address, and sends it nowhere.
// holds VRRP-155
#[test]
fn what_is_for_the_address_is_not_sent_on() {
    let net = Net::new(&["a", "r"]);
    net.lay_second_link();
    let (host, router) = (net.node("a"), net.node("r"));
    router.sysctl("net/ipv4/ip_forward", "1");
    let daemon = Bellwether::start(&router, "bellwether.toml", &conf::web(100, ""));
    daemon.becomes("web", State::Master);
    let (here, beyond) = (Capture::start(&net), Capture::start_on(&net, "br1"));
    until("an answer", || host.pings(ADDRESS).then_some(()).ok_or("none"));
    // The last that is seen on either side, so that all before it was.
    until("an answer on the other side", || {
        host.pings("198.51.100.2").then_some(()).ok_or("none")
    });
    let filter = format!("icmp.type == 8 && ip.dst == {ADDRESS}");
    let ids = |capture: &Capture| capture.look(&filter, &["icmp.ident", "icmp.seq"]);
    let asked = until("the question in the capture", || {
        let asked = ids(&here);
        if asked.is_empty() {
            Err("nothing was seen")
        } else {
            Ok(asked)
        }
    });
    let mut once = asked.clone();
    once.dedup();
    assert_eq!(asked, once, "a question was sent on where it came from");
    assert_eq!(ids(&beyond), Vec::<Vec<String>>::new());
}
