//! `interface_up_down_delays`, lines of `IF DOWN [UP]` in seconds, and `garp_group`.

use std::time::Duration;

use model::plan::{LinkPlan, SwitchPlan};

use super::args;
use super::lex::Word;
use super::tree::Item;
use crate::diagnostics::Diagnostics;
use crate::draft::Draft;
use crate::unit;

pub(super) fn lower(block: &Item, draft: &mut Draft, d: &mut Diagnostics) {
    for line in &block.children {
        let mut words = line.words().iter();
        let Some(name) = words.next() else { continue };
        if !unit::interface(&name.text) {
            d.bad_interface::<()>(&name.span, &name.text);
            continue;
        }
        let mut delay = || match words.next() {
            None => Duration::ZERO,
            Some(word) => match unit::seconds(&word.text).filter(|time| *time <= Duration::from_secs(255)) {
                Some(time) => time,
                None => {
                    let message = format!("`{}` is not a time from 0 to 255 seconds", word.text);
                    d.ignored_value(&word.span, &message, "no delay");
                    Duration::ZERO
                }
            },
        };
        draft.links.push(LinkPlan {
            interface: name.text.as_str().into(),
            down_delay: delay(),
            up_delay: delay(),
        });
    }
}

/// `garp_group`: interfaces whose announcements keep a distance together.
pub(super) fn lower_group(block: &Item, draft: &mut Draft, d: &mut Diagnostics) {
    let longest = Duration::from_secs(86_400);
    let gap = |keyword, d: &mut Diagnostics| {
        let item = block.last(keyword);
        item.and_then(|item| args::time(item, Duration::ZERO, longest, d))
            .unwrap_or_default()
    };
    let (arp_gap, na_gap) = (gap("garp_interval", d), gap("gna_interval", d));
    let one = block.all("interface").filter_map(|item| item.args().first());
    let several = block.all("interfaces").flat_map(|list| &list.children);
    let words: Vec<&Word> = one.chain(several.flat_map(Item::words)).collect();
    let mut interfaces = Vec::new();
    for word in words {
        let is_elsewhere = draft.switches.iter().any(|switch| {
            let mut names = switch.interfaces.iter();
            names.any(|name| name.as_str() == word.text)
        });
        if is_elsewhere {
            let message = format!("{} is in another garp_group already", word.text);
            d.ignored_value(&word.span, &message, "ignored here");
        } else if unit::interface(&word.text) {
            interfaces.push(word.text.as_str().into());
        } else {
            d.bad_interface::<()>(&word.span, &word.text);
        }
    }
    if interfaces.is_empty() || (arp_gap.is_zero() && na_gap.is_zero()) {
        let message = "this garp_group has no interface, or no interval";
        return d.ignored_value(block.span(), message, "ignored");
    }
    draft.switches.push(SwitchPlan {
        interfaces,
        arp_gap,
        na_gap,
    });
}
