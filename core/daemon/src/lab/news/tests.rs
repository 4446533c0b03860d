use model::status::{CheckStatus, ServerStatus};

use super::*;

fn status(state: &str, generation: u32, error: Option<&str>, server_up: bool) -> DaemonStatus {
    let check = CheckStatus {
        plugin: "site".to_owned(),
        up: server_up,
        reason: "connection refused".to_owned(),
        generation,
        took_ms: 1.0,
        verdicts: 1,
        failures: 0,
    };
    let server = ServerStatus {
        server: "10.78.0.11:80".to_owned(),
        up: server_up,
        weight: server_up.then_some(1),
        backup: false,
        held: false,
        checks: vec![check],
        draining: None,
        traffic: None,
        changes: 0,
    };
    let plain = serde_json::json!({
        "version": "0", "node": "lb1", "uptime_s": 1, "worker_up": true,
        "configuration": { "paths": [], "generation": 1, "last_error": null },
        "instances": [{
            "name": "web", "interface": "front", "vrid": 51, "version": 3, "state": state, "since_s": 0.5,
            "cause": format!("why {state}"), "base_priority": 150, "priority": 150, "master": null,
            "addresses": [], "advert_interval_ms": 100, "counters": {}
        }],
        "groups": [], "trackers": [],
        "ipvs": { "available": true, "message": null, "messages": 0, "repairs": 0 },
        "services": [{ "service": "tcp 10.77.0.100:80", "up": true, "scheduler": "wrr", "servers": [server] }],
        "plugins": [{
            "name": "site", "runtime": "lua", "source": "site.lua", "generation": generation, "error": error,
            "calls": 1, "faults": 0
        }],
    });
    serde_json::from_value(plain).expect("it has the shape of a status")
}

fn told(before: Option<&DaemonStatus>, after: &DaemonStatus) -> Vec<String> {
    let events = compare(before, after, SystemTime::now());
    events
        .iter()
        .map(|event| format!("{}: {}", event.what, event.text))
        .collect()
}

#[test]
fn a_daemon_heard_for_the_first_time_tells_of_its_elections() {
    assert_eq!(
        told(None, &status("backup", 1, None, true)),
        ["Backup: why backup; priority 150"]
    );
}

#[test]
fn nothing_new_is_nothing_told() {
    let same = status("master", 1, None, true);
    assert!(told(Some(&same), &same).is_empty());
}

#[test]
fn each_difference_is_told_once() {
    let before = status("backup", 1, None, true);
    let cases = [
        (
            status("master", 1, None, true),
            "Master: why master; priority 150",
        ),
        (
            status("backup", 2, None, true),
            "plugin: site generation 2 serves",
        ),
        (
            status("backup", 1, Some("site.lua:4: bad"), true),
            "plugin: site generation 1 goes on serving: site.lua:4: bad",
        ),
        (
            status("backup", 1, None, false),
            "server: 10.78.0.11:80 is down: connection refused",
        ),
    ];
    for (after, words) in cases {
        assert_eq!(told(Some(&before), &after), [words]);
    }
}
