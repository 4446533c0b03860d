//! The lists of an instance: addresses, peers, what is tracked, what runs.

use std::time::Duration;

use model::plan::{Arguments, CommandPlan, HookAction, HookPlan, Phase, Tells, TrackLink, TrackTracker};

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
        ("track_bfd", script::VERDICT),
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

/// What named pipes are told beside states.
pub(super) fn tells(block: &Item, priority: bool, d: &mut Diagnostics) -> Tells {
    let own = block.last("notify_priority_changes");
    Tells {
        priority: own.map_or(priority, |item| args::flag(item, d)),
        deletion: block.last("notify_deleted").is_some(),
    }
}

/// The specific scripts first, the general one after them, as keepalived runs them.
pub(super) fn hooks(block: &Item, user: &User, d: &mut Diagnostics) -> Vec<HookPlan> {
    let mut all = vec![Phase::Master, Phase::Backup, Phase::Fault, Phase::Stop];
    if block.last("notify_deleted").is_some() {
        all.push(Phase::Deleted);
    }
    let kinds = [
        ("notify_master", vec![Phase::Master], Arguments::AsWritten),
        ("notify_backup", vec![Phase::Backup], Arguments::AsWritten),
        ("notify_fault", vec![Phase::Fault], Arguments::AsWritten),
        ("notify_stop", vec![Phase::Stop], Arguments::AsWritten),
        ("notify_deleted", vec![Phase::Deleted], Arguments::AsWritten),
        (
            "notify_master_rx_lower_pri",
            vec![Phase::LowerMaster],
            Arguments::AsWritten,
        ),
        ("notify", all, Arguments::Keepalived),
    ];
    let mut hooks = Vec::new();
    for (keyword, phases, arguments) in kinds {
        // A bare notify_deleted only chooses a word.
        let item = block.last(keyword).filter(|item| !item.args().is_empty());
        let Some(exec) = item.and_then(|item| args::notify(item, user, d)) else {
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
