//! Of files, of TOML, and of single values.

use std::net::IpAddr;
use std::path::Path;

use super::super::{Diagnostics, Severity};
use super::{list, nearest};
use crate::source::Span;

/// Every function that gives an `Option` gives `None`: the value is not there, and why is reported.
impl Diagnostics {
    pub(crate) fn unreadable(&mut self, path: &Path, from: Option<&Span>, error: &std::io::Error) {
        let file = path.display();
        let (another, readable) = match from {
            Some(_) => ("name another here", "name a readable file here"),
            None => (
                "name another with -c PATH",
                "name a readable file or directory with -c PATH",
            ),
        };
        let (cause, cure) = match error.kind() {
            std::io::ErrorKind::NotFound => {
                ("it does not exist".to_owned(), format!("create it, or {another}"))
            }
            std::io::ErrorKind::PermissionDenied => (
                "permission denied".to_owned(),
                format!("let the daemon's user read it: chmod a+r {file}"),
            ),
            _ => (error.to_string(), readable.to_owned()),
        };
        let message = format!("cannot read {file}: {cause}");
        self.add(
            Severity::Error,
            "bellwether::unreadable",
            from,
            message,
            "asked for here",
        )
        .help(cure);
    }

    pub(crate) fn empty_directory(&mut self, path: &Path) {
        let message = format!("no *.toml in {}: nothing is configured", path.display());
        let help = "files of other names are not read; copy an example of conf.d into it";
        self.add(
            Severity::Warning,
            "bellwether::empty_directory",
            None,
            message,
            "",
        )
        .help(help);
    }

    pub(crate) fn toml_syntax(&mut self, span: &Span, message: &str) {
        let message = message.lines().next().unwrap_or("not TOML").trim_end_matches('.');
        self.error(
            "bellwether::syntax",
            span,
            format!("this is not TOML: {message}"),
            "here",
        );
    }

    pub(crate) fn unknown_key(&mut self, span: &Span, key: &str, what: &str, known: &[&str]) {
        let mut known = known.to_vec();
        known.sort_unstable();
        known.dedup();
        let help = match nearest(key, known.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("the keys of {what} are {}", list(known)),
        };
        let message = format!("unknown key `{key}` in {what}");
        self.error("bellwether::unknown_key", span, message, "nothing reads this")
            .help(help);
    }

    pub(crate) fn missing_key<T>(&mut self, span: &Span, what: &str, key: &str, example: &str) -> Option<T> {
        let message = format!("{what} needs `{key}`");
        self.error(
            "bellwether::missing_key",
            span,
            message,
            format!("`{key}` is missing"),
        )
        .help(format!("add {example}"));
        None
    }

    pub(crate) fn not_a_named_table(&mut self, span: &Span, kind: &str, key: &str, found: &str) {
        let message = format!("`{kind}.{key}` is {found}, but each {kind} is a table with a name");
        self.error(
            "bellwether::wrong_type",
            span,
            message,
            format!("taken for the name of a {kind}"),
        )
        .help(format!("write [{kind}.NAME] and the keys below it"));
    }

    pub(crate) fn wrong_type<T>(&mut self, span: &Span, wanted: &str, found: &str) -> Option<T> {
        let message = format!("expected {wanted}, found {found}");
        self.error(
            "bellwether::wrong_type",
            span,
            message,
            format!("this is {found}"),
        );
        None
    }

    pub(crate) fn out_of_range<T>(
        &mut self,
        span: &Span,
        key: &str,
        found: i64,
        min: i64,
        max: i64,
    ) -> Option<T> {
        let message = format!("`{key}` is {found}, outside {min} to {max}");
        self.error(
            "bellwether::out_of_range",
            span,
            message,
            format!("{min} to {max}"),
        );
        None
    }

