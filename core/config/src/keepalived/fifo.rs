//! `notify_fifo`, `vrrp_notify_fifo`, `lvs_notify_fifo` and their readers.

use std::path::PathBuf;

use model::plan::{Arguments, CommandPlan, FifoPlan};

use super::args;
use super::tree::Item;
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, FifoDraft, User};

/// Keyword, that of its reader, whether it tells of elections and of services.
const KINDS: [(&str, &str, bool, bool); 3] = [
    ("notify_fifo", "notify_fifo_script", true, true),
    ("vrrp_notify_fifo", "vrrp_notify_fifo_script", true, false),
    ("lvs_notify_fifo", "lvs_notify_fifo_script", false, true),
];

/// All of `global_defs`. `user` is who runs scripts.
pub(super) fn lower(globals: &Item, user: &User, draft: &mut Draft, d: &mut Diagnostics) {
    let retells = globals.last("fifo_write_vrrp_states_on_reload").is_some();
    for (keyword, script, elections, services) in KINDS {
        let script = globals.last(script);
        let Some(item) = globals.last(keyword) else {
            if let Some(script) = script {
                let message = format!("there is no {keyword} to read");
                d.ignored_value(script.span(), &message, "it is not run");
            }
            continue;
        };
        let path = PathBuf::from(item.arg());
        if !path.is_absolute() {
            d.relative_path(item.arg_span(), item.arg());
            continue;
        }
        let reader = script.and_then(|script| args::notify(script, user, d));
        draft.fifos.push(FifoDraft {
            plan: FifoPlan {
                path,
                elections,
                services,
                retells,
                owner: args::owner(item),
                reader: reader.map(|exec| CommandPlan {
                    argv: exec.argv,
                    user: exec.user,
                    arguments: Arguments::AsWritten,
                }),
            },
            head: item.arg_span().clone(),
        });
    }
}
