//! Of devices of virtual routers.

use model::net::Mac;

use super::super::Diagnostics;
use crate::source::Span;

impl Diagnostics {
    pub(crate) fn bad_mac<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        let message = format!("`{found}` is no link-layer address that a device can have");
        self.error("bellwether::bad_mac", span, message, "not one of a single host")
            .help("write it as 02:00:5e:00:01:33, or leave it out: the virtual router has one of its own");
        None
    }

    pub(crate) fn two_devices(&mut self, span: &Span) {
        let message =
            "an instance has one device: with a link-layer address of its own, or with the interface's";
        self.error("bellwether::two_devices", span, message, "the second")
            .help("keep vmac (use_vmac), unless the network allows one address at each port");
    }

    pub(crate) fn static_with_device(&mut self, span: &Span) {
        let message = "a static address belongs to no virtual router, so it has no vmac";
        self.error("bellwether::static", span, message, "vmac")
            .help("leave vmac out, or give the address to an instance");
    }

    pub(crate) fn device_is_interface(&mut self, span: &Span, name: &str, instance: &str) {
        let message = format!("the device {name} has the name of the interface of instance {instance}");
        self.error(
            "bellwether::device_name",
            span,
            message,
            "made by us, so it cannot carry adverts",
        )
        .help("give the device another name");
    }

    pub(crate) fn duplicate_mac(&mut self, span: &Span, mac: Mac, interface: &str, first: &Span) {
        let message = format!("two devices on {interface} have the link-layer address {mac}");
        self.error("bellwether::duplicate", span, message, "the second")
            .also(first, "the first")
            .help("give one of the two instances another VRID, or its device another address");
    }
}
