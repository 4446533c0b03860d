//! `track_file` and `vrrp_track_process`: what the router looks at itself.

use std::path::PathBuf;
use std::time::Duration;

use model::plan::{ArgumentMatch, FileWatch, ProcessPattern, ProcessWatch, WatchPlan, WatchSubject};

use super::args;
use super::script;
use super::tree::Item;
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, WatchDraft, Weight};
use crate::words;

/// Longest `delay`, `fork_delay` and `terminate_delay`.
const DELAY_MAX: Duration = Duration::from_secs(3600);

/// `track_file NAME { }`, or `vrrp_track_file` as it was once called.
pub(super) fn lower_file(block: &Item, draft: &mut Draft, d: &mut Diagnostics) {
    args::at_most(block, 1, d);
    let Some(file) = block.last("file") else {
        let message = "this track_file has no file";
        d.refused_value(
            block.arg_span(),
            message,
            "watches nothing",
            "add file \"/run/...\"",
        );
        return draft.broken_trackers.push(block.arg().into());
    };
    let absent = block.last("init_file").map_or(0, |item| {
        d.not_supported(
            item.span(),
            "init_file",
            "the file is not made; until it is, it counts as if it were",
        );
        let number = item.args().first().map(|word| word.text.parse::<i32>());
        number.and_then(Result::ok).unwrap_or(0)
    });
    let weight = weight(block, d).unwrap_or(Weight {
        by: 1,
        reverse: false,
    });
    let path = PathBuf::from(file.arg());
    watch(
        block,
        WatchSubject::File(FileWatch { path, absent }),
        weight,
        draft,
    );
}

pub(super) fn lower_process(block: &Item, draft: &mut Draft, d: &mut Diagnostics) {
    args::at_most(block, 1, d);
    let Some(pattern) = pattern(block, d) else {
        let message = "this vrrp_track_process has no process";
        d.refused_value(
            block.arg_span(),
            message,
            "watches nothing",
            "add process haproxy",
        );
        return draft.broken_trackers.push(block.arg().into());
    };
    let count = |keyword, min, d: &mut Diagnostics| {
        let number = block
            .last(keyword)
            .and_then(|item| args::number(item, min, 65_535, d));
        number.and_then(|number| u32::try_from(number).ok())
    };
    let delay = |keyword, d: &mut Diagnostics| {
        let item = block.last(keyword).or_else(|| block.last("delay"));
        item.and_then(|item| args::time(item, Duration::ZERO, DELAY_MAX, d))
            .unwrap_or_default()
    };
    let at_most = count("quorum_max", 0, d);
    let at_least = count("quorum", 1, d).unwrap_or(if at_most == Some(0) { 0 } else { 1 });
    let process = ProcessWatch {
        pattern,
        at_least,
        at_most: at_most.filter(|most| {
            if *most < at_least {
                d.ignored_value(
                    block.arg_span(),
                    "quorum_max is below quorum",
                    "quorum_max is ignored",
                );
            }
            *most >= at_least
        }),
        good_after: delay("fork_delay", d),
        failed_after: delay("terminate_delay", d),
    };
    let weight = weight(block, d).unwrap_or_default();
    watch(block, WatchSubject::Process(process), weight, draft);
}

/// A command alone is compared with the name of a process; `full_command`, `param_match` and words after it ask for its
/// arguments to be compared as well.
fn pattern(block: &Item, d: &mut Diagnostics) -> Option<ProcessPattern> {
    let item = block.last("process")?;
    let mut words = words::split(item.raw()).unwrap_or_default().into_iter();
    let mut command = words.next().filter(|command| !command.is_empty())?;
    let mut arguments: Vec<String> = words.collect();
    // Quoted as a whole, it is still a command with its arguments.
    if arguments.is_empty() && command.contains(' ') {
        let mut inner = words::split(&command).unwrap_or_default().into_iter();
        command = inner.next()?;
        arguments = inner.collect();
    }
    let asked = block.last("param_match");
    let matching = match asked.map(Item::arg) {
        None => ArgumentMatch::Exact,
        Some("initial") => ArgumentMatch::Initial,
        Some("partial") => ArgumentMatch::Partial,
        Some(other) => {
            let message = format!("param_match `{other}` is neither initial nor partial");
            d.ignored_value(
                asked.map_or(block.span(), Item::arg_span),
                &message,
                "exact is used",
            );
            ArgumentMatch::Exact
        }
    };
    let compared = !arguments.is_empty() || asked.is_some() || block.last("full_command").is_some();
    Some(ProcessPattern {
        command,
        arguments: compared.then_some(arguments),
        matching,
    })
}

fn weight(block: &Item, d: &mut Diagnostics) -> Option<Weight> {
    let item = block.last("weight")?;
    script::weight(
        item.args().iter().map(|word| word.text.as_str()),
        item,
        script::NUMBER,
        d,
    )
}

fn watch(block: &Item, subject: WatchSubject, weight: Weight, draft: &mut Draft) {
    draft.watches.push(WatchDraft {
        plan: WatchPlan {
            name: block.arg().into(),
            subject,
        },
        weight,
        head: block.arg_span().clone(),
    });
}
