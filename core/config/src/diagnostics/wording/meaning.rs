//! Of what things mean together, in either language.

use std::net::IpAddr;

use model::net::Family;

use super::super::{Diagnostics, Severity};
use super::nearest;
use crate::draft::Language;
use crate::source::Span;

impl Diagnostics {
    pub(crate) fn duplicate_vrid(
        &mut self,
        span: &Span,
        vrid: u8,
        interface: &str,
        first: &Span,
        name: &str,
    ) {
        let message = format!(
            "VRID {vrid} is used twice on {interface}: by this instance and by {name} ({})",
            first.place()
        );
        self.error("bellwether::duplicate_vrid", span, message, "the second")
            .also(first, "the first")
            .help(
                "give one of the two another VRID, from 1 to 255; all routers of an instance need the same",
            );
    }

    pub(crate) fn duplicate(&mut self, span: &Span, what: &str, name: &str, first: &Span) {
        let message = format!("{what} {name} is configured twice, first at {}", first.place());
        self.error("bellwether::duplicate", span, message, "again")
            .also(first, "first here")
            .help("remove one of the two, or give it another name");
    }

    pub(crate) fn undefined<'a>(
        &mut self,
        span: &Span,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
        example: &str,
    ) {
        let help = match nearest(name, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("define it: {example}"),
        };
        let message = format!("there is no {what} `{name}`");
        self.error("bellwether::undefined", span, message, "refers to nothing")
            .help(help);
    }

    pub(crate) fn plugin_and_command(&mut self, span: &Span) -> Option<model::plan::HookPlan> {
        let message = "a hook runs a plugin or a command, not both";
        self.error("bellwether::conflict", span, message, "beside `plugin`")
            .help("make it two hooks");
        None
    }

    pub(crate) fn check_and_checks(&mut self, span: &Span) {
        self.error(
            "bellwether::conflict",
            span,
            "`check` and `checks` in one table",
            "beside `check`",
        )
        .help("put all of them into `checks`");
    }

    pub(crate) fn address_and_mark<T>(&mut self, span: &Span) -> Option<T> {
        let message = "a service has an address or a firewall mark, not both";
        self.error("bellwether::conflict", span, message, "beside `address`")
            .help("make it two services");
        None
    }

    pub(crate) fn track_one_of(&mut self, span: &Span) {
        self.error(
            "bellwether::conflict",
            span,
            "this tracks not exactly one thing",
            "an entry for each",
        )
        .help("write { interface = \"eth1\" } or { tracker = \"haproxy\" }");
    }

    pub(crate) fn advert_interval<T>(&mut self, span: &Span) -> Option<T> {
        let message = "an advertisement interval is a multiple of 10 ms, from 10 ms to 255 s";
        self.error("bellwether::advert_interval", span, message, "is not")
            .help("write \"1s\" or \"100ms\"");
        None
    }

    pub(crate) fn advert_interval_v2(&mut self, span: &Span) {
        let message = "VRRP version 2 can only say whole seconds";
        self.error("bellwether::advert_interval", span, message, "not a whole second")
            .help("write \"1s\", or use version 3");
    }

    pub(crate) fn advert_interval_v3(&mut self, span: &Span) {
        let message = "VRRP version 3 can say 40.95 s at most";
        self.error(
            "bellwether::advert_interval",
            span,
            message,
            "12 bits of centiseconds are not enough",
        )
        .help("write \"1s\"");
    }

    pub(crate) fn password_length<T>(&mut self, span: &Span, found: usize) -> Option<T> {
        let message = format!("a password has 1 to 8 bytes, this one has {found}");
        self.error(
            "bellwether::password",
            span,
            message,
            "goes into a field of 8 bytes",
        )
        .help("all routers of the instance need the same; it crosses the wire in clear");
        None
    }

    pub(crate) fn password_v3(&mut self, span: &Span) {
        let message = "VRRP version 3 has no authentication";
        self.error("bellwether::password", span, message, "version 2 only")
            .help("remove `password`, or write version = 2");
    }

    pub(crate) fn v2_ipv6(&mut self, span: &Span) {
        let message = "VRRP version 2 knows IPv4 only";
        self.error("bellwether::version", span, message, "this instance is IPv6")
            .help("write version = 3");
    }

    pub(crate) fn mixed_families(&mut self, span: &Span, first: &Span, family: Family) {
        let message = format!("an instance advertises one family, and this one is {family}");
        self.error("bellwether::mixed_families", span, message, "the other family")
            .also(first, "the first address decides")
            .help("make it an instance of its own, or put it under `excluded`");
    }

    pub(crate) fn wrong_family(&mut self, span: &Span, what: &str, found: IpAddr, wanted: Family) {
        let message = format!("{what} {found} is not {wanted} like the rest");
        self.error(
            "bellwether::mixed_families",
            span,
            message,
            format!("not {wanted}"),
        )
        .help(format!("name an {wanted} address"));
    }

    pub(crate) fn not_a_unicast_address(&mut self, span: &Span, what: &str, found: IpAddr, kind: &str) {
        let message = format!("{what} {found} is {kind}");
        self.error("bellwether::bad_address", span, message, "no host can have it")
            .help("write an address of your network, such as 192.0.2.10/24");
    }

    pub(crate) fn not_multicast(&mut self, span: &Span, found: IpAddr) {
        let message = format!("{found} is not a multicast address");
        self.error("bellwether::bad_address", span, message, "adverts go to a group")
            .help("remove it: 224.0.0.18 and ff02::12 are the groups of VRRP");
    }

    pub(crate) fn unicast_and_multicast(&mut self, span: &Span) {
        let message = "an instance is unicast or multicast, not both";
        self.error("bellwether::conflict", span, message, "beside `unicast`")
            .help("remove one of the two; all routers of the instance need the same");
    }

    pub(crate) fn own_peer(&mut self, span: &Span, peer: IpAddr) {
        let message = format!("peer {peer} is this router's own source");
        self.warning("bellwether::own_peer", span, message, "left out")
            .help("name the other routers only");
    }

    pub(crate) fn alone_with_itself(&mut self, span: &Span, peer: IpAddr) {
        let message = format!("the only peer, {peer}, is this router's own source");
        self.error("bellwether::own_peer", span, message, "no other router")
            .help("name the other routers");
    }

    /// A strict instance does not get away with it.
    pub(crate) fn link_local_first(&mut self, span: &Span, found: IpAddr, strict: bool) {
        let (code, label) = ("bellwether::link_local_first", "RFC 9568 §5.2.9");
        let draft = if strict {
            let message =
                format!("the first address of a strict IPv6 instance is link-local, {found} is not");
            self.error(code, span, message, label)
        } else {
            let message =
                format!("the first address of an IPv6 instance should be link-local, {found} is not");
            self.warning(code, span, message, label)
        };
        draft.help("begin the list with an address such as fe80::10/64; hosts use it as their gateway");
    }

    pub(crate) fn too_many_addresses(&mut self, span: &Span, found: usize) {
        let message = format!("an advert has room for 255 addresses, these are {found}");
        self.error("bellwether::too_many_addresses", span, message, "one too many")
            .help("put the rest under `excluded`: they move with the instance but are not advertised");
    }

    pub(crate) fn repeated_address(&mut self, span: &Span, found: IpAddr, first: &Span) {
        let message = format!("address {found} stands twice in this instance");
        self.warning("bellwether::duplicate", span, message, "again")
            .also(first, "first here")
            .help("remove one of the two");
    }

    pub(crate) fn no_addresses(&mut self, span: &Span) {
        let message = "this instance has no address to move";
        self.warning(
            "bellwether::no_addresses",
            span,
            message,
            "hooks run, but no address comes or goes",
        )
        .help("add addresses = [\"192.0.2.10/24\"], in keepalived.conf virtual_ipaddress { 192.0.2.10/24 }");
    }

    pub(crate) fn no_addresses_v3(&mut self, span: &Span) {
        let message = "an advert of version 3 carries at least one address, this instance has none";
        self.error("bellwether::no_addresses", span, message, "no address")
            .help(
                "add addresses = [\"192.0.2.10/24\"], in keepalived.conf virtual_ipaddress { 192.0.2.10/24 }",
            );
    }

    pub(crate) fn two_groups(&mut self, span: &Span, instance: &str, first: &Span) {
        let message = format!("instance {instance} is in two groups");
        self.error("bellwether::two_groups", span, message, "the second")
            .also(first, "the first")
            .help("an instance moves with one group only; make the two groups one");
    }

    pub(crate) fn lonely_group(&mut self, span: &Span, members: usize) {
        let message = format!("a group of {members} moves nothing together");
        self.warning(
            "bellwether::lonely_group",
            span,
            message,
            "has fewer than two members",
        )
        .help("add the other instances to it, or remove the group");
    }

    pub(crate) fn owner_never_yields(&mut self, span: &Span) {
        let message = "priority 255 always preempts and no tracker moves it";
        self.warning(
            "bellwether::owner",
            span,
            message,
            "the address owner (RFC 9568 §8.3.2)",
        )
        .help("write 254 unless this router has the virtual address as its own");
    }

    pub(crate) fn source_needed(&mut self, span: &Span) {
        let message = "`source` is one of the virtual addresses: a Backup does not have it";
        self.error("bellwether::source", span, message, "moves away")
            .help("name an address that stays on this node, or remove the key");
    }

    pub(crate) fn plugin_kind<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        let message = format!("`{found}` is no plugin that can be loaded");
        self.error("bellwether::plugin_kind", span, message, "neither .lua nor .wasm")
            .help("name a file that ends in .lua or .wasm");
        None
    }

    pub(crate) fn persistence_range<T>(&mut self, span: &Span) -> Option<T> {
        let message = "persistence lasts whole seconds, from 1 s to 31 days";
        self.error("bellwether::persistence", span, message, "outside that")
            .help("write \"300s\"");
        None
    }

    pub(crate) fn port_needed(&mut self, span: &Span) {
        let message = "a service without a port balances all ports, and that needs persistence";
        self.error("bellwether::port", span, message, "no port")
            .help("add a port, as in \"192.0.2.10:80\", or persistence = true");
    }

    pub(crate) fn port_differs(&mut self, span: &Span, server: u16, service: u16, language: Language) {
        let message = format!("only `nat` can change the port: {server} here, {service} at the service");
        match language {
            Language::Toml => self
                .error(
                    "bellwether::port",
                    span,
                    message,
                    "packets arrive at the service's port",
                )
                .help(format!("write port {service}, or forward = \"nat\"")),
            Language::Keepalived => self
                .warning(
                    "bellwether::port",
                    span,
                    message,
                    format!("{service} is used, as keepalived does"),
                )
                .help(format!("write port {service}, or lb_kind NAT")),
        };
    }

    pub(crate) fn duplicate_server(&mut self, span: &Span, server: &str, first: &Span, language: Language) {
        let message = format!("server {server} stands twice in this service");
        let severity = match language {
            Language::Toml => Severity::Error,
            Language::Keepalived => Severity::Warning,
        };
        self.add(severity, "bellwether::duplicate", Some(span), message, "again")
            .also(first, "first here")
            .help("remove one of the two");
    }

    pub(crate) fn no_servers(&mut self, span: &Span) {
        let message = "this service has no server: its clients are refused";
        self.warning("bellwether::no_servers", span, message, "no real server")
            .help("add servers = [\"10.0.0.11:80\"], in keepalived.conf real_server 10.0.0.11 80 { }");
    }

    pub(crate) fn quorum_unreachable(&mut self, span: &Span, needed: u32, total: u64) {
        let message = format!("quorum {needed} is more than all weights together, which are {total}");
        self.warning("bellwether::quorum", span, message, format!("{total} is used"))
            .help(format!("write {total} or less"));
    }

    pub(crate) fn hysteresis(&mut self, span: &Span) {
        let message = "the hysteresis is not smaller than the quorum: it would never be lost";
        self.warning(
            "bellwether::quorum",
            span,
            message,
            "quorum - hysteresis reaches zero",
        )
        .help("write a smaller hysteresis");
    }

    pub(crate) fn one_packet(&mut self, span: &Span) {
        let message = "one-packet scheduling is for UDP";
        self.error("bellwether::one_packet", span, message, "this service is not UDP")
            .help("remove it, or balance UDP");
    }
}
