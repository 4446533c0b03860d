//! `[fifo.NAME]`: named pipes that tell what happens.

use std::path::PathBuf;

use model::plan::{Arguments, CommandPlan, FifoPlan};

use super::keys::{self, Keys};
use super::tree::{Entry, Table};
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, FifoDraft};

/// What a pipe can tell of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    Elections,
    Services,
}

pub(super) fn lower(name: &Entry, table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "a fifo");
    let path = keys.text("path", d);
    let subjects = keys.node("tells").map(|node| {
        let choices = [("elections", Subject::Elections), ("services", Subject::Services)];
        let words = keys::list(node, d).unwrap_or_default().iter();
        let subjects: Vec<Subject> = words
            .filter_map(|word| keys::choice(word, "tells", &choices, d))
            .collect();
        subjects
    });
    let retells = keys.flag("retells", d).unwrap_or(false);
    let owner = keys.user("owner", d).flatten();
    let reader = keys.command("reader", d);
    let user = keys.user("user", d).flatten();
    let refused = keys.refused;
    keys.finish(d);
    let Some(path) = path else {
        if !refused {
            let example = "path = \"/run/bellwether/events\"";
            d.missing_key::<()>(&name.key_span, "a fifo", "path", example);
        }
        return;
    };
    if !path.value.starts_with('/') {
        return d.relative_path(&path.span, path.value);
    }
    let tells = |subject| subjects.as_ref().is_none_or(|list| list.contains(&subject));
    draft.fifos.push(FifoDraft {
        plan: FifoPlan {
            path: PathBuf::from(path.value),
            elections: tells(Subject::Elections),
            services: tells(Subject::Services),
            retells,
            owner,
            reader: reader.map(|at| CommandPlan {
                argv: at.value,
                user,
                arguments: Arguments::AsWritten,
            }),
        },
        head: path.span,
    });
}
