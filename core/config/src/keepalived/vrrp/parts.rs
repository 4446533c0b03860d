//! The lists of an instance: addresses, peers, what is tracked, what runs.

use std::time::Duration;

use model::plan::{Arguments, CommandPlan, HookAction, HookPlan, Phase, TrackLink, TrackTracker};

use crate::diagnostics::Diagnostics;
use crate::draft::{User, Weight};
use crate::keepalived::tree::Item;
use crate::keepalived::{args, script};
use crate::source::Span;
use crate::unit;

/// Longest time for a notify script; keepalived knows none, but a script that hangs would hold up its successors.
const HOOK_TIMEOUT: Duration = Duration::from_secs(30);

/// What is tracked.
#[derive(Default)]
pub(super) struct Track {
    pub(super) links: Vec<TrackLink>,
    pub(super) trackers: Vec<TrackTracker>,
    /// One for each of `trackers`.
    pub(super) spans: Vec<Span>,
}

/// `own` is the instance's interface.
pub(super) fn track(block: &Item, own: &str, d: &mut Diagnostics) -> Track {
    let mut track = Track::default();
    for line in block.all("track_interface").flat_map(|list| &list.children) {
        let Some(name) = line.words().first() else {
            continue;
        };
        if name.text == own {
            d.own_interface_tracked(&name.span, own);
        } else if !unit::interface(&name.text) {
            d.bad_interface::<()>(&name.span, &name.text);
        } else {
            let Weight { by, reverse } = weight(line, script::VERDICT, d).unwrap_or_default();
            track.links.push(TrackLink {
                interface: name.text.as_str().into(),
                weight: by,
                reverse,
            });
        }
    }
    let kinds = [
        ("track_script", script::VERDICT),
        ("track_file", script::NUMBER),
        ("track_process", script::NUMBER),
    ];
    for (keyword, max) in kinds {
        for line in block.all(keyword).flat_map(|list| &list.children) {
            let Some(name) = line.words().first() else {
                continue;
            };
            let Weight { by, reverse } = weight(line, max, d).unwrap_or(Weight::OF_TRACKER);
            track.trackers.push(TrackTracker {
                tracker: name.text.as_str().into(),
                weight: by,
                reverse,
            });
            track.spans.push(name.span.clone());
        }
    }
    track
}

/// `NAME weight N [reverse]`.
fn weight(line: &Item, max: i16, d: &mut Diagnostics) -> Option<Weight> {
    let mut words = line.words().iter().skip(1);
    let option = words.next()?;
    if option.text != "weight" {
        d.extra_words(&option.span, "a track line");
        return None;
    }
    script::weight(words.map(|word| word.text.as_str()), line, max, d)
}

/// The specific scripts first, the general one after them, as keepalived runs them.
pub(super) fn hooks(block: &Item, user: &User, d: &mut Diagnostics) -> Vec<HookPlan> {
    let all = vec![Phase::Master, Phase::Backup, Phase::Fault, Phase::Stop];
    let kinds = [
        ("notify_master", vec![Phase::Master], Arguments::AsWritten),
        ("notify_backup", vec![Phase::Backup], Arguments::AsWritten),
        ("notify_fault", vec![Phase::Fault], Arguments::AsWritten),
        ("notify_stop", vec![Phase::Stop], Arguments::AsWritten),
        ("notify", all, Arguments::Keepalived),
    ];
    let mut hooks = Vec::new();
    for (keyword, phases, arguments) in kinds {
        let Some(exec) = block.last(keyword).and_then(|item| args::notify(item, user, d)) else {
            continue;
        };
        let command = CommandPlan {
            argv: exec.argv,
            user: exec.user,
            arguments,
        };
        hooks.push(HookPlan {
            phases,
            action: HookAction::Command(command),
            timeout: HOOK_TIMEOUT,
        });
    }
    hooks
}
