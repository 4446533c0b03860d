//! Where an instance is stricter, or says more, than the RFC of its version asks.

use model::plan::{Conduct, Lists};

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