    pub(crate) fn bad_duration<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        let message = format!("`{found}` is not a time");
        self.error("bellwether::bad_time", span, message, "not a number and a unit")
            .help("the units are us, ms, s, m and h, as in \"10ms\", \"1.5s\" or \"2m\"");
        None
    }

    pub(crate) fn no_unit<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        self.error(
            "bellwether::bad_time",
            span,
            format!("{found} has no unit"),
            "seconds? milliseconds?",
        )
        .help(format!("write \"{found}s\" or \"{found}ms\""));
        None
    }

    pub(crate) fn zero_time<T>(&mut self, span: &Span) -> Option<T> {
        self.error(
            "bellwether::out_of_range",
            span,
            "a time of zero",
            "must be longer",
        )
        .help("write \"1s\"");
        None
    }

    pub(crate) fn bad_size<T>(&mut self, span: &Span) -> Option<T> {
        self.error(
            "bellwether::bad_size",
            span,
            "not an amount of memory",
            "not a number and a unit",
        )
        .help("write \"16MiB\"");
        None
    }

    pub(crate) fn memory_range<T>(&mut self, span: &Span) -> Option<T> {
        let message = "a plugin can have 1 MiB to 4 GiB of memory";
        self.error("bellwether::out_of_range", span, message, "outside that")
            .help("write \"16MiB\"");
        None
    }

    pub(crate) fn bad_address<T>(&mut self, span: &Span, found: &str, example: &str) -> Option<T> {
        let message = format!("`{found}` is not an address");
        let help = format!("write it like {example}; names are not resolved");
        self.error("bellwether::bad_address", span, message, "cannot be read as one")
            .help(help);
        None
    }

    pub(crate) fn bad_interface<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        let message = format!("no interface can be called `{found}`");
        self.error(
            "bellwether::bad_interface",
            span,
            message,
            "1 to 15 bytes without blank, `/` or `:`",
        )
        .help("`ip -br link` shows the interfaces of this machine");
        None
    }

    pub(crate) fn bad_label<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        let message = format!("`{found}` cannot be the label of an address");
        self.error("bellwether::bad_label", span, message, "1 to 15 bytes")
            .help("begin it with the name of the interface, as in \"eth0:web\"");
        None
    }

    pub(crate) fn bad_user<T>(&mut self, span: &Span, found: &str) -> Option<T> {
        let message = format!("`{found}` is not a user");
        self.error("bellwether::bad_user", span, message, "not USER or USER:GROUP")
            .help("write \"nobody\"");
        None
    }

    pub(crate) fn open_quote<T>(&mut self, span: &Span) -> Option<T> {
        self.error(
            "bellwether::open_quote",
            span,
            "a quote in this command is not closed",
            "begins in here",
        )
        .help("close it, or put a backslash before it");
        None
    }

    pub(crate) fn empty_command<T>(&mut self, span: &Span) -> Option<T> {
        self.error(
            "bellwether::empty_command",
            span,
            "this command names no program",
            "empty",
        )
        .help("the first word is the program, as in [\"/usr/bin/pidof\", \"haproxy\"]");
        None
    }

    pub(crate) fn not_a_choice<T>(&mut self, span: &Span, key: &str, found: &str, all: &[&str]) -> Option<T> {
        let help = match nearest(found, all.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("write one of {}", list(all.iter().copied())),
        };
        let message = format!("`{found}` is no value of `{key}`");
        self.error("bellwether::bad_value", span, message, "not known")
            .help(help);
        None
    }

    pub(crate) fn duplicate_peer(&mut self, span: &Span, peer: IpAddr) {
        let message = format!("peer {peer} is named twice");
        self.error("bellwether::duplicate", span, message, "again")
            .help("remove one of the two");
    }

    pub(crate) fn no_ttl_between(&mut self, span: &Span, least: u8, most: u8) {
        let message = format!("no TTL is at least {least} and at most {most}");
        self.error("bellwether::ttl", span, message, "nothing passes")
            .help(format!("write min_ttl {most} and max_ttl {least}"));
    }
}
