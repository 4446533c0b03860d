//! `net_namespace`, `vrrp_priority`, `vrrp_rt_priority` and their like: where processes are, and how they share the
//! machine with others.

use std::str::FromStr;
use std::time::Duration;

use model::plan::{MachinePlan, Share};

use super::tree::Item;
use crate::diagnostics::Diagnostics;
use crate::unit;

pub(super) fn lower(item: &Item, machine: &mut MachinePlan, d: &mut Diagnostics) {
    let elections = &mut machine.elections;
    match item.keyword() {
        "vrrp_priority" => nice(item, &mut elections.share, d),
        "vrrp_cpu_affinity" => processors(item, &mut elections.share, d),
        "vrrp_rt_priority" => {
            elections.real_time = within(item, 1, 99, d).or(elections.real_time);
        }
        "vrrp_rlimit_rttime" | "vrrp_rlimit_rtime" => {
            let limit = within(item, 1, u32::MAX, d).map(|limit| Duration::from_micros(limit.into()));
            elections.real_time_limit = limit.or(elections.real_time_limit);
        }
        "net_namespace" => {
            let name = item.arg();
            if unit::namespace(name) || d.bad_namespace(item.arg_span(), name) {
                machine.namespace = Some(name.to_owned());
            }
        }
        "checker_priority" => nice(item, &mut machine.checks, d),
        "checker_cpu_affinity" => processors(item, &mut machine.checks, d),
        _ => {}
    }
}

fn nice(item: &Item, share: &mut Share, d: &mut Diagnostics) {
    share.nice = within(item, -20, 19, d).or(share.nice);
}

fn within<T: FromStr + PartialOrd + std::fmt::Display>(
    item: &Item,
    min: T,
    max: T,
    d: &mut Diagnostics,
) -> Option<T> {
    let found = item.arg();
    let number = found
        .parse()
        .ok()
        .filter(|number| (&min..=&max).contains(&number));
    if number.is_none() {
        let message = format!("`{} {found}` is not a number from {min} to {max}", item.keyword());
        d.ignored_value(item.arg_span(), &message, "ignored");
    }
    number
}

fn processors(item: &Item, share: &mut Share, d: &mut Diagnostics) {
    for word in item.args() {
        match word
            .text
            .parse()
            .ok()
            .filter(|number| *number <= unit::PROCESSOR_MAX)
        {
            Some(number) => _ = share.processors.insert(number),
            None => {
                let message = format!("`{}` is not the number of a processor", word.text);
                d.ignored_value(&word.span, &message, "ignored");
            }
        }
    }
}
