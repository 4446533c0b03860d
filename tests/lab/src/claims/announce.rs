//! How it tells of its addresses, and whether it takes what is sent to them.

use super::probe::Probe;
use super::{Finding, Verdict};
use crate::router::{Form, Wanted};

pub(super) fn arp() -> Finding {
    let probe = Probe::master(&Wanted::new(Form::V3, 100));
    let told = probe.seen(
        "arp.src.proto_ipv4 == 192.0.2.100 && arp.dst.proto_ipv4 == 192.0.2.100",
        &["arp.opcode", "arp.dst.hw_mac"],
    );
    let of = |n: usize| {
        told.first()
            .and_then(|row| row.get(n))
            .cloned()
            .unwrap_or_default()
    };
    let (opcode, target) = (of(0), of(1));
    Finding {
        sent: "nothing: it became Master".to_owned(),
        did: format!(
            "{} ARP packets of operation {opcode} with the target {target}",
            told.len()
        ),
        verdict: Verdict::of(&[opcode == "1", target == "ff:ff:ff:ff:ff:ff"]),
    }
}

pub(super) fn neighbour() -> Finding {
    let flags = |forwards: &str| {
        let probe = Probe::prepared(&Wanted::new(Form::V6, 100), |net| {
            net.node("a").sysctl("net/ipv6/conf/all/forwarding", forwards);
        });
        let fields = ["r", "s", "o"].map(|flag| format!("icmpv6.nd.na.flag.{flag}"));
        let told = probe.seen(
            "icmpv6.nd.na.target_address == 2001:db8::100",
            &fields.each_ref().map(String::as_str),
        );
        let set = |text: &String| if text == "1" || text == "True" { '1' } else { '0' };
        told.first()
            .map(|row| row.iter().map(set).collect::<String>())
            .unwrap_or_default()
    };
    let (still, forwarding) = (flags("0"), flags("1"));
    Finding {
        sent: "nothing: it became Master, on a host and on a router".to_owned(),
        did: format!("flags R, S, O: {still} on a host, {forwarding} on a router"),
        verdict: Verdict::of(&[still == "001", forwarding == "101"]),
    }
}

pub(super) fn accept() -> Finding {
    let answers = |more: &str| {
        let mut wanted = Wanted::new(Form::V3, 100);
        wanted.more = format!("    {more}");
        let probe = Probe::master(&wanted);
        let host = probe.net.node("host");
        (0..3).any(|_| host.pings("192.0.2.100"))
    };
    let (usual, not, strict) = (answers(""), answers("no_accept"), answers("strict_mode on"));
    let word = |answered| if answered { "answered" } else { "did not answer" };
    Finding {
        sent: "to the address of a Master that is no owner: ping".to_owned(),
        did: format!(
            "it {}; with no_accept it {}; with strict_mode it {}",
            word(usual),
            word(not),
            word(strict)
        ),
        verdict: Verdict::of(&[usual, !not, !strict]),
    }
}
