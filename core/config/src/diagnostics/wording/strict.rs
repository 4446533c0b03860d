//! Of strict mode.

use super::super::Diagnostics;
use crate::draft::Language;
use crate::source::Span;

impl Diagnostics {
    pub(crate) fn strict_without_addresses(&mut self, span: &Span) {
        let message = "a strict instance has at least one address, this one has none";
        self.error("bellwether::strict", span, message, "no address")
            .help(
                "add addresses = [\"192.0.2.10/24\"], in keepalived.conf virtual_ipaddress { 192.0.2.10/24 }",
            );
    }

    pub(crate) fn strict_unicast(&mut self, span: &Span, language: Language) {
        let message = "unicast is no part of VRRP, and this instance is strict";
        match language {
            Language::Toml => self.error("bellwether::strict", span, message, "not in RFC 9568"),
            Language::Keepalived => {
                let label = "adverts are unicast all the same, as with keepalived 2.2; later ones refuse it";
                self.warning("bellwether::strict", span, message, label)
            }
        }
        .help("leave unicast or strict mode out");
    }

    pub(crate) fn strict_hmac(&mut self, span: &Span) {
        let message = "a strict instance that seals its adverts hears sealed ones alone";
        self.error("bellwether::strict", span, message, "hears others, too")
            .help("write mode enforce, in TOML mode = \"enforce\"");
    }

    /// What keepalived's strict mode leaves out. Our own language is nobody's heir.
    pub(crate) fn strict_leaves_out(&mut self, span: &Span, language: Language, what: &str) {
        let message = format!("{what} is no part of VRRP, and this instance is strict");
        match language {
            Language::Toml => self
                .error("bellwether::strict", span, message, "not in RFC 9568")
                .help("remove it, or remove strict"),
            Language::Keepalived => {
                let label = "left out, as keepalived does";
                self.warning("bellwether::strict", span, message, label)
                    .help("remove the line, or leave strict mode out")
            }
        };
    }

    pub(crate) fn strict_state(&mut self, span: &Span, owner: bool) {
        let (message, label) = if owner {
            let message = "a strict instance that owns its addresses (priority 255) begins as Master";
            (message, "taken as MASTER, as keepalived does")
        } else {
            let message = "a strict instance begins as Master only if it owns its addresses (priority 255)";
            (message, "taken as BACKUP, as keepalived does")
        };
        self.warning("bellwether::strict", span, message, label);
    }

    pub(crate) fn strict_differs(&mut self, span: &Span) {
        let message = "strict mode is RFC 9568 with its errata";
        let label = "a Master answers a lower one at once, and an owner hears others";
        self.warning("bellwether::strict", span, message, label).help(
            "keepalived's strict mode does neither; lower_prio_no_advert and owner_ignore_adverts ask for that",
        );
    }
}
