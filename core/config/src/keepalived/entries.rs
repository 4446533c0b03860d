//! `virtual_routes`, `virtual_rules`, and what is there from start to stop.

use model::route::{Route, Rule};

use super::address;
use super::global::Globals;
use super::tree::Item;
use crate::diagnostics::Diagnostics;
use crate::draft::Draft;
use crate::iproute::{self, Line, Mistake, Priorities, RouteNames};

/// The routes of all blocks of that kind.
pub(super) fn routes<'a>(
    blocks: impl Iterator<Item = &'a Item>,
    names: &RouteNames,
    d: &mut Diagnostics,
) -> Vec<Route> {
    let lines = blocks.flat_map(|list| &list.children);
    lines
        .filter_map(|line| read(line, "route", |words| iproute::route(words, names), d))
        .collect()
}

/// The rules of all blocks of that kind.
pub(super) fn rules<'a>(
    blocks: impl Iterator<Item = &'a Item>,
    names: &RouteNames,
    priorities: &mut Priorities,
    d: &mut Diagnostics,
) -> Vec<Rule> {
    let lines = blocks.flat_map(|list| &list.children);
    let mut rules = Vec::new();
    for line in lines {
        let Some((mut rule, written)) = read(line, "rule", |words| iproute::rule(words, names), d) else {
            continue;
        };
        if written.is_none() {
            rule.priority = priorities.take();
            let instead = format!("{} is taken", rule.priority);
            d.ignored_value(line.span(), "this rule has no priority", &instead);
        }
        rules.push(rule);
    }
    rules
}

fn read<T>(
    line: &Item,
    what: &str,
    read: impl FnOnce(&[&str]) -> Result<Line<T>, Mistake>,
    d: &mut Diagnostics,
) -> Option<T> {
    let words: Vec<&str> = line.words().iter().map(|word| word.text.as_str()).collect();
    let word = |at: usize| line.words().get(at);
    match read(&words) {
        Ok(Line { value, ignored }) => {
            for word in ignored.into_iter().filter_map(word) {
                let instead = format!("the {what} is put in without it");
                d.not_supported(&word.span, &word.text, &instead);
            }
            Some(value)
        }
        Err(mistake) => {
            let span = word(mistake.at).map_or(line.span(), |word| &word.span);
            d.entry_left_out(span, what, &mistake);
            None
        }
    }
}

/// `static_ipaddress`, `static_routes` or `static_rules`.
pub(super) fn lower_static(block: &Item, globals: &Globals, draft: &mut Draft, d: &mut Diagnostics) {
    let one = std::iter::once(block);
    match block.keyword() {
        "static_ipaddress" => {
            let addresses = address::addresses(one, &draft.names, d);
            let wishes = addresses.wishes.iter();
            for ((mut address, span), wish) in addresses.list.into_iter().zip(addresses.spans).zip(wishes) {
                if wish.is_some() {
                    d.not_supported(&span, "use_vmac", "a static address belongs to no virtual router");
                }
                let default = globals.default_interface.as_deref().map(Into::into);
                address.interface = address.interface.or(default);
                if address.interface.is_none() {
                    d.static_without_interface::<()>(&span, "dev eth0");
                }
                draft.statics.addresses.push(address);
            }
        }
        "static_routes" => draft.statics.routes.extend(routes(one, &draft.names, d)),
        "static_rules" => {
            let rules = rules(one, &draft.names, &mut draft.priorities, d);
            draft.statics.rules.extend(rules);
        }
        _ => {}
    }
}
