//! The kernel's table, services, their servers and checks.

use model::ipvs::Counters;
use model::status::{IpvsStatus, ServerStatus, ServiceStatus};

use super::{Kind, Page};

/// Name, help, and where the number is.
type Counted = (&'static str, &'static str, fn(&Counters) -> u64);

/// What the kernel counts of services and of servers alike.
const COUNTERS: [Counted; 5] = [
    ("connections_total", "Connections.", |counters| {
        counters.connections
    }),
    ("packets_in_total", "Packets from clients.", |counters| {
        counters.packets_in
    }),
    (
        "packets_out_total",
        "Packets to clients; none where replies go another way.",
        |counters| counters.packets_out,
    ),
    ("bytes_in_total", "Bytes from clients.", |counters| {
        counters.bytes_in
    }),
    (
        "bytes_out_total",
        "Bytes to clients; none where replies go another way.",
        |counters| counters.bytes_out,
    ),
];

pub(super) fn table(page: &mut Page, ipvs: &IpvsStatus) {
    let families = [
        (
            "ipvs_available",
            Kind::Gauge,
            "Whether the kernel's table can be written.",
            ipvs.available.into(),
        ),
        (
            "ipvs_warnings",
            Kind::Gauge,
            "Settings of this kernel that keep traffic from flowing; the status names them.",
            ipvs.warnings.len() as u64,
        ),
        (
            "ipvs_messages_total",
            Kind::Counter,
            "Messages that change the table.",
            ipvs.messages,
        ),
        (
            "ipvs_repairs_total",
            Kind::Counter,
            "Times that somebody else had changed the table.",
            ipvs.repairs,
        ),
        (
            "ipvs_dumps_total",
            Kind::Counter,
            "Times that the table was dumped.",
            ipvs.dumps,
        ),
        (
            "ipvs_glances_total",
            Kind::Counter,
            "Times that /proc/net/ip_vs was read.",
            ipvs.glances,
        ),
    ];
    for (name, kind, help, value) in families {
        page.alone(name, kind, help, value);
    }
    page.family("ipvs_sysctl", Kind::Gauge, "Sysctl below net.ipv4.vs.");
    for (name, value) in &ipvs.sysctls {
        page.sample(&[("name", name)], value);
    }
}

pub(super) fn services(page: &mut Page, services: &[ServiceStatus]) {
    page.family("service_up", Kind::Gauge, "Whether a service has its quorum.");
    for service in services {
        let labels = [
            ("service", service.service.as_str()),
            ("scheduler", &service.scheduler),
        ];
        page.sample(&labels, u8::from(service.up));
    }
    page.family(
        "service_changes_total",
        Kind::Counter,
        "Times that it gained or lost its quorum.",
    );
    for service in services {
        page.sample(&[("service", &service.service)], service.changes);
    }
    for (name, help, number) in COUNTERS {
        page.family(&format!("service_{name}"), Kind::Counter, help);
        for service in services {
            if let Some(traffic) = &service.traffic {
                page.sample(&[("service", &service.service)], number(traffic));
            }
        }
    }
}

pub(super) fn servers(page: &mut Page, services: &[ServiceStatus]) {
    type Number = fn(&ServerStatus) -> Option<u64>;
    let families: [(&str, Kind, &str, Number); 9] = [
        (
            "server_up",
            Kind::Gauge,
            "Whether a real server is good.",
            |server| Some(server.up.into()),
        ),
        (
            "server_weight",
            Kind::Gauge,
            "Weight in the table; absent while it is not in it.",
            |server| server.weight.map(Into::into),
        ),
        (
            "server_changes_total",
            Kind::Counter,
            "Times that it became good or failed.",
            |server| Some(server.changes),
        ),
        (
            "server_held",
            Kind::Gauge,
            "Whether it was taken out by hand.",
            |server| Some(server.held.into()),
        ),
        (
            "server_backup",
            Kind::Gauge,
            "Whether it serves only while the others have lost the quorum.",
            |server| Some(server.backup.into()),
        ),
        (
            "server_draining",
            Kind::Gauge,
            "Whether it leaves, and its connections end.",
            |server| Some(server.draining.is_some().into()),
        ),
        (
            "server_active_connections",
            Kind::Gauge,
            "Established connections.",
            |server| server.traffic.map(|traffic| traffic.active.into()),
        ),
        (
            "server_inactive_connections",
            Kind::Gauge,
            "Connections in any other state.",
            |server| server.traffic.map(|traffic| traffic.inactive.into()),
        ),
        (
            "server_persistent_connections",
            Kind::Gauge,
            "Persistence templates.",
            |server| server.traffic.map(|traffic| traffic.persistent.into()),
        ),
    ];
    for (name, kind, help, number) in families {
        page.family(name, kind, help);
        for (service, server) in pairs(services) {
            if let Some(value) = number(server) {
                page.sample(&[("service", service), ("server", &server.server)], value);
            }
        }
    }
    server_counters(page, services);
}

fn server_counters(page: &mut Page, services: &[ServiceStatus]) {
    for (name, help, number) in COUNTERS {
        page.family(&format!("server_{name}"), Kind::Counter, help);
        for (service, server) in pairs(services) {
            if let Some(traffic) = &server.traffic {
                let value = number(&traffic.counters);
                page.sample(&[("service", service), ("server", &server.server)], value);
            }
        }
    }
}

pub(super) fn checks(page: &mut Page, services: &[ServiceStatus]) {
    type Number = fn(&model::status::CheckStatus) -> f64;
    let families: [(&str, Kind, &str, Number); 4] = [
        (
            "check_up",
            Kind::Gauge,
            "Whether a check counts as good.",
            |check| f64::from(u8::from(check.up)),
        ),
        (
            "check_duration_seconds",
            Kind::Gauge,
            "How long its last verdict took.",
            |check| check.took_ms / 1000.0,
        ),
        ("check_verdicts_total", Kind::Counter, "Verdicts.", |check| {
            check.verdicts as f64
        }),
        (
            "check_failures_total",
            Kind::Counter,
            "Verdicts other than up.",
            |check| check.failures as f64,
        ),
    ];
    for (name, kind, help, number) in families {
        page.family(name, kind, help);
        for (service, server) in pairs(services) {
            for (place, check) in server.checks.iter().enumerate() {
                let place = place.to_string();
                let labels = [
                    ("service", service),
                    ("server", &server.server),
                    ("check", &place),
                    ("plugin", &check.plugin),
                ];
                page.sample(&labels, number(check));
            }
        }
    }
}

fn pairs(services: &[ServiceStatus]) -> impl Iterator<Item = (&str, &ServerStatus)> {
    services.iter().flat_map(|service| {
        service
            .servers
            .iter()
            .map(|server| (service.service.as_str(), server))
    })
}
