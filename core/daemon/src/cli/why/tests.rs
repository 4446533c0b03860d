use std::collections::BTreeMap;

use super::*;
use crate::cli::status::tests::example;
use model::status::TrackerStatus;

fn why(status: &DaemonStatus, subject: &str) -> String {
    explanation(status, subject).expect("something bears this name")
}

#[test]
fn why_an_instance_is_what_it_is() {
    let mut status = example();
    status.trackers = vec![TrackerStatus {
        name: "haproxy".into(),
        state: "-254".into(),
        reason: "written at noon".into(),
    }];
    status.groups[0]
        .faults
        .push("web6: interface eth1 is down".into());
    status.instances[0].counters = BTreeMap::from([
        ("adverts_sent".into(), 9),
        ("adverts_refused".into(), 2),
        ("dropped_hop_limit".into(), 3),
        ("dropped_checksum".into(), 0),
    ]);
    insta::assert_snapshot!(why(&status, "web"), @r"
    web is Master for 1 min 15 s: the Master was silent for 361.0ms
      it cannot be Master: tracker haproxy says -254
      its priority is 1 = 100 base, +20 interface eth1, -200 tracker haproxy, kept from 1 to 254
      tracker haproxy is -254: written at noon
      its Master is 192.0.2.2
      the kernel refused to send 2 of its adverts since the start, and who hears none becomes Master as well: the log says why (`cannot send an advert`)
      3 advert(s) did not count since the start: hop limit
      it moves with group pair
      which cannot be Master: web6: interface eth1 is down
    ");
    status.instances[0].master = None;
    status.configuration.last_error = Some("unknown key\n".into());
    insta::assert_snapshot!(why(&status, "pair"), @r"
    group pair is Fault
    web is Master for 1 min 15 s: the Master was silent for 361.0ms
      it cannot be Master: tracker haproxy says -254
      its priority is 1 = 100 base, +20 interface eth1, -200 tracker haproxy, kept from 1 to 254
      tracker haproxy is -254: written at noon
      nobody is known to be its Master
      the kernel refused to send 2 of its adverts since the start, and who hears none becomes Master as well: the log says why (`cannot send an advert`)
      3 advert(s) did not count since the start: hop limit
    a newer configuration was refused, so this is of the one before:
    unknown key
    ");
}

#[test]
fn why_a_service_is_what_it_is() {
    let mut status = example();
    status.services[0].servers[2].held = true;
    status.services[0].servers[2].backup = true;
    let said = why(&status, "192.0.2.10:80");
    insta::assert_snapshot!(said, @r"
    tcp 192.0.2.10:80 is up: 2 of 3 server(s) are good
      10.0.0.11:80 is in the table with weight 3
        tcp says good: connected in 0.4 ms (9 verdict(s))
      10.0.0.12:80 is in the table with weight 0
        it drains, for 21 s at most
        tcp says good: connected in 0.4 ms (9 verdict(s))
      10.0.0.13:80 is not in the table
        it was taken out by hand; `bellwether enable` takes it in
        it is a backup: it serves while the others have no quorum
        tcp says failed: connection refused (9 verdict(s))
    ");
    assert_eq!(why(&status, "tcp 192.0.2.10:80"), said);
}

#[test]
fn what_there_is_not_is_told_with_what_there_is() {
    let mut status = example();
    status.configuration.last_error = Some("unknown key".into());
    assert_eq!(explanation(&status, "wbe"), None);
    insta::assert_snapshot!(known(&status), @"there is `web`, `pair`, `tcp 192.0.2.10:80`");
    status.instances.clear();
    status.groups.clear();
    status.services.clear();
    insta::assert_snapshot!(known(&status), @"nothing is configured");
}
