//! keepalived's language, with its tolerance: comments inside words, glued braces, unknown words passed over. What
//! keepalived lets pass passes here too, but never in silence.
//!
//! A file goes through three steps: [`lex`] (lines, definitions, includes), [`tree`] (blocks, by the keywords of
//! [`grammar`]) and the lowerings, one for each kind of block.

mod address;
mod args;
mod bfd;
mod entries;
mod grammar;
mod lex;
mod tree;

mod checker;
mod delays;
mod fifo;
mod global;
mod ipvs;
mod lvs;
mod machine;
mod script;
mod vrrp;
mod watch;

use std::sync::Arc;

use crate::draft::Draft;
use crate::load::{Environment, Reader};
use crate::source::Source;

/// Reads a file and all that it includes, and adds it to the draft.
pub(crate) fn read(source: &Arc<Source>, env: &Environment, draft: &mut Draft, reader: &mut Reader) {
    let tokens = lex::tokens(source, env, reader);
    let d = &mut reader.diagnostics;
    let items = tree::parse(&tokens, d);
    let mut globals = global::Globals::new(env);
    let groups = lvs::groups(&items);
    for item in &items {
        match item.keyword() {
            "global_defs" => globals.lower(item, draft, d),
            "net_namespace" => machine::lower(item, &mut draft.machine, d),
            "vrrp_script" => script::lower(item, &globals, draft, d),
            "bfd_instance" => bfd::lower(item, &mut globals, draft, d),
            "garp_group" => delays::lower_group(item, draft, d),
            "interface_up_down_delays" => delays::lower(item, draft, d),
            "track_file" | "vrrp_track_file" => watch::lower_file(item, draft, d),
            "vrrp_track_process" => watch::lower_process(item, draft, d),
            "vrrp_instance" => vrrp::lower(item, &globals, draft, d),
            "vrrp_sync_group" => vrrp::lower_group(item, &globals, draft, d),
            "static_ipaddress" | "static_routes" | "static_rules" => {
                entries::lower_static(item, &globals, draft, d);
            }
            "virtual_server" => lvs::lower(item, &groups, &globals, draft, d),
            _ => {}
        }
    }
    vrrp::tell_of_members(&items, draft, d);
}

#[cfg(test)]
mod tests;
