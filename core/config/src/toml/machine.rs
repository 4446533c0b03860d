//! `[machine]`: where the daemon is, and how elections and checks share the machine with others.

use std::collections::BTreeSet;

use model::plan::{ElectionShare, MachinePlan, Share};

use super::keys::{self, Keys};
use super::tree::Table;
use crate::diagnostics::Diagnostics;
use crate::unit;

pub(super) fn lower(table: &Table, d: &mut Diagnostics) -> MachinePlan {
    let mut keys = Keys::new(table, "machine");
    let netns = keys.text("netns", d);
    let namespace = netns.filter(|at| unit::namespace(at.value) || d.bad_namespace(&at.span, at.value));
    let elections = keys.table("elections", d).map(|table| elections(table, d));
    let checks = keys.table("checks", d).map(|table| {
        let mut keys = Keys::new(table, "checks");
        let share = share(&mut keys, d);
        keys.finish(d);
        share
    });
    keys.finish(d);
    MachinePlan {
        namespace: namespace.map(|at| at.value.to_owned()),
        elections: elections.unwrap_or_default(),
        checks: checks.unwrap_or_default(),
    }
}

fn elections(table: &Table, d: &mut Diagnostics) -> ElectionShare {
    let mut keys = Keys::new(table, "elections");
    let default = ElectionShare::default();
    // Nobody can have priority 0: that is how to go without.
    let real_time = keys.number("real_time", 0, 99, d);
    let real_time = real_time.map_or(default.real_time, |at| {
        u8::try_from(at.value).ok().filter(|priority| *priority > 0)
    });
    let limit = keys.duration("real_time_limit", d);
    let share = share(&mut keys, d);
    keys.finish(d);
    ElectionShare {
        real_time,
        real_time_limit: limit.and_then(|at| {
            let is_some = at.value.as_micros() > 0;
            is_some.then_some(at.value).or_else(|| d.no_stretch(&at.span))
        }),
        share,
    }
}

fn share(keys: &mut Keys<'_>, d: &mut Diagnostics) -> Share {
    let nice = keys.number("nice", -20, 19, d);
    let numbers = keys.list("processors", d).iter().filter_map(|node| {
        let number = keys::number(node, "processors", 0, unit::PROCESSOR_MAX.into(), d)?;
        u16::try_from(number).ok()
    });
    let processors: BTreeSet<u16> = numbers.collect();
    Share {
        nice: nice.and_then(|at| i8::try_from(at.value).ok()),
        processors,
    }
}
