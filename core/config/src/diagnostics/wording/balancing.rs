//! Messages about the kernel's balancer.

use crate::diagnostics::{Diagnostics, Severity};
use crate::draft::Language;
use crate::source::Span;

impl Diagnostics {
    pub(crate) fn drain_range<T>(&mut self, span: &Span) -> Option<T> {
        let message = "a server may take a day to leave at most";
        self.error("bellwether::drain", span, message, "longer than that")
            .help("write \"30s\"");
        None
    }

    pub(crate) fn slow_start_range<T>(&mut self, span: &Span) -> Option<T> {
        let message = "a server may take a day to get its whole weight at most";
        self.error("bellwether::slow_start", span, message, "longer than that")
            .help("write \"30s\"");
        None
    }

    pub(crate) fn checks_needed(&mut self, span: &Span, needed: u32, all: u32) {
        let message = format!("the server needs {needed} checks to pass, and has {all}");
        self.error("bellwether::checks_needed", span, message, "would never be good")
            .help("give it more checks, or write checks_needed \"any\" or a smaller number");
    }

    pub(crate) fn tunnel_options<T>(&mut self, span: &Span) -> Option<T> {
        let message = "ipip has no options, gre only `checksum`, gue `port` and one kind of checksum";
        self.error("bellwether::tunnel", span, message, "not for this tunnel")
            .help("write { tunnel = \"gue\", port = 6080, checksum = true }");
        None
    }

    pub(crate) fn sip_needs_udp(&mut self, span: &Span, language: Language) {
        let message = "persistence engine sip reads SIP over UDP only";
        let (severity, label) = match language {
            Language::Toml => (Severity::Error, "this service is not UDP"),
            Language::Keepalived => (Severity::Warning, "ignored: this service is not UDP"),
        };
        self.add(severity, "bellwether::persistence", Some(span), message, label)
            .help("remove it, or balance UDP");
    }

    pub(crate) fn suspend_never(&mut self, span: &Span, service: &str) {
        let message = format!("no instance carries the address of {service}: its checks never sleep");
        self.warning("bellwether::ha_suspend", span, message, "has no effect")
            .help("remove it, or put the address into an instance's virtual_ipaddress");
    }

    pub(crate) fn timeout_range<T>(&mut self, span: &Span) -> Option<T> {
        let message = "the kernel keeps connections for whole seconds, from 1 s to 31 days";
        self.error("bellwether::timeout", span, message, "outside that")
            .help("write \"900s\"");
        None
    }

    pub(crate) fn sync_instance(&mut self, span: &Span, found: &str) {
        let message = format!("the sync daemon follows instance {found}, which does not exist");
        self.error("bellwether::undefined", span, message, "refers to nothing")
            .help("define the instance, correct the name, or remove it to run master and backup both");
    }

    pub(crate) fn sync_mixed(&mut self, span: &Span, server: &str) {
        let message =
            format!("the kernel takes no server of the other family while a sync daemon runs: {server}");
        self.error("bellwether::sync", span, message, "asks for a sync daemon")
            .help("give the server an address of its service's family, or do without the sync daemon");
    }

    pub(crate) fn not_a_group<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        let message = format!("`{found}` is not a multicast address");
        self.error("bellwether::sync", span, message, "sync daemons speak to a group")
            .help("write 224.0.0.81, or remove it");
        None
    }

    pub(crate) fn flags_of_others(&mut self, span: &Span, scheduler: &str, language: Language) {
        let message =
            format!("scheduler {scheduler} has no flags `fallback` and `port`: they are for sh and mh");
        let (severity, label) = match language {
            Language::Toml => (Severity::Error, "not known to it"),
            Language::Keepalived => (Severity::Warning, "ignored, as the kernel does"),
        };
        self.add(severity, "bellwether::scheduler", Some(span), message, label)
            .help("remove them, or balance by sh or mh");
    }
}
