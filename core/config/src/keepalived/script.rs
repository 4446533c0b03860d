//! `vrrp_script`: a tracker that asks the plugin `misc`.

use std::time::Duration;

use model::plan::{CheckPlan, OnUnknown, TrackerPlan, Via};
use model::value::{Parameters, Value};

use super::args;
use super::global::Globals;
use super::tree::Item;
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, Exec, PluginUse, TrackerDraft, Weight};

pub(super) fn lower(block: &Item, globals: &Globals, draft: &mut Draft, d: &mut Diagnostics) {
    args::at_most(block, 1, d);
    let name = block.arg();
    let user = block
        .last("user")
        .map(args::user)
        .unwrap_or_else(|| globals.user.clone());
    let Some(script) = block.last("script") else {
        d.refused_value(
            block.arg_span(),
            "this vrrp_script has no script",
            "runs nothing",
            "add script \"...\"",
        );
        return draft.broken_trackers.push(name.into());
    };
    let Some(exec) = args::command(script, &user, d) else {
        return draft.broken_trackers.push(name.into());
    };
    let one = |keyword| block.last(keyword);
    let interval = one("interval")
        .and_then(|item| args::period(item, d))
        .unwrap_or(Duration::from_secs(1));
    let timeout =
        one("timeout").and_then(|item| args::time(item, Duration::ZERO, Duration::from_secs(86_400), d));
    let count = |item: Option<&Item>, d: &mut Diagnostics| {
        item.and_then(|item| args::number(item, 1, 1_000_000, d))
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(1)
    };
    let check = CheckPlan {
        interval,
        timeout: timeout.filter(|timeout| !timeout.is_zero()).unwrap_or(interval),
        rise: count(one("rise"), d),
        fall: count(one("fall"), d),
        ..misc(&exec)
    };
    let weight = one("weight").and_then(|item| {
        weight(
            item.args().iter().map(|word| word.text.as_str()),
            item,
            VERDICT,
            d,
        )
    });
    draft.uses.push(PluginUse::of(&check, script.span(), Some(exec)));
    draft.trackers.push(TrackerDraft {
        plan: TrackerPlan {
            name: name.into(),
            check,
            starts_failed: one("init_fail").is_some(),
        },
        weight: weight.unwrap_or_default(),
        head: block.arg_span().clone(),
    });
}

/// A check by `misc` with nothing but its command.
pub(super) fn misc(exec: &Exec) -> CheckPlan {
    let words = exec.argv.iter().map(|word| Value::Text(word.clone())).collect();
    each_second(
        "misc",
        Parameters::from([("command".to_owned(), Value::List(words))]),
    )
}

/// A check with nothing but what it is about.
pub(super) fn each_second(plugin: &str, parameters: Parameters) -> CheckPlan {
    CheckPlan {
        plugin: plugin.into(),
        parameters,
        address: None,
        port: None,
        via: Via::default(),
        interval: Duration::from_secs(1),
        warmup: None,
        retry_interval: None,
        timeout: Duration::from_secs(1),
        rise: 1,
        fall: 1,
        on_unknown: OnUnknown::Fail,
        sets_weight: false,
    }
}

/// Largest weight of what is good or failed.
pub(super) const VERDICT: i16 = 253;
/// Largest weight of what is a number.
pub(super) const NUMBER: i16 = 254;

/// `N [reverse|noreverse]`.
pub(super) fn weight<'a>(
    mut words: impl Iterator<Item = &'a str>,
    item: &Item,
    max: i16,
    d: &mut Diagnostics,
) -> Option<Weight> {
    let found = words.next().unwrap_or_default();
    let by = found
        .parse::<i16>()
        .ok()
        .filter(|weight| (-max..=max).contains(weight));
    if by.is_none() {
        let message = format!("weight `{found}` is not a number from -{max} to {max}");
        d.ignored_value(item.span(), &message, "ignored");
    }
    let reverse = words.next() == Some("reverse");
    by.map(|by| Weight { by, reverse })
}
