//! What an advert must prove.

use super::Diagnostics;
use crate::source::Span;

impl Diagnostics {
    pub(crate) fn bad_key(&mut self, span: &Span, why: &str) {
        self.error("bellwether::key", span, why, "not a key").help(
            "make one with: (printf hex:; openssl rand -hex 32) > vrrp.key, and name it as file:/path/to/vrrp.key",
        );
    }

    pub(crate) fn duplicate_key_id(&mut self, span: &Span, id: u8) {
        let message = format!("two keys have the id {id}");
        self.error(
            "bellwether::key",
            span,
            message,
            "which one is meant by an advert?",
        )
        .help("give each key its own id; peers know them by it");
    }

    pub(crate) fn active_key_missing(&mut self, span: &Span, id: u8) {
        let message = format!("there is no key with the id {id}");
        self.error("bellwether::key", span, message, "seals our adverts")
            .help("name the id of one of the keys");
    }

    pub(crate) fn hmac_window(&mut self, span: &Span) {
        let message = "a window is 1 to 300 whole seconds";
        self.error("bellwether::key", span, message, "how far clocks may differ")
            .help("write \"5s\"");
    }

    pub(crate) fn hmac_and_header(&mut self, span: &Span) {
        let message = "an authentication header and an HMAC trailer do not go together";
        self.error("bellwether::key", span, message, "one of them proves enough")
            .help("keep the HMAC, and remove the authentication of type AH");
    }
}
