//! `[tracker.NAME]`: what moves priorities: a check of this node, a file, or processes.

use std::path::PathBuf;
use std::time::Duration;

use model::plan::{
    ArgumentMatch, FileWatch, ProcessPattern, ProcessWatch, TrackerPlan, WatchPlan, WatchSubject,
};

use super::check;
use super::instance::parts;
use super::keys::{self, Keys};
use super::tree::{Entry, Node, Table, Value};
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, TrackerDraft, WatchDraft, Weight};

/// Longest time for which a change in the number of processes is doubted (keepalived: an hour).
const DAMPING_MAX: Duration = Duration::from_secs(3600);

/// What to write instead of an address.
const PING_HOST: &str = "write host = \"192.0.2.1\"";
const NO_AIM: &str = "remove it; what asks another machine can be a command of the plugin misc";

pub(super) fn lower(name: &Entry, table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "a tracker");
    let node = keys.node("check");
    let starts_failed = keys.flag("starts_failed", d);
    let file = keys.text("file", d);
    let absent = keys.number("absent", i32::MIN.into(), i32::MAX.into(), d);
    let process = keys.table("process", d);
    let weight = parts::weight(&mut keys, d);
    let refused = keys.refused;
    keys.finish(d);
    // A tracker that is refused still exists, so that no reference to it is called undefined.
    draft.broken_trackers.push(name.key.as_str().into());
    match (node, file, process) {
        (Some(node), None, None) => {
            if let Some(absent) = absent {
                d.only_of_a(&absent.span, "absent", "file");
            }
            lower_check(name, node, starts_failed, weight, draft, d);
        }
        (None, Some(file), None) => {
            let absent = absent.and_then(|at| i32::try_from(at.value).ok()).unwrap_or(0);
            let path = PathBuf::from(file.value);
            if !path.is_absolute() {
                return d.relative_path(&file.span, file.value);
            }
            // A number without a weight counts as it stands.
            let weight = weight.unwrap_or(Weight {
                by: 1,
                reverse: false,
            });
            watch(
                name,
                WatchSubject::File(FileWatch { path, absent }),
                weight,
                draft,
            );
        }
        (None, None, Some(table)) => {
            if let Some(process) = lower_process(name, table, d) {
                watch(
                    name,
                    WatchSubject::Process(process),
                    weight.unwrap_or_default(),
                    draft,
                );
            }
        }
        (None, None, None) if refused => {}
        (None, None, None) => {
            let example = "check = { plugin = \"misc\", command = [\"/usr/bin/pidof\", \"haproxy\"] }";
            d.missing_key::<()>(&name.key_span, "a tracker", "check", example);
        }
        _ => d.tracker_one_of(&name.key_span),
    }
}

fn lower_check(
    name: &Entry,
    node: &Node,
    starts_failed: Option<bool>,
    weight: Option<Weight>,
    draft: &mut Draft,
    d: &mut Diagnostics,
) {
    let aimed = refuse_aim(node, d);
    let Some(check) = check::lower(node, d) else {
        return;
    };
    // One message is enough.
    if !aimed && check.plan.plugin.as_str() == "ping" && !check.plan.parameters.contains_key("host") {
        d.missing_parameter(&node.span, "ping", "host", "host = \"192.0.2.1\"");
    }
    draft.uses.push(check.used);
    draft.trackers.push(TrackerDraft {
        plan: TrackerPlan {
            name: name.key.as_str().into(),
            check: check.plan,
            starts_failed: starts_failed.unwrap_or(false),
        },
        weight: weight.unwrap_or_default(),
        head: name.key_span.clone(),
    });
}

/// Refuses what says where to look for a real server: a tracker has none, and its plugin is told of no address. Whether
/// there was anything to refuse.
fn refuse_aim(node: &Node, d: &mut Diagnostics) -> bool {
    let Value::Table(table) = &node.value else {
        return false;
    };
    let is_ping = matches!(table.get("plugin").map(|entry| &entry.node.value), Some(Value::Text(name)) if name == "ping");
    let mut refused = false;
    for entry in ["address", "port"].into_iter().filter_map(|key| table.get(key)) {
        let instead = if is_ping && entry.key == "address" {
            PING_HOST
        } else {
            NO_AIM
        };
        d.aim_of_a_tracker(&entry.key_span, &entry.key, instead);
        refused = true;
    }
    refused
}

fn watch(name: &Entry, subject: WatchSubject, weight: Weight, draft: &mut Draft) {
    draft.watches.push(WatchDraft {
        plan: WatchPlan {
            name: name.key.as_str().into(),
            subject,
        },
        weight,
        head: name.key_span.clone(),
    });
}

fn lower_process(name: &Entry, table: &Table, d: &mut Diagnostics) -> Option<ProcessWatch> {
    let mut keys = Keys::new(table, "process");
    let command = keys.text("command", d);
    let arguments = keys.node("arguments").and_then(|node| keys::words(node, d));
    let ways = [
        ("exact", ArgumentMatch::Exact),
        ("initial", ArgumentMatch::Initial),
        ("partial", ArgumentMatch::Partial),
    ];
    let matching = keys.choice("match", &ways, d).unwrap_or(ArgumentMatch::Exact);
    let count = |at: Option<keys::At<i64>>| at.and_then(|at| u32::try_from(at.value).ok());
    let at_least = count(keys.number("at_least", 0, 65_535, d));
    let at_most = keys.number("at_most", 0, 65_535, d);
    let mut damping = |key| {
        let at = keys.duration(key, d)?;
        if at.value > DAMPING_MAX {
            return d.damping_range(&at.span);
        }
        Some(at.value)
    };
    let good_after = damping("good_after").unwrap_or_default();
    let failed_after = damping("failed_after").unwrap_or_default();
    if command.is_none() && !keys.refused {
        return d.missing_key(&name.key_span, "process", "command", "command = \"haproxy\"");
    }
    keys.finish(d);
    let most_span = at_most.as_ref().map(|at| at.span.clone());
    let at_most = count(at_most);
    let at_least = at_least.unwrap_or(if at_most == Some(0) { 0 } else { 1 });
    if let (Some(most), Some(span)) = (at_most, most_span)
        && most < at_least
    {
        return d.quorum_crossed(&span, at_least, most);
    }
    Some(ProcessWatch {
        pattern: ProcessPattern {
            command: command?.value.to_owned(),
            arguments,
            matching,
        },
        at_least,
        at_most,
        good_after,
        failed_after,
    })
}
