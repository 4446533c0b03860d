//! Messages about plugins: what they are granted, and what they are given.

use super::{list, nearest};
use crate::diagnostics::Diagnostics;
use crate::source::Span;

impl Diagnostics {
    pub(crate) fn bad_net_grant<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        let message = format!("`{found}` is no place to connect to");
        self.error("bellwether::bad_grant", span, message, "not a network")
            .help("write \"target\", \"10.0.0.0/8\", \"10.0.0.0/8:443\", \"[2001:db8::/32]:443\" or \"unix:/PATH\"");
        None
    }

    pub(crate) fn relative_grant<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        let message = format!("`{found}` is relative; a grant names a file or directory from the root");
        self.error("bellwether::bad_grant", span, message, "relative")
            .help("begin it with `/`");
        None
    }

    pub(crate) fn unknown_parameter(&mut self, span: &Span, plugin: &str, name: &str, wanted: &str) {
        let message = format!("parameter `{name}` of {plugin} is {wanted}");
        self.error("bellwether::bad_parameter", span, message, "in this check");
    }

    pub(crate) fn undeclared_parameter(&mut self, span: &Span, plugin: &str, name: &str, known: &[&str]) {
        let help = match nearest(name, known.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None if known.is_empty() => format!("{plugin} takes no parameters"),
            None => format!("it takes {}", list(known.to_vec())),
        };
        let message = format!("{plugin} does not take the parameter `{name}`");
        self.error("bellwether::bad_parameter", span, message, "not declared by it")
            .help(help);
    }

    pub(crate) fn plugin_does_not_load(&mut self, span: &Span, plugin: &str, why: &str) {
        let message = format!("the plugin {plugin} does not load: {why}");
        self.warning(
            "bellwether::plugin_does_not_load",
            span,
            message,
            "its checks are unknown, its hooks fail",
        )
        .help("`bellwether plugin check FILE` tells more");
    }

    pub(crate) fn missing_parameter(&mut self, span: &Span, plugin: &str, name: &str, example: &str) {
        let message = format!("a check by {plugin} needs `{name}`");
        self.error(
            "bellwether::bad_parameter",
            span,
            message,
            format!("`{name}` is missing"),
        )
        .help(format!("add {example}"));
    }

    pub(crate) fn resource_twice(&mut self, span: &Span) {
        let message = "this resource is held already";
        self.error(
            "bellwether::duplicate",
            span,
            message,
            "the same plugin with the same parameters",
        )
        .help("take one of the two away");
    }

    pub(crate) fn resource_interval<T>(&mut self, span: &Span) -> Option<T> {
        let message = "a resource is looked at once a second at most";
        self.error("bellwether::out_of_range", span, message, "more often than that")
            .help("write \"30s\"");
        None
    }

    pub(crate) fn bad_unit<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        let message = format!("`{found}` is no unit of systemd");
        self.error("bellwether::bad_grant", span, message, "without its kind")
            .help(format!("write \"{found}.service\""));
        None
    }

    pub(crate) fn bad_secret<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        let message = format!("`{found}` is no place of a secret");
        self.error(
            "bellwether::bad_grant",
            span,
            message,
            "neither a path nor a variable",
        )
        .help("write the file that holds it, such as \"/etc/bellwether/token\", or \"env:TOKEN\"");
        None
    }
}
