//! Instances and groups.

use std::collections::BTreeSet;

use model::status::{GroupStatus, InstanceStatus};
use model::transition::State;

use super::{Kind, Page};

const STATES: [State; 4] = [State::Initialize, State::Backup, State::Master, State::Fault];
/// The counter that is none: the longest time that a timer was handled after its time, in milliseconds.
const LATENESS: &str = "late_ms_max";
/// Begins the names of counters that count one thing by its reason.
const DROPPED: &str = "dropped_";

pub(super) fn instances(page: &mut Page, instances: &[InstanceStatus]) {
    page.family("vrrp_state", Kind::Gauge, "State of an instance.");
    for instance in instances {
        let vrid = instance.vrid.to_string();
        let labels = [
            ("instance", instance.name.as_str()),
            ("interface", &instance.interface),
            ("vrid", &vrid),
        ];
        page.state(&labels, &STATES.map(State::word), instance.state.word());
    }
    type Number = fn(&InstanceStatus) -> f64;
    let families: [(&str, &str, Number); 6] = [
        (
            "vrrp_state_seconds",
            "Since the last change of state.",
            |instance| instance.since_s,
        ),
        ("vrrp_priority", "Priority, all trackers counted.", |instance| {
            instance.priority.into()
        }),
        ("vrrp_base_priority", "Priority as configured.", |instance| {
            instance.base_priority.into()
        }),
        ("vrrp_faults", "Things that it needs and has not.", |instance| {
            // A handful.
            instance.faults.len() as f64
        }),
        ("vrrp_advert_interval_seconds", "Its own interval.", |instance| {
            f64::from(instance.advert_interval_ms) / 1000.0
        }),
        (
            "vrrp_timer_lateness_seconds_max",
            "Longest time that a timer was handled after its time, since the start.",
            |instance| {
                instance
                    .counters
                    .get(LATENESS)
                    .map_or(0.0, |ms| *ms as f64 / 1000.0)
            },
        ),
    ];
    for (name, help, number) in families {
        page.family(name, Kind::Gauge, help);
        for instance in instances {
            page.sample(&[("instance", &instance.name)], number(instance));
        }
    }
    counters(page, instances);
}

/// Each counter is a family, but what was dropped is one.
fn counters(page: &mut Page, instances: &[InstanceStatus]) {
    let is_plain = |name: &&String| *name != LATENESS && !name.starts_with(DROPPED);
    let names: BTreeSet<&String> = instances
        .iter()
        .flat_map(|instance| instance.counters.keys())
        .filter(is_plain)
        .collect();
    for name in names {
        let help = format!("Counter `{name}` of the status.");
        page.family(&format!("vrrp_{name}_total"), Kind::Counter, &help);
        for instance in instances {
            if let Some(count) = instance.counters.get(name) {
                page.sample(&[("instance", &instance.name)], count);
            }
        }
    }
    page.family(
        "vrrp_adverts_dropped_total",
        Kind::Counter,
        "Adverts that did not count, by reason.",
    );
    for instance in instances {
        for (name, count) in &instance.counters {
            if let Some(reason) = name.strip_prefix(DROPPED) {
                page.sample(&[("instance", &instance.name), ("reason", reason)], count);
            }
        }
    }
}

pub(super) fn groups(page: &mut Page, groups: &[GroupStatus]) {
    page.family(
        "vrrp_group_state",
        Kind::Gauge,
        "State of all members of a group.",
    );
    for group in groups {
        page.state(
            &[("group", &group.name)],
            &STATES.map(State::word),
            group.state.word(),
        );
    }
}
