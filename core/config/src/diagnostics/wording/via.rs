//! Messages about the way by which the packets of a check leave. Those that end a value are `false`.

use std::net::IpAddr;

use super::super::Diagnostics;
use crate::source::Span;

const CODE: &str = "bellwether::via";

impl Diagnostics {
    pub(crate) fn via_of_a_command<T>(&mut self, span: &Span) -> Option<T> {
        let message = "a command opens its own connections, which nobody here can bind";
        self.error(CODE, span, message, "not for the plugin misc")
            .help("tell the command itself where to bind, or check by another plugin");
        None
    }

    pub(crate) fn not_a_source(&mut self, span: &Span, found: IpAddr) -> bool {
        let message = format!("no packet comes from {found}");
        self.error(CODE, span, message, "not the address of one machine")
            .help("write an address that this machine has, or remove it for the kernel's own choice");
        false
    }

    pub(crate) fn port_of_an_echo(&mut self, span: &Span) -> bool {
        let message = "an echo request has no port";
        self.error(CODE, span, message, "means nothing for the plugin ping")
            .help("remove it");
        false
    }

    pub(crate) fn interface_and_vrf(&mut self, span: &Span) -> bool {
        let message = "packets leave through one device: an interface, or whatever a VRF routes by";
        self.error(CODE, span, message, "`interface` stands beside it")
            .help("keep `interface` alone if it belongs to the VRF; else `vrf` alone");
        false
    }

    pub(crate) fn bad_namespace(&mut self, span: &Span, found: &str) -> bool {
        let message = format!("no network namespace can be called `{found}`");
        self.error(CODE, span, message, "a name, not a path")
            .help("`ip netns list` shows the namespaces of this machine");
        false
    }

    pub(crate) fn source_family(&mut self, span: &Span, source: IpAddr, target: IpAddr) {
        let message =
            format!("a check of {target} cannot come from {source}, an address of the other family");
        self.error(CODE, span, message, "a check of this server").help(
            "bind to an address of the server's family, or check another address of it (`address`, `connect_ip`)",
        );
    }
}
