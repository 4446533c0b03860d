//! `interface_up_down_delays`: lines of `IF DOWN [UP]`, in seconds.

use std::time::Duration;

use model::plan::LinkPlan;

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
