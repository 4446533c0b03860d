//! Of routes and policy rules, in iproute2's words.

use super::super::Diagnostics;
use crate::iproute::Mistake;
use crate::source::Span;

impl Diagnostics {
    /// In the native language a mistake is an error.
    pub(crate) fn bad_entry<T>(&mut self, span: &Span, mistake: &Mistake) -> Option<T> {
        self.error(
            "bellwether::bad_route",
            span,
            mistake.message.clone(),
            "in these words",
        )
        .help(mistake.cure.clone());
        None
    }

    /// In keepalived's language the line is left out.
    pub(crate) fn entry_left_out(&mut self, span: &Span, what: &str, mistake: &Mistake) {
        let label = format!("this {what} is left out, as keepalived does");
        self.warning("bellwether::bad_route", span, mistake.message.clone(), label)
            .help(mistake.cure.clone());
    }

    pub(crate) fn rule_without_priority<T>(&mut self, span: &Span) -> Option<T> {
        let message = "this rule has no priority";
        self.error("bellwether::bad_route", span, message, "where among the rules?")
            .help("add priority 1000, lower than 32766 where the main table is asked");
        None
    }

    pub(crate) fn static_without_interface<T>(&mut self, span: &Span, cure: &str) -> Option<T> {
        let message = "a static address names its interface";
        self.error("bellwether::missing_key", span, message, "on which one?")
            .help(format!("add {cure}"));
        None
    }
}
