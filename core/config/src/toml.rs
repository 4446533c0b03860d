//! The native language: TOML 1.1 in one or several files.
//!
//! Files are merged before anything is judged ([`Tree`]): tables key by key, later files win, so that a drop-in
//! `90-local.toml` can change one priority of an instance that `10-web.toml` describes. A list is replaced whole.

mod keys;
mod tree;

mod address;
mod check;
mod entries;
mod fifo;
mod hook;
mod instance;
mod ipvs;
mod life;
mod links;
mod machine;
mod plugin;
mod resource;
mod service;
mod tracker;

pub(crate) use tree::Tree;

use crate::diagnostics::Diagnostics;
use crate::draft::Draft;
use keys::Keys;

pub(crate) use instance::default_group;

/// Lowers the merged files to drafts.
pub(crate) fn lower(tree: &Tree, draft: &mut Draft, diagnostics: &mut Diagnostics) {
    let mut keys = Keys::new(&tree.root, "the configuration");
    if let Some(node) = keys.text("node", diagnostics) {
        draft.node = node.value.to_owned();
    }
    for (name, table) in keys.named_tables("instance", diagnostics) {
        instance::lower(name, table, draft, diagnostics);
    }
    for (name, table) in keys.named_tables("interface", diagnostics) {
        links::lower(name, table, draft, diagnostics);
    }
    for (name, table) in keys.named_tables("switch", diagnostics) {
        links::lower_switch(name, table, draft, diagnostics);
    }
    if let Some(table) = keys.table("machine", diagnostics) {
        draft.machine = machine::lower(table, diagnostics);
    }
    if let Some(table) = keys.table("start", diagnostics) {
        (draft.start, draft.life.before) = life::lower_start(table, diagnostics);
    }
    if let Some(table) = keys.table("stop", diagnostics) {
        draft.life.after = life::lower_stop(table, diagnostics);
    }
    for (name, table) in keys.named_tables("group", diagnostics) {
        instance::lower_group(name, table, draft, diagnostics);
    }
    for (name, table) in keys.named_tables("tracker", diagnostics) {
        tracker::lower(name, table, draft, diagnostics);
    }
    for (name, table) in keys.named_tables("service", diagnostics) {
        service::lower(name, table, draft, diagnostics);
    }
    if let Some(table) = keys.table("static", diagnostics) {
        entries::lower_static(table, draft, diagnostics);
    }
    for (name, table) in keys.named_tables("fifo", diagnostics) {
        fifo::lower(name, table, draft, diagnostics);
    }
    if let Some(table) = keys.table("ipvs", diagnostics) {
        ipvs::lower(table, draft, diagnostics);
    }
    for (name, table) in keys.named_tables("plugin", diagnostics) {
        plugin::lower(name, table, draft, diagnostics);
    }
    keys.finish(diagnostics);
}
