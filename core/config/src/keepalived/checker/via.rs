//! `bindto`, `bind_port`, `bind_if` and `fwmark` of a checker.

use model::ids::LinkName;
use model::plan::Via;

use super::super::tree::Item;
use super::super::{args, global};
use crate::diagnostics::Diagnostics;
use crate::unit;

pub(super) fn lower(block: &Item, d: &mut Diagnostics) -> Via {
    let source = block.last("bindto").and_then(|item| {
        let source = global::address(item, d)?;
        (unit::is_source(source) || d.not_a_source(item.arg_span(), source)).then_some(source)
    });
    let device = block.last("bind_if").and_then(|item| {
        let name = item.arg();
        if unit::interface(name) {
            return Some(LinkName::from(name));
        }
        d.bad_interface(item.arg_span(), name)
    });
    let mut number = |keyword, max| block.last(keyword).and_then(|item| args::number(item, 0, max, d));
    let port = number("bind_port", 65_535).and_then(|port| u16::try_from(port).ok());
    let mark = number("fwmark", u32::MAX.into()).and_then(|mark| u32::try_from(mark).ok());
    Via {
        source,
        device,
        // 0 is the choice of the kernel, or no mark.
        port: port.filter(|port| *port != 0),
        mark: mark.filter(|mark| *mark != 0),
        namespace: None,
    }
}
