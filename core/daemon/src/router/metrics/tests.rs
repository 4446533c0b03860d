use std::collections::BTreeSet;

use insta::assert_snapshot;
use model::ipvs::{Counters, ServerCounters};
use model::status::{
    CheckStatus, ConfigurationStatus, GroupStatus, InstanceStatus, IpvsStatus, ServerStatus, ServiceStatus,
};
use model::transition::State;

use super::*;

fn instance() -> InstanceStatus {
    let counters = [
        ("adverts_sent", 10),
        ("late_ms_max", 7),
        ("dropped_checksum", 2),
        ("dropped_hop_limit", 1),
    ];
    InstanceStatus {
        name: "web".into(),
        interface: "eth0".into(),
        vrid: 51,
        version: 3,
        state: State::Master,
        since_s: 75.5,
        cause: String::new(),
        base_priority: 100,
        priority: 120,
        contributions: Vec::new(),
        faults: Vec::new(),
        master: None,
        addresses: Vec::new(),
        entries: Vec::new(),
        advert_interval_ms: 10,
        counters: counters.map(|(name, count)| (name.to_owned(), count)).into(),
    }
}

fn server() -> ServerStatus {
    let counters = Counters {
        connections: 5_000_000_000,
        packets_in: 2,
        packets_out: 3,
        bytes_in: 4,
        bytes_out: u64::MAX,
    };
    let check = CheckStatus {
        plugin: "tcp".into(),
        up: true,
        reason: String::new(),
        generation: 1,
        took_ms: 0.5,
        verdicts: 9,
        failures: 2,
    };
    ServerStatus {
        server: "10.0.0.11:80".into(),
        up: true,
        weight: Some(3),
        checks: vec![check],
        backup: false,
        held: true,
        draining: None,
        traffic: Some(ServerCounters {
            counters,
            active: 6,
            inactive: 7,
            persistent: 8,
        }),
        changes: 4,
    }
}

fn status() -> DaemonStatus {
    let absent = ServerStatus {
        server: "10.0.0.12:80".into(),
        up: false,
        weight: None,
        checks: Vec::new(),
        traffic: None,
        ..server()
    };
    let tracker = |name: &str, state: &str| TrackerStatus {
        name: name.into(),
        state: state.into(),
        reason: String::new(),
    };
    DaemonStatus {
        version: "1.2.3".into(),
        node: "lb\"1\\\n".into(),
        uptime_s: 60,
        configuration: ConfigurationStatus {
            paths: Vec::new(),
            generation: 4,
            last_error: Some("no".into()),
        },
        instances: vec![instance()],
        groups: vec![GroupStatus {
            name: "pair".into(),
            state: State::Fault,
            members: Vec::new(),
            faults: Vec::new(),
        }],
        resources: vec![ResourceStatus {
            of: "group pair".into(),
            plugin: "route".into(),
            wanted: true,
            held: None,
            step: None,
            failures: 2,
            error: Some("no".into()),
            applied: 3,
            undone: 4,
            lost: 5,
        }],
        trackers: vec![tracker("nginx", "failed"), tracker("load", "-7")],
        ipvs: IpvsStatus {
            available: true,
            repairs: 1,
            sysctls: [("conntrack".to_owned(), 1)].into(),
            ..IpvsStatus::default()
        },
        services: vec![ServiceStatus {
            service: "tcp 192.0.2.10:80".into(),
            up: true,
            scheduler: "wlc".into(),
            servers: vec![server(), absent],
            traffic: Some(Counters::default()),
            changes: 2,
        }],
        plugins: vec![PluginStatus {
            name: "tcp".into(),
            runtime: "lua".into(),
            source: "embedded".into(),
            generation: 1,
            error: None,
            versions: Vec::new(),
            rollbacks: 2,
            calls: 9,
            faults: 1,
            declared: None,
            metrics: [
                ("queue".to_owned(), Metric::Gauge(1.5)),
                ("seen".to_owned(), Metric::Counter(3.0)),
            ]
            .into(),
        }],
        worker_up: true,
    }
}

