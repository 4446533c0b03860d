use std::collections::BTreeMap;

use insta::assert_snapshot;
use linux::tables::{Change, Done, Tables};
use model::ids::LinkIndex;
use model::net::Family;
use model::route::{
    Entry, Hop, Metric, MetricValue, PROTOCOL, Route, RouteKind, Rule, RuleAction, TABLE_MAIN,
};

use crate::bed;

fn route(destination: &str, hops: Vec<Hop<LinkIndex>>) -> Route<LinkIndex> {
    Route {
        destination: destination.parse().expect("a network"),
        kind: if hops.is_empty() {
            RouteKind::Blackhole
        } else {
            RouteKind::Unicast
        },
        table: TABLE_MAIN,
        metric: None,
        protocol: PROTOCOL,
        scope: None,
        source: None,
        tos: 0,
        hops,
        metrics: BTreeMap::new(),
        untracked: false,
    }
}

fn hop(via: &str, link: Option<LinkIndex>) -> Hop<LinkIndex> {
    Hop {
        via: Some(via).filter(|via| !via.is_empty()).map(bed::ip),
        link,
        weight: 1,
        onlink: false,
    }
}

fn rule(family: Family, priority: u32, action: RuleAction) -> Rule {
    Rule {
        family,
        priority,
        inverted: false,
        from: None,
        to: None,
        iif: None,
        oif: None,
        tos: 0,
        mark: None,
        ip_protocol: None,
        source_ports: None,
        destination_ports: None,
        users: None,
        suppress_prefix_length: None,
        action,
        protocol: PROTOCOL,
        untracked: false,
    }
}

/// Every kind of entry that a plan can hold.
fn all(link: LinkIndex) -> Vec<Entry<LinkIndex>> {
    let metric = |value, locked| MetricValue { value, locked };
    let simple = route("10.9.0.0/16", vec![hop("10.0.0.1", Some(link))]);
    let routes = [
        simple.clone(),
        Route {
            table: 1000,
            metric: Some(7),
            source: Some(bed::ip("10.0.0.2")),
            metrics: BTreeMap::from([
                (Metric::Mtu, metric(1400, true)),
                (Metric::Advmss, metric(1360, false)),
                (Metric::Hoplimit, metric(9, false)),
            ]),
            ..route("0.0.0.0/0", vec![hop("10.0.0.1", None)])
        },
        route("10.8.0.0/16", vec![hop("", Some(link))]),
        Route {
            scope: Some(0),
            tos: 0x10,
            protocol: 4,
            ..route("10.7.0.0/16", vec![hop("", Some(link))])
        },
        route(
            "10.6.0.0/16",
            vec![
                hop("10.0.0.1", Some(link)),
                Hop {
                    weight: 256,
                    ..hop("10.0.0.9", Some(link))
                },
            ],
        ),
        route(
            "10.5.0.0/16",
            vec![Hop {
                onlink: true,
                ..hop("192.0.2.1", Some(link))
            }],
        ),
        route("10.4.0.0/16", vec![]),
        Route {
            kind: RouteKind::Unreachable,
            ..route("10.3.0.0/16", vec![])
        },
        Route {
            kind: RouteKind::Prohibit,
            ..route("10.2.0.0/16", vec![])
        },
        Route {
            kind: RouteKind::Throw,
            table: 1000,
            ..route("10.1.0.0/16", vec![])
        },
        route("10.10.0.0/16", vec![hop("2001:db8::1", Some(link))]),
        route("2001:db8:9::/48", vec![hop("2001:db8::1", Some(link))]),
        Route {
            table: 1000,
            metric: Some(7),
            source: Some(bed::ip("2001:db8::2")),
            ..route("::/0", vec![hop("2001:db8::1", None)])
        },
        route("2001:db8:8::/48", vec![]),
        Route {
            kind: RouteKind::Prohibit,
            ..route("2001:db8:7::/48", vec![])
        },
        route(
            "2001:db8:6::/48",
            vec![hop("2001:db8::1", Some(link)), hop("2001:db8::9", Some(link))],
        ),
    ];
    let v4 = |priority| rule(Family::V4, priority, RuleAction::Lookup(1000));
    let net = |text: &str| Some(text.parse().expect("a network"));
    let rules = [
        v4(100),
        Rule {
            from: net("10.0.0.0/24"),
            to: net("10.9.0.0/16"),
            inverted: true,
            ..v4(101)
        },
        Rule {
            iif: Some("a".into()),
            oif: Some("nowhere".into()),
            tos: 0x10,
            ..v4(102)
        },
        Rule {
            mark: Some((0x10, 0xff)),
            ip_protocol: Some(6),
            source_ports: Some((1, 1023)),
            destination_ports: Some((80, 80)),
            users: Some((0, 1000)),
            ..v4(103)
        },
        Rule {
            suppress_prefix_length: Some(0),
            ..rule(Family::V4, 104, RuleAction::Lookup(TABLE_MAIN))
        },
        rule(Family::V4, 105, RuleAction::Goto(100_000)),
        rule(Family::V4, 106, RuleAction::Nop),
        rule(Family::V4, 107, RuleAction::Blackhole),
        rule(Family::V4, 108, RuleAction::Unreachable),
        rule(Family::V4, 109, RuleAction::Prohibit),
        Rule {
            from: net("2001:db8::/64"),
            ..rule(Family::V6, 100, RuleAction::Lookup(1000))
        },
    ];
    let routes = routes.into_iter().map(Entry::Route);
    routes.chain(rules.into_iter().map(Entry::Rule)).collect()
}

