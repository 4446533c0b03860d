//! `[interface.NAME]` and `[start]`: what is waited for on purpose.

use std::time::Duration;

use model::plan::{LinkPlan, StartPlan};

use super::keys::Keys;
use super::tree::{Entry, Table};
use crate::diagnostics::Diagnostics;
use crate::draft::Draft;
use crate::unit;

pub(super) fn lower(name: &Entry, table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "an interface");
    let down_delay = wait(&mut keys, "down_delay", d);
    let up_delay = wait(&mut keys, "up_delay", d);
    keys.finish(d);
    if !unit::interface(&name.key) {
        return d
            .bad_interface::<()>(&name.key_span, &name.key)
            .unwrap_or_default();
    }
    draft.links.push(LinkPlan {
        interface: name.key.as_str().into(),
        down_delay,
        up_delay,
    });
}

pub(super) fn lower_start(table: &Table, d: &mut Diagnostics) -> StartPlan {
    let mut keys = Keys::new(table, "start");
    let start = StartPlan {
        delay: wait(&mut keys, "delay", d),
        after_boot: wait(&mut keys, "after_boot", d),
    };
    keys.finish(d);
    start
}

/// A time that may pass before anything happens: none where nothing is written, an hour at most.
fn wait(keys: &mut Keys<'_>, key: &'static str, d: &mut Diagnostics) -> Duration {
    let Some(at) = keys.duration(key, d) else {
        return Duration::ZERO;
    };
    if at.value > unit::WAIT_MAX {
        d.wait_range(&at.span);
    }
    at.value
}
