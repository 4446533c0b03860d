use model::status::{
    CheckStatus, ConfigurationStatus, ContributionStatus, DrainStatus, GroupStatus, IpvsStatus,
    ResourceStatus, ServerStatus, Standing, VersionStatus,
};
use model::transition::State;

use super::*;

fn version(generation: u32, digest: &str, standing: Standing) -> VersionStatus {
    VersionStatus {
        generation,
        digest: digest.into(),
        at: 3723,
        took_ms: 1.5,
        standing,
    }
}

fn server(address: &str, up: bool, draining: Option<DrainStatus>) -> ServerStatus {
    let check = CheckStatus {
        plugin: "tcp".into(),
        up,
        reason: if up {
            "connected in 0.4 ms".into()
        } else {
            "connection refused".into()
        },
        generation: 1,
        took_ms: 0.4,
        verdicts: 9,
        failures: 2,
    };
    let weight = up.then_some(if draining.is_some() { 0 } else { 3 });
    ServerStatus {
        server: address.into(),
        up,
        weight,
        backup: false,
        held: false,
        checks: vec![check],
        draining,
        traffic: None,
        changes: 1,
    }
}

fn resource(plugin: &str, wanted: bool, held: Option<bool>, error: Option<&str>) -> ResourceStatus {
    ResourceStatus {
        of: "instance web".into(),
        plugin: plugin.into(),
        wanted,
        held,
        step: None,
        failures: if error.is_some() { 3 } else { 0 },
        error: error.map(str::to_owned),
        applied: 2,
        undone: 0,
        lost: if held == Some(true) { 1 } else { 0 },
    }
}

/// A daemon with one of each.
pub(in crate::cli) fn example() -> DaemonStatus {
    DaemonStatus {
        version: "1.2.3".into(),
        node: "lb1".into(),
        uptime_s: 90_061,
        configuration: ConfigurationStatus {
            paths: vec!["/etc/bellwether/conf.d".into()],
            generation: 4,
            last_error: None,
        },
        instances: vec![InstanceStatus {
            name: "web".into(),
            interface: "eth0".into(),
            vrid: 51,
            version: 3,
            state: State::Master,
            since_s: 75.0,
            cause: "the Master was silent for 361.0ms".into(),
            base_priority: 100,
            priority: 1,
            contributions: [("interface eth1", 20), ("tracker haproxy", -200)]
                .map(|(of, by)| ContributionStatus { of: of.into(), by })
                .into(),
            faults: vec!["tracker haproxy says -254".into()],
            master: Some([192, 0, 2, 2].into()),
            addresses: vec!["192.0.2.10/24".into()],
            entries: vec!["route default via 192.0.2.1 dev eth0 table 100".into()],
            advert_interval_ms: 100,
            counters: Default::default(),
        }],
        groups: vec![GroupStatus {
            name: "pair".into(),
            state: State::Fault,
            members: vec!["web".into(), "web6".into()],
            faults: vec!["web: tracker haproxy says -254".into()],
        }],
        resources: vec![
            resource("cloud-address", true, Some(true), None),
            resource("route", false, None, Some("ip route del: exit code 2")),
        ],
        trackers: Vec::new(),
        ipvs: IpvsStatus {
            available: true,
            warnings: vec!["ip_forward is 0; run `sysctl -w net.ipv4.ip_forward=1`".into()],
            sync: vec!["master on eth1, id 51".into()],
            ..IpvsStatus::default()
        },
        services: vec![ServiceStatus {
            service: "tcp 192.0.2.10:80".into(),
            up: true,
            scheduler: "wlc".into(),
            servers: vec![
                server("10.0.0.11:80", true, None),
                server(
                    "10.0.0.12:80",
                    true,
                    Some(DrainStatus {
                        active: Some(7),
                        seconds_left: 21,
                    }),
                ),
                server("10.0.0.13:80", false, None),
            ],
            traffic: None,
            changes: 0,
        }],
        plugins: vec![PluginStatus {
            name: "site".into(),
            runtime: "lua".into(),
            source: "site.lua".into(),
            generation: 1,
            error: Some("rolled back to generation 1: generation 2 failed".into()),
            versions: vec![
                version(1, "0cc175b9c0f1", Standing::Good),
                version(2, "92eb5ffee6ae", Standing::RolledBack),
            ],
            rollbacks: 1,
            calls: 12,
            faults: 3,
            metrics: Default::default(),
            declared: None,
        }],
        worker_up: true,
    }
}

#[test]
fn a_status_for_people() {
    insta::assert_snapshot!(render(&example()), @r"
    bellwether 1.2.3 on lb1, up 1 d 1 h, configuration 4 from /etc/bellwether/conf.d
    web                  Master     for 1 min 15 s (the Master was silent for 361.0ms)
      VRID 51 on eth0, priority 1 = 100 base, +20 interface eth1, -200 tracker haproxy, kept from 1 to 254, Master 192.0.2.2, 192.0.2.10/24
      fault: tracker haproxy says -254
      route default via 192.0.2.1 dev eth0 table 100
    group pair           Fault      web, web6
      fault: web: tracker haproxy says -254
    resource cloud-address of instance web: held, lost once
    resource route       of instance web: to be given up, now unknown
      failed 3 times in a row: ip route del: exit code 2
    ipvs: ip_forward is 0; run `sysctl -w net.ipv4.ip_forward=1`
    ipvs synchronises as master on eth1, id 51
    tcp 192.0.2.10:80               up     wlc
      10.0.0.11:80                  up     weight 3          tcp: connected in 0.4 ms
      10.0.0.12:80                  up     weight 0          tcp: connected in 0.4 ms
        drains: 7 connection(s) left, 21 s at most
      10.0.0.13:80                  down   not in the table  tcp: connection refused
    plugin site          lua        generation 1, 12 calls, 3 faults (site.lua)
      the newest code does not serve: rolled back to generation 1: generation 2 failed
      generation 1    good         sha256 0cc175b9c0f1, since 01:02:03.000Z, tried for 1.5 ms
      generation 2    rolled back  sha256 92eb5ffee6ae, since 01:02:03.000Z, tried for 1.5 ms
    ");
}