fn add(entry: &Entry<LinkIndex>) -> Result<Done, String> {
    bed::change(Change::AddEntry(entry))
}

fn remove(entry: &Entry<LinkIndex>) -> Result<Done, String> {
    bed::change(Change::RemoveEntry(entry))
}

async fn wired(handle: &rtnetlink::Handle) -> bed::Wire {
    let wire = bed::wire(handle, "a", "b").await;
    bed::put(handle, wire.left, "10.0.0.2", 24).await;
    bed::put(handle, wire.left, "2001:db8::2", 64).await;
    wire
}

#[test]
fn entries_go_in_and_out_and_again() {
    bed::run(async |handle| {
        let wire = wired(&handle).await;
        for entry in all(wire.left) {
            for _ in 0..2 {
                assert_eq!(add(&entry), Ok(Done::Now), "{entry}");
                assert_eq!(add(&entry), Ok(Done::Before), "{entry}");
                assert_eq!(remove(&entry), Ok(Done::Now), "{entry}");
                assert_eq!(remove(&entry), Ok(Done::Before), "{entry}");
            }
        }
    });
}

#[test]
fn the_kernel_has_what_was_ordered() {
    bed::run(async |handle| {
        let wire = wired(&handle).await;
        let all = all(wire.left);
        let changes: Vec<Change<'_>> = all.iter().map(Change::AddEntry).collect();
        let results = Tables::open().expect("rtnetlink").apply(&changes);
        assert_eq!(results, vec![Ok(Done::Now); all.len()]);
        assert_snapshot!(bed::ip_says(&["-4", "route", "show", "table", "all", "proto", "18"]), @r"
        default via 10.0.0.1 dev a table 1000 src 10.0.0.2 metric 7 mtu lock 1400 advmss 1360 hoplimit 9
        throw 10.1.0.0/16 table 1000
        prohibit 10.2.0.0/16
        unreachable 10.3.0.0/16
        blackhole 10.4.0.0/16
        10.5.0.0/16 via 192.0.2.1 dev a onlink
        10.6.0.0/16
        	nexthop via 10.0.0.1 dev a weight 1
        	nexthop via 10.0.0.9 dev a weight 256
        10.8.0.0/16 dev a scope link
        10.9.0.0/16 via 10.0.0.1 dev a
        10.10.0.0/16 via inet6 2001:db8::1 dev a
        ");
        assert_snapshot!(bed::ip_says(&["-6", "route", "show", "table", "all", "proto", "18"]), @r"
        default via 2001:db8::1 dev a table 1000 src 2001:db8::2 metric 7 pref medium
        2001:db8:6::/48 metric 1024 pref medium
        	nexthop via 2001:db8::1 dev a weight 1
        	nexthop via 2001:db8::9 dev a weight 1
        prohibit 2001:db8:7::/48 dev lo metric 1024 pref medium
        blackhole 2001:db8:8::/48 dev lo metric 1024 pref medium
        2001:db8:9::/48 via 2001:db8::1 dev a metric 1024 pref medium
        ");
        assert_snapshot!(bed::ip_says(&["-4", "rule", "show"]), @r"
        0:	from all lookup local
        100:	from all lookup 1000 proto keepalived
        101:	not from 10.0.0.0/24 to 10.9.0.0/16 lookup 1000 proto keepalived
        102:	from all tos 0x10 iif a oif nowhere [detached] lookup 1000 proto keepalived
        103:	from all fwmark 0x10/0xff uidrange 0-1000 ipproto tcp sport 1-1023 dport 80 lookup 1000 proto keepalived
        104:	from all lookup main suppress_prefixlength 0 proto keepalived
        105:	from all goto 100000 [unresolved] proto keepalived
        106:	from all nop proto keepalived
        107:	from all blackhole proto keepalived
        108:	from all unreachable proto keepalived
        109:	from all prohibit proto keepalived
        32766:	from all lookup main
        32767:	from all lookup default
        ");
        assert_snapshot!(bed::ip_says(&["-6", "rule", "show"]), @r"
        0:	from all lookup local
        100:	from 2001:db8::/64 lookup 1000 proto keepalived
        32766:	from all lookup main
        ");
    });
}

#[test]
fn somebody_elses_routes_are_left_alone() {
    bed::run(async |handle| {
        let wire = wired(&handle).await;
        let ours = Entry::Route(route("10.9.0.0/16", vec![hop("10.0.0.1", Some(wire.left))]));
        bed::ip_says(&[
            "route",
            "add",
            "10.9.0.0/16",
            "via",
            "10.0.0.9",
            "proto",
            "static",
        ]);
        remove(&ours).expect("ours is not there");
        assert_eq!(add(&ours), Ok(Done::Now));
        // Ours is the one that is used.
        assert_snapshot!(bed::ip_says(&["route", "show", "10.9.0.0/16"]), @r"
        10.9.0.0/16 via 10.0.0.1 dev a proto keepalived
        10.9.0.0/16 via 10.0.0.9 dev a proto static
        ");
        remove(&ours).expect("taken out");
        assert_snapshot!(bed::ip_says(&["route", "show", "10.9.0.0/16"]), @"10.9.0.0/16 via 10.0.0.9 dev a proto static");
    });
}

#[test]
fn refusals_say_what_and_the_cure() {
    bed::run(async |handle| {
        let wire = wired(&handle).await;
        let mut refused = String::new();
        let far = route("10.9.0.0/16", vec![hop("192.0.2.1", Some(wire.left))]);
        let gone = route("10.9.0.0/16", vec![hop("", Some(LinkIndex(77)))]);
        let foreign = Route {
            source: Some(bed::ip("10.0.0.77")),
            ..route("10.9.0.0/16", vec![hop("10.0.0.1", Some(wire.left))])
        };
        for route in [far, gone.clone(), foreign] {
            let error = add(&Entry::Route(route)).expect_err("refused");
            refused.push_str(&format!("{error}\n"));
        }
        assert_snapshot!(refused, @r"
        cannot add route 10.9.0.0/16 via 192.0.2.1 dev a: network is unreachable; no interface has a net with the next hop in it (onlink says that one has)
        cannot add route 10.9.0.0/16 dev interface 77: no such device; the interface is gone
        cannot add route 10.9.0.0/16 via 10.0.0.1 dev a src 10.0.0.77: invalid argument; an address of this host is needed as its source, and no host bits in a prefix
        ");
        remove(&Entry::Route(gone)).expect("gone is gone");
    });
}
