//! The daemon as a load balancer, with traffic.

use std::time::Duration;

use ipvs::{daemon_binary, run_in_guest};

#[test]
fn traffic_follows_the_health_of_real_servers() {
    let daemon = daemon_binary();
    let daemon = daemon.to_str().expect("cargo's directories have names in UTF-8");
    let script = include_str!("../scripts/daemon.sh");
    let lines = run_in_guest(script, &[("BELLWETHER", daemon)], Duration::from_secs(240));
    let held = lines.iter().filter(|line| line.starts_with("ok ")).count();
    assert_eq!(held, 16, "{lines:#?}");
}
