//! `routes = ["default via 192.0.2.1 dev eth0"]`, `rules = ["from 192.0.2.0/24 table 100 priority 1000"]`, and
//! `[static]`.

use model::route::{Route, Rule};

use super::address;
use super::keys::{self, Keys};
use super::tree::{Node, Table};
use crate::diagnostics::Diagnostics;
use crate::draft::Draft;
use crate::iproute::{self, Line, Mistake, RouteNames};

pub(super) fn routes(outer: &mut Keys<'_>, names: &RouteNames, d: &mut Diagnostics) -> Vec<Route> {
    let nodes = outer.list("routes", d).iter();
    nodes
        .filter_map(|node| read(node, |words| iproute::route(words, names), d))
        .collect()
}

pub(super) fn rules(outer: &mut Keys<'_>, names: &RouteNames, d: &mut Diagnostics) -> Vec<Rule> {
    let nodes = outer.list("rules", d).iter();
    let read = |node: &Node| {
        let (rule, priority) = read(node, |words| iproute::rule(words, names), d)?;
        match priority {
            Some(_) => Some(rule),
            None => d.rule_without_priority(&node.span),
        }
    };
    nodes.filter_map(read).collect()
}

fn read<T>(
    node: &Node,
    read: impl FnOnce(&[&str]) -> Result<Line<T>, Mistake>,
    d: &mut Diagnostics,
) -> Option<T> {
    let words: Vec<&str> = keys::text(node, d)?.split_whitespace().collect();
    let line = match read(&words) {
        Ok(line) => line,
        Err(mistake) => return d.bad_entry(&node.span, &mistake),
    };
    let Some(at) = line.ignored.first() else {
        return Some(line.value);
    };
    let word = words.get(*at).copied().unwrap_or_default();
    let mistake = Mistake {
        at: *at,
        message: format!("not supported by bellwether: {word}"),
        cure: "remove it".to_owned(),
    };
    d.bad_entry(&node.span, &mistake)
}

/// What is there from start to stop.
pub(super) fn lower_static(table: &Table, draft: &mut Draft, d: &mut Diagnostics) {
    let mut keys = Keys::new(table, "static");
    let addresses = address::addresses(&mut keys, "addresses", &draft.names, d);
    let wishes = addresses.wishes.iter();
    for ((address, span), wish) in addresses.list.iter().zip(&addresses.spans).zip(wishes) {
        if wish.is_some() {
            d.static_with_device(span);
        }
        if address.interface.is_none() {
            d.static_without_interface::<()>(span, "interface = \"eth0\"");
        }
    }
    draft.statics.addresses.extend(addresses.list);
    draft.statics.routes.extend(routes(&mut keys, &draft.names, d));
    draft.statics.rules.extend(rules(&mut keys, &draft.names, d));
    keys.finish(d);
}
