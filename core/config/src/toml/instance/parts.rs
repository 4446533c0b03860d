//! The parts of an instance that have a shape of their own.

use model::plan::{Announcement, Preempt, TrackLink, TrackTracker};

use crate::diagnostics::Diagnostics;
use crate::draft::Weight;
use crate::source::Span;
use crate::toml::keys::{self, At, Keys};
use crate::toml::tree::{Node, Table, Value};

pub(super) fn unsigned<T: TryFrom<u64>>(number: i64) -> Option<T> {
    u64::try_from(number)
        .ok()
        .and_then(|number| T::try_from(number).ok())
}

/// `true`, `false`, or how long to wait first.
pub(super) fn preempt(node: &Node, d: &mut Diagnostics) -> Option<Preempt> {
    match &node.value {
        Value::Boolean(true) => Some(Preempt::Yes),
        Value::Boolean(false) => Some(Preempt::No),
        Value::Text(_) => keys::duration(node, d).map(|wait| {
            if wait.is_zero() {
                Preempt::Yes
            } else {
                Preempt::After(wait)
            }
        }),
        Value::Integer(number) => d.no_unit(&node.span, &number.to_string()),
        other => d.wrong_type(&node.span, "true, false or a time such as \"30s\"", other.kind()),
    }
}

/// Eight bytes at most (RFC 2338 §5.3.10).
pub(super) fn password(at: &At<&str>, d: &mut Diagnostics) -> Option<[u8; 8]> {
    let bytes = at.value.as_bytes();
    let mut password = [0; 8];
    match password.get_mut(..bytes.len()) {
        Some(part) if !bytes.is_empty() => {
            part.copy_from_slice(bytes);
            Some(password)
        }
        _ => d.password_length(&at.span, bytes.len()),
    }
}

/// A strict instance says nothing more to hosts after it heard a lower Master, unless that is written.
pub(super) fn announcement(table: Option<&Table>, strict: bool, d: &mut Diagnostics) -> Announcement {
    let mut default = Announcement::default();
    if strict {
        default.lower_repeat = 0;
    }
    let Some(table) = table else { return default };
    let mut keys = Keys::new(table, "announce");
    let count = |at: Option<At<i64>>, or| at.and_then(|at| u8::try_from(at.value).ok()).unwrap_or(or);
    let repeat = count(keys.number("repeat", 1, 255, d), default.repeat);
    let mut time = |key, or| keys.duration(key, d).map_or(or, |at| at.value);
    let second_after = time("second_after", default.second_after);
    let refresh = time("refresh", default.refresh);
    let lower_second_after = time("lower_second_after", second_after);
    let (arp_gap, na_gap) = (time("arp_gap", default.arp_gap), time("na_gap", default.na_gap));
    let device_refresh = time("device_refresh", default.device_refresh);
    let other_refresh = time("other_refresh", default.other_refresh);
    let read = Announcement {
        repeat,
        second_after,
        refresh,
        refresh_repeat: count(keys.number("refresh_repeat", 1, 255, d), default.refresh_repeat),
        // As a new Master announces, where nothing else is written.
        lower_repeat: count(
            keys.number("lower_repeat", 0, 255, d),
            if strict { 0 } else { repeat },
        ),
        lower_second_after,
        arp_gap,
        na_gap,
        device_refresh,
        other_refresh,
    };
    keys.finish(d);
    read
}

/// What is tracked.
#[derive(Default)]
pub(super) struct Track {
    pub(super) links: Vec<TrackLink>,
    pub(super) trackers: Vec<TrackTracker>,
    pub(super) spans: Vec<Span>,
}

/// A list of `{ interface = "eth1", weight = -20 }` and `{ tracker = "haproxy" }`.
pub(super) fn track(outer: &mut Keys<'_>, d: &mut Diagnostics) -> Track {
    let mut track = Track::default();
    for node in outer.list("track", d) {
        let Some(table) = keys::table(node, d) else {
            continue;
        };
        let mut keys = Keys::new(table, "a track entry");
        let link = keys.interface("interface", d);
        let tracker = keys.text("tracker", d);
        let weight = weight(&mut keys, d);
        let refused = keys.refused;
        keys.finish(d);
        match (link, tracker) {
            (Some(link), None) => {
                track.links.push(TrackLink {
                    interface: link.value.into(),
                    weight: weight.unwrap_or_default().by,
                    reverse: weight.unwrap_or_default().reverse,
                });
            }
            (None, Some(tracker)) => {
                // Filled in from the tracker itself where no weight is written.
                let Weight { by, reverse } = weight.unwrap_or(Weight::OF_TRACKER);
                track.trackers.push(TrackTracker {
                    tracker: tracker.value.into(),
                    weight: by,
                    reverse,
                });
                track.spans.push(tracker.span);
            }
            (None, None) if refused => {}
            _ => d.track_one_of(&node.span),
        }
    }
    track
}

/// `weight` and `reverse`; `None` where neither is written.
pub(in crate::toml) fn weight(keys: &mut Keys<'_>, d: &mut Diagnostics) -> Option<Weight> {
    let by = keys.number("weight", -254, 254, d);
    let reverse = keys.flag("reverse", d);
    (by.is_some() || reverse.is_some()).then(|| Weight {
        by: by.and_then(|at| i16::try_from(at.value).ok()).unwrap_or(0),
        reverse: reverse.unwrap_or(false),
    })
}
