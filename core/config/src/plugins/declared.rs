//! What plugins' code declares of their parameters, against what they are given.

use model::declared::Declared;
use model::plan::PluginSource;

use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, PluginDraft, PluginUse};
use crate::load::Environment;
use crate::source::Span;

/// Looks at every use of a plugin whose code is known.
pub(crate) fn check_declared(draft: &Draft, env: &Environment, d: &mut Diagnostics) {
    let Some(declares) = &env.declares else { return };
    for own in &draft.plugins {
        let PluginSource::File(path) = &own.plan.source else {
            continue;
        };
        match declares(path) {
            Ok(Some(declared)) => check_uses(draft, own, &declared, d),
            Ok(None) => {}
            Err(why) => d.plugin_does_not_load(&own.span, own.plan.name.as_str(), &why),
        }
    }
}

fn check_uses(draft: &Draft, own: &PluginDraft, declared: &[Declared], d: &mut Diagnostics) {
    // A check that many servers inherit is one mistake.
    let mut seen: Vec<&Span> = Vec::new();
    for used in draft.uses.iter().filter(|used| used.plugin == own.plan.name) {
        if !seen.iter().any(|known| known.is(&used.span)) {
            seen.push(&used.span);
            check_use(used, declared, d);
        }
    }
}

fn check_use(used: &PluginUse, declared: &[Declared], d: &mut Diagnostics) {
    let plugin = used.plugin.as_str();
    for given in &used.given {
        match declared.iter().find(|one| one.name == given.name) {
            None => {
                let known: Vec<&str> = declared.iter().map(|one| one.name.as_str()).collect();
                d.undeclared_parameter(&given.span, plugin, &given.name, &known);
            }
            Some(one) if one.fits(&given.value) => {}
            Some(one) => d.unknown_parameter(&given.span, plugin, &given.name, &one.wanted()),
        }
    }
    for one in declared.iter().filter(|one| one.required) {
        if !used.given.iter().any(|given| given.name == one.name) {
            d.missing_parameter(&used.span, plugin, &one.name, &one.example());
        }
    }
}
