//! `[[instance.NAME.hook]]`: what runs at a transition.

use std::time::Duration;

use model::plan::{Arguments, CommandPlan, Grants, HookAction, HookPlan, Phase};

use super::keys::{self, At, Keys};
use super::tree::{Node, Table, Value};
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, PluginUse};

/// Longest time for a hook that sets none.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// What a hook can wait for, by its word.
type Words = [(&'static str, &'static [Phase])];

/// What happens to groups.
const OF_GROUP: &Words = &[
    ("master", &[Phase::Master]),
    ("backup", &[Phase::Backup]),
    ("fault", &[Phase::Fault]),
    ("stop", &[Phase::Stop]),
];

/// What happens to instances.
const OF_INSTANCE: &Words = &[
    ("master", &[Phase::Master]),
    ("backup", &[Phase::Backup]),
    ("fault", &[Phase::Fault]),
    ("stop", &[Phase::Stop]),
    ("deleted", &[Phase::Deleted]),
    ("lower-master", &[Phase::LowerMaster]),
    ("priority", &[Phase::MasterPriority, Phase::BackupPriority]),
];

/// The hooks of an instance, in order.
pub(super) fn of_instance(outer: &mut Keys<'_>, draft: &mut Draft, d: &mut Diagnostics) -> Vec<HookPlan> {
    lower_all(outer, OF_INSTANCE, draft, d)
}

/// The hooks of a group, in order.
pub(super) fn of_group(outer: &mut Keys<'_>, draft: &mut Draft, d: &mut Diagnostics) -> Vec<HookPlan> {
    lower_all(outer, OF_GROUP, draft, d)
}

fn lower_all(outer: &mut Keys<'_>, words: &Words, draft: &mut Draft, d: &mut Diagnostics) -> Vec<HookPlan> {
    let nodes = outer.list("hook", d);
    let hooks = nodes.iter().filter_map(|node| lower(node, words, draft, d));
    hooks.collect()
}

fn lower(node: &Node, words: &Words, draft: &mut Draft, d: &mut Diagnostics) -> Option<HookPlan> {
    let mut keys = Keys::new(keys::table(node, d)?, "a hook");
    let phases = phases(&mut keys, words, d);
    let timeout = keys.duration("timeout", d).map_or(TIMEOUT, |at| at.value);
    let plugin = keys.text("plugin", d);
    let parameters = keys.table("parameters", d);
    let command = keys.command("command", d);
    let user = keys.user("user", d).flatten();
    let arguments = keys.choice(
        "arguments",
        &[
            ("none", Arguments::AsWritten),
            ("keepalived", Arguments::Keepalived),
        ],
        d,
    );
    let refused = keys.refused;
    keys.finish(d);
    let action = match (plugin, command) {
        (Some(At { value, span }), None) => {
            draft.uses.push(PluginUse {
                plugin: value.into(),
                span,
                needs: Grants::default(),
                given: parameters.map(Table::given).unwrap_or_default(),
            });
            let parameters = parameters.map(Table::parameters).unwrap_or_default();
            HookAction::Plugin {
                plugin: value.into(),
                parameters,
            }
        }
        (None, Some(At { value: argv, .. })) => {
            let arguments = arguments.unwrap_or(Arguments::AsWritten);
            HookAction::Command(CommandPlan {
                argv,
                user,
                arguments,
            })
        }
        (Some(_), Some(at)) => return d.plugin_and_command(&at.span),
        (None, None) if refused => return None,
        (None, None) => return d.missing_key(&node.span, "a hook", "plugin", "plugin = \"announce\""),
    };
    let phases = match phases {
        Some(phases) => phases,
        None if refused => return None,
        None => return d.missing_key(&node.span, "a hook", "on", "on = [\"master\", \"backup\"]"),
    };
    Some(HookPlan {
        phases,
        action,
        timeout,
    })
}

/// One word or a list of them.
fn phases(keys: &mut Keys<'_>, words: &Words, d: &mut Diagnostics) -> Option<Vec<Phase>> {
    let node = keys.node("on")?;
    let one = |node: &Node, d: &mut Diagnostics| keys::choice(node, "on", words, d);
    let phases: Option<Vec<&[Phase]>> = match &node.value {
        Value::List(list) => list.iter().map(|node| one(node, d)).collect(),
        _ => one(node, d).map(|phases| vec![phases]),
    };
    keys.refused |= phases.is_none();
    phases.map(|phases| phases.concat())
}
