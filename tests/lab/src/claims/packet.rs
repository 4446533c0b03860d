//! Which packets it believes.

use super::probe::Probe;
use super::{Finding, Verdict};
use crate::keepalived::Keepalived;
use crate::net::Net;
use crate::router::{Form, Wanted};
use crate::stranger::Message;
use crate::wait::until;

const ADDRESS: &str = "192.0.2.100";

fn message_only(message: Message) -> Message {
    Message {
        pseudo_header: false,
        ..message
    }
}

pub(super) fn checksum() -> Finding {
    let probe = Probe::master(&Wanted::new(Form::V3, 100));
    let sent_with = probe.seen("vrrp.checksum.status == 1", &["vrrp.prio"]);
    let alone = probe.after(&message_only(Message::v3(200, &[ADDRESS])));
    let refused = probe.logged("Invalid VRRPv3 checksum");
    let with = probe.after(&Message::v3(200, &[ADDRESS]));
    let known = knows_message_only();
    Finding {
        sent: "to a Master, priority 200: first summed over the message alone, then with a pseudo-header"
            .to_owned(),
        did: format!(
            "its own {} adverts are summed with a pseudo-header; to the first it {alone} ({}), to the second it {with}; \
             {}",
            sent_with.len(),
            if refused {
                "\"Invalid VRRPv3 checksum\""
            } else {
                "and said nothing"
            },
            if known {
                "it knows v3_checksum_as_v2"
            } else {
                "it does not know v3_checksum_as_v2"
            },
        ),
        verdict: Verdict::of(&[
            !sent_with.is_empty() && refused && alone == "stayed MASTER" && with == "became BACKUP",
            known,
        ]),
    }
}

pub(super) fn wrong_checksum() -> Finding {
    let wrong = Message {
        checksum_error: 1,
        ..message_only(Message::v3(200, &[ADDRESS]))
    };
    let sent = "to a Master with v3_checksum_as_v2: priority 200 with a wrong checksum".to_owned();
    if !knows_message_only() {
        let probe = Probe::master(&Wanted::new(Form::V3, 100));
        let did = format!(
            "it does not know v3_checksum_as_v2; without it, it {}",
            probe.after(&wrong)
        );
        return Finding {
            sent,
            did,
            verdict: Verdict::NotThere,
        };
    }
    let probe = Probe::master(&Wanted::new(Form::V3MessageOnly, 100));
    let did = probe.after(&wrong);
    Finding {
        sent,
        verdict: Verdict::of(&[did != "stayed MASTER"]),
        did: format!("it {did}"),
    }
}

/// Whether this keepalived has the keyword.
fn knows_message_only() -> bool {
    let net = Net::new(&["a"]);
    let wanted = Wanted::new(Form::V3MessageOnly, 100);
    let daemon = Keepalived::start(&net.node("a"), &wanted.keepalived());
    until("a word of keepalived", || match daemon.log() {
        log if log.contains("v3_checksum_as_v2") => Ok(false),
        log if log.contains("Entering BACKUP") => Ok(true),
        log => Err(log),
    })
}

pub(super) fn unchecked() -> Finding {
    let probe = Probe::master(&Wanted::new(Form::V3, 100));
    let none = probe.after(&Message::v3(200, &[]));
    let at_once = probe.after(&Message {
        interval: [0, 0],
        ..Message::v3(200, &[ADDRESS])
    });
    drop(probe);
    let probe = Probe::master(&Wanted::new(Form::V2, 100));
    let none_v2 = probe.after(&Message::v2(200, &[]));
    drop(probe);
    let mut wanted = Wanted::new(Form::V6, 100);
    wanted.addresses = vec!["2001:db8::100/64".to_owned(), "fe80::100/64".to_owned()];
    let probe = Probe::master(&wanted);
    let global = probe.after(&Message::v3(200, &["2001:db8::100", "fe80::100"]));
    Finding {
        sent: "to a Master, priority 200: without addresses (version 3, then 2); with an interval of 0; over IPv6 with \
               the list 2001:db8::100 fe80::100, which is its own"
            .to_owned(),
        did: format!(
            "without addresses it {none} (version 3) and {none_v2} (version 2); with an interval of 0 it {at_once}; \
             with a global first address it {global}"
        ),
        verdict: Verdict::of(&[&none, &none_v2, &at_once, &global].map(|did| did != "stayed MASTER")),
    }
}

pub(super) fn another_list() -> Finding {
    let probe = Probe::master(&Wanted::new(Form::V2, 100));
    let count_v2 = probe.after(&Message::v2(200, &[ADDRESS, "192.0.2.101"]));
    let other_v2 = probe.after(&Message::v2(200, &["192.0.2.101"]));
    let said_v2 = probe.logged("expected");
    drop(probe);
    let probe = Probe::master(&Wanted::new(Form::V3, 100));
    let count = probe.after(&Message::v3(200, &[ADDRESS, "192.0.2.101"]));
    let other = probe.after(&Message::v3(200, &["192.0.2.101"]));
    let said = probe.logged("expected");
    Finding {
        sent: format!("to a Master of {ADDRESS}, priority 200: one address more, then another address"),
        did: format!(
            "version 2: to one more it {count_v2}, to another it {other_v2} (logged: {said_v2}); version 3: to one more \
             it {count}, to another it {other} (logged: {said})"
        ),
        verdict: Verdict::of(&[&count_v2, &other_v2, &count, &other].map(|did| did != "stayed MASTER")),
    }
}