#[test]
fn a_page_without_its_comments() {
    let page = render(&status());
    let samples: Vec<_> = page.lines().filter(|line| !line.starts_with('#')).collect();
    assert_snapshot!(samples.join("\n"), @r#"
    bellwether_info{node="lb\"1\\\n",version="1.2.3"} 1
    bellwether_uptime_seconds 60
    bellwether_worker_up 1
    bellwether_configuration_changes_total 4
    bellwether_configuration_refused 1
    bellwether_vrrp_state{instance="web",interface="eth0",vrid="51",state="Initialize"} 0
    bellwether_vrrp_state{instance="web",interface="eth0",vrid="51",state="Backup"} 0
    bellwether_vrrp_state{instance="web",interface="eth0",vrid="51",state="Master"} 1
    bellwether_vrrp_state{instance="web",interface="eth0",vrid="51",state="Fault"} 0
    bellwether_vrrp_state_seconds{instance="web"} 75.5
    bellwether_vrrp_priority{instance="web"} 120
    bellwether_vrrp_base_priority{instance="web"} 100
    bellwether_vrrp_faults{instance="web"} 0
    bellwether_vrrp_advert_interval_seconds{instance="web"} 0.01
    bellwether_vrrp_timer_lateness_seconds_max{instance="web"} 0.007
    bellwether_vrrp_adverts_sent_total{instance="web"} 10
    bellwether_vrrp_adverts_dropped_total{instance="web",reason="checksum"} 2
    bellwether_vrrp_adverts_dropped_total{instance="web",reason="hop_limit"} 1
    bellwether_vrrp_group_state{group="pair",state="Initialize"} 0
    bellwether_vrrp_group_state{group="pair",state="Backup"} 0
    bellwether_vrrp_group_state{group="pair",state="Master"} 0
    bellwether_vrrp_group_state{group="pair",state="Fault"} 1
    bellwether_resource_wanted{of="group pair",plugin="route",resource="0"} 1
    bellwether_resource_held{of="group pair",plugin="route",resource="0"} 0
    bellwether_resource_failures{of="group pair",plugin="route",resource="0"} 2
    bellwether_resource_lost_total{of="group pair",plugin="route",resource="0"} 5
    bellwether_tracker_state{tracker="nginx",state="pending"} 0
    bellwether_tracker_state{tracker="nginx",state="good"} 0
    bellwether_tracker_state{tracker="nginx",state="failed"} 1
    bellwether_tracker_value{tracker="load"} -7
    bellwether_ipvs_available 1
    bellwether_ipvs_warnings 0
    bellwether_ipvs_messages_total 0
    bellwether_ipvs_repairs_total 1
    bellwether_ipvs_dumps_total 0
    bellwether_ipvs_glances_total 0
    bellwether_ipvs_sysctl{name="conntrack"} 1
    bellwether_service_up{service="tcp 192.0.2.10:80",scheduler="wlc"} 1
    bellwether_service_changes_total{service="tcp 192.0.2.10:80"} 2
    bellwether_service_connections_total{service="tcp 192.0.2.10:80"} 0
    bellwether_service_packets_in_total{service="tcp 192.0.2.10:80"} 0
    bellwether_service_packets_out_total{service="tcp 192.0.2.10:80"} 0
    bellwether_service_bytes_in_total{service="tcp 192.0.2.10:80"} 0
    bellwether_service_bytes_out_total{service="tcp 192.0.2.10:80"} 0
    bellwether_server_up{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 1
    bellwether_server_up{service="tcp 192.0.2.10:80",server="10.0.0.12:80"} 0
    bellwether_server_weight{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 3
    bellwether_server_changes_total{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 4
    bellwether_server_changes_total{service="tcp 192.0.2.10:80",server="10.0.0.12:80"} 4
    bellwether_server_held{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 1
    bellwether_server_held{service="tcp 192.0.2.10:80",server="10.0.0.12:80"} 1
    bellwether_server_backup{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 0
    bellwether_server_backup{service="tcp 192.0.2.10:80",server="10.0.0.12:80"} 0
    bellwether_server_draining{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 0
    bellwether_server_draining{service="tcp 192.0.2.10:80",server="10.0.0.12:80"} 0
    bellwether_server_active_connections{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 6
    bellwether_server_inactive_connections{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 7
    bellwether_server_persistent_connections{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 8
    bellwether_server_connections_total{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 5000000000
    bellwether_server_packets_in_total{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 2
    bellwether_server_packets_out_total{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 3
    bellwether_server_bytes_in_total{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 4
    bellwether_server_bytes_out_total{service="tcp 192.0.2.10:80",server="10.0.0.11:80"} 18446744073709551615
    bellwether_check_up{service="tcp 192.0.2.10:80",server="10.0.0.11:80",check="0",plugin="tcp"} 1
    bellwether_check_duration_seconds{service="tcp 192.0.2.10:80",server="10.0.0.11:80",check="0",plugin="tcp"} 0.0005
    bellwether_check_verdicts_total{service="tcp 192.0.2.10:80",server="10.0.0.11:80",check="0",plugin="tcp"} 9
    bellwether_check_failures_total{service="tcp 192.0.2.10:80",server="10.0.0.11:80",check="0",plugin="tcp"} 2
    bellwether_plugin_generation{plugin="tcp",runtime="lua"} 1
    bellwether_plugin_refused{plugin="tcp",runtime="lua"} 0
    bellwether_plugin_rollbacks_total{plugin="tcp",runtime="lua"} 2
    bellwether_plugin_calls_total{plugin="tcp",runtime="lua"} 9
    bellwether_plugin_faults_total{plugin="tcp",runtime="lua"} 1
    bellwether_plugin_count_total{plugin="tcp",name="seen"} 3
    bellwether_plugin_measure{plugin="tcp",name="queue"} 1.5
    "#);
}

#[test]
fn each_sample_stands_under_its_family_and_once() {
    let (mut family, mut families, mut samples) = (String::new(), BTreeSet::new(), BTreeSet::new());
    for line in render(&status()).lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a name and words");
            assert!(help.ends_with('.') && families.insert(name.to_owned()), "{line}");
            family = name.to_owned();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let kind = rest.strip_prefix(&family).expect("of the same family");
            assert_eq!(kind == " counter", family.ends_with("_total"), "{line}");
        } else {
            let (sample, value) = line.rsplit_once(' ').expect("a value at the end");
            assert_eq!(sample.split('{').next(), Some(family.as_str()), "{line}");
            assert!(
                value.parse::<f64>().is_ok() && samples.insert(sample.to_owned()),
                "{line}"
            );
        }
    }
    assert!(families.iter().all(|name| name.starts_with("bellwether_")));
}

#[test]
fn the_same_page_is_given_while_it_is_fresh() {
    let mut kept = Kept::default();
    assert_eq!(kept.fresh(), None);
    let page = kept.make(&status(), clock::now());
    assert!(kept.fresh().is_some_and(|again| Arc::ptr_eq(&page, &again)));
    kept.fresh_until = Instant::from_nanos(0);
    assert_eq!(kept.fresh(), None);
}
