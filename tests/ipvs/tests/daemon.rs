//! The daemon as a load balancer, with traffic.

use std::time::Duration;

use ipvs::{daemon_binary, run_in_guest};

/// Runs a script with the daemon and the ends of its traffic; `held` things have to hold.
fn holds(script: &str, held: usize) {
    let daemon = daemon_binary();
    let daemon = daemon.to_str().expect("cargo's directories have names in UTF-8");
    let script = format!("{}{script}\nexit 0\n", include_str!("../scripts/common.sh"));
    let environment = [
        ("BELLWETHER", daemon),
        ("ENDS", env!("CARGO_BIN_EXE_traffic_end")),
    ];
    let lines = run_in_guest(&script, &environment, Duration::from_secs(480));
    let found = lines.iter().filter(|line| line.starts_with("ok ")).count();
    assert_eq!(found, held, "{lines:#?}");
}

#[test]
fn traffic_follows_the_health_of_real_servers() {
    holds(include_str!("../scripts/daemon.sh"), 20);
}

#[test]
fn every_kind_of_forwarding_carries_traffic() {
    holds(include_str!("../scripts/traffic.sh"), 32);
}

#[test]
fn streams_outlive_a_director_and_a_server_that_drains() {
    holds(include_str!("../scripts/failover.sh"), 18);
}

#[test]
fn an_instance_in_a_vrf_elects_through_it() {
    holds(include_str!("../scripts/vrf.sh"), 3);
}
