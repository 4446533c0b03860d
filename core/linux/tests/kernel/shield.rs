//! What `nft` reads back is what was meant; what a shielded address does with packets is seen in the laboratory.

use std::net::IpAddr;
use std::process::Command;

use insta::assert_snapshot;
use linux::presence::Presence;
use linux::shield::{apply, remove};
use model::effect::ShieldOrder;
use model::ids::OrderId;

use crate::bed;

fn order(addresses: &[&str]) -> ShieldOrder {
    let addresses: Vec<IpAddr> = addresses
        .iter()
        .map(|text| text.parse().expect("an address"))
        .collect();
    ShieldOrder {
        order: OrderId(1),
        addresses,
    }
}

/// Of this thread's namespace, which a child inherits.
fn listed() -> String {
    let output = Command::new("nft").args(["list", "ruleset"]).output();
    let output = output.expect("nft runs; packaging/set-up installs it");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

// holds VRRP-077, VRRP-127
#[test]
fn the_filter_is_what_was_meant() {
    bed::run(async |_| {
        apply(&order(&["192.0.2.100", "2001:db8::100"])).expect("made");
        assert_snapshot!(listed(), @r#"
        table inet bellwether {
        	set closed4 {
        		type ipv4_addr
        		elements = { 192.0.2.100 }
        	}

        	set closed6 {
        		type ipv6_addr
        		elements = { 2001:db8::100 }
        	}

        	chain input {
        		type filter hook input priority 200; policy accept;
        		iif "lo" accept
        		icmpv6 type nd-neighbor-solicit accept
        		icmpv6 type nd-neighbor-advert accept
        		ip daddr @closed4 drop
        		ip6 daddr @closed6 drop
        	}
        }
        "#);
        apply(&order(&["192.0.2.101"])).expect("replaced");
        let text = listed();
        assert!(
            text.contains("192.0.2.101") && !text.contains("192.0.2.100"),
            "{text}"
        );
        assert_eq!(text.matches("table ").count(), 1);
        apply(&order(&[])).expect("none wanted");
        assert_eq!(listed(), "");
        remove().expect("gone already");
    });
}

#[test]
fn thousands_of_addresses_fit() {
    bed::run(async |_| {
        let many: Vec<String> = (0..5000)
            .map(|i| format!("10.0.{}.{}", i / 256, i % 256))
            .collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        apply(&order(&many)).expect("made");
        assert!(listed().contains("10.0.19.135"));
        remove().expect("removed");
    });
}

#[test]
fn somebody_elses_table_stays() {
    bed::run(async |_| {
        let add = ["add", "table", "inet", "theirs"];
        assert!(
            Command::new("nft")
                .args(add)
                .status()
                .expect("nft runs")
                .success()
        );
        apply(&order(&["192.0.2.100"])).expect("made");
        remove().expect("removed");
        assert_snapshot!(listed(), @r#"
        table inet theirs {
        }
        "#);
    });
}

/// Two daemons may serve one network, and a firewall's other tables are nobody's.
#[test]
fn the_filter_of_a_living_daemon_stays_and_that_of_a_dead_one_goes() {
    bed::run_alone(async |_| {
        let _first = Presence::begin().expect("a number");
        apply(&order(&["192.0.2.100"])).expect("made");
        let second = Presence::begin().expect("another");
        apply(&order(&[])).expect("none wanted");
        assert!(listed().contains("192.0.2.100"), "the first one's: {}", listed());
        apply(&order(&["192.0.2.101"])).expect("made");
        assert!(listed().contains("table inet bellwether-2 {"), "{}", listed());
        assert_eq!(listed().matches("table ").count(), 2);
        remove().expect("removed");
        assert!(listed().contains("192.0.2.100"), "the first one's: {}", listed());
        apply(&order(&["192.0.2.101"])).expect("made");
        let _third = Presence::begin().expect("another");
        drop(second);
        apply(&order(&[])).expect("none wanted");
        assert!(!listed().contains("192.0.2.101"), "{}", listed());
        assert!(listed().contains("192.0.2.100"), "{}", listed());
    });
}
