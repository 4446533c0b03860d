//! `via = { source = "192.0.2.1", fwmark = 7 }`: by which way the packets of a check leave.

use model::ids::LinkName;
use model::plan::Via;

use super::Keys;
use super::keys::At;
use crate::diagnostics::Diagnostics;
use crate::unit;

/// `None` when something in it is refused.
pub(super) fn lower(outer: &mut Keys<'_>, plugin: &str, d: &mut Diagnostics) -> Option<Via> {
    let Some(entry) = outer.entry("via") else {
        return Some(Via::default());
    };
    let table = super::keys::table(&entry.node, d)?;
    if plugin == "misc" {
        return d.via_of_a_command(&entry.key_span);
    }
    let mut keys = Keys::new(table, "via");
    let source = keys.address("source", d);
    let port = keys.number("source_port", 1, 65_535, d);
    let interface = keys.interface("interface", d);
    let vrf = keys.interface("vrf", d);
    let mark = keys.number("fwmark", 1, u32::MAX.into(), d);
    let netns = keys.text("netns", d);
    let mut good = !keys.refused && keys.rest().next().is_none();
    keys.finish(d);
    if let Some(source) = &source {
        good &= unit::is_source(source.value) || d.not_a_source(&source.span, source.value);
    }
    if let Some(port) = port.as_ref().filter(|_| plugin == "ping") {
        good &= d.port_of_an_echo(&port.span);
    }
    if let (Some(_), Some(vrf)) = (&interface, &vrf) {
        good &= d.interface_and_vrf(&vrf.span);
    }
    if let Some(netns) = &netns {
        good &= unit::namespace(netns.value) || d.bad_namespace(&netns.span, netns.value);
    }
    let device = vrf.or(interface).map(|at: At<&str>| LinkName::from(at.value));
    good.then(|| Via {
        source: source.map(|at| at.value),
        port: port.and_then(|at| u16::try_from(at.value).ok()),
        device,
        mark: mark.and_then(|at| u32::try_from(at.value).ok()),
        namespace: netns.map(|at| at.value.to_owned()),
    })
}
