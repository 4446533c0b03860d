//! `[start]` and `[stop]`: when elections begin, what runs before that, and what runs after everything.

use std::time::Duration;

use model::plan::{Arguments, CommandPlan, ScriptPlan, StartPlan};

use super::keys::Keys;
use super::links::wait;
use super::tree::Table;
use crate::diagnostics::Diagnostics;
use crate::unit;

pub(super) fn lower_start(table: &Table, d: &mut Diagnostics) -> (StartPlan, Option<ScriptPlan>) {
    let mut keys = Keys::new(table, "start");
    let start = StartPlan {
        delay: wait(&mut keys, "delay", d),
        after_boot: wait(&mut keys, "after_boot", d),
    };
    let before = script(&mut keys, d);
    keys.finish(d);
    (start, before)
}

pub(super) fn lower_stop(table: &Table, d: &mut Diagnostics) -> Option<ScriptPlan> {
    let mut keys = Keys::new(table, "stop");
    let after = script(&mut keys, d);
    keys.finish(d);
    after
}

fn script(keys: &mut Keys<'_>, d: &mut Diagnostics) -> Option<ScriptPlan> {
    let command = keys.command("command", d);
    let user = keys.user("user", d).flatten();
    let timeout = Some(wait(keys, "timeout", d)).filter(|timeout: &Duration| !timeout.is_zero());
    Some(ScriptPlan {
        command: CommandPlan {
            argv: command?.value,
            user,
            arguments: Arguments::AsWritten,
        },
        timeout: timeout.unwrap_or(unit::SCRIPT_TIMEOUT),
    })
}
