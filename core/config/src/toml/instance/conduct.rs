//! Where an instance is stricter, or says more, than the RFC of its version asks.

use model::plan::{Conduct, HookPlan, Lists, Phase, Tells};

use crate::diagnostics::Diagnostics;
use crate::toml::keys::Keys;

pub(super) fn conduct(keys: &mut Keys<'_>, d: &mut Diagnostics) -> Conduct {
    let lists = [
        ("tell", Lists::Tell),
        ("tell-once", Lists::TellOnce),
        ("drop", Lists::Drop),
    ];
    Conduct {
        lists: keys.choice("list_mismatch", &lists, d).unwrap_or_default(),
        deaf_owner: keys.flag("owner_ignores_adverts", d).unwrap_or(false),
        last_word: keys.flag("last_word", d).unwrap_or(false),
    }
}

/// What named pipes are told beside states. Who waits for a deletion has it told everywhere, in place of a stop.
pub(super) fn tells(keys: &mut Keys<'_>, hooks: &[HookPlan], d: &mut Diagnostics) -> Tells {
    let waits = |hook: &HookPlan| hook.phases.contains(&Phase::Deleted);
    Tells {
        priority: keys.flag("tell_priority", d).unwrap_or(false),
        deletion: hooks.iter().any(waits),
    }
}
