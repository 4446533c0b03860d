//! Of what elections listen to besides adverts.

use std::net::IpAddr;

use super::super::Diagnostics;
use crate::source::Span;

impl Diagnostics {
    pub(crate) fn tracker_one_of(&mut self, span: &Span) {
        self.error(
            "bellwether::conflict",
            span,
            "this tracker looks at more than one thing",
            "one of check, file and process",
        )
        .help("make a tracker of each");
    }

    pub(crate) fn only_of_a(&mut self, span: &Span, key: &str, kind: &str) {
        let message = format!("`{key}` is of a tracker with `{kind}`");
        self.error("bellwether::conflict", span, message, "means nothing here")
            .help(format!("remove it, or write {kind} = ..."));
    }

    pub(crate) fn aim_of_a_tracker(&mut self, span: &Span, key: &str, instead: &'static str) {
        let message = format!("`{key}` is of a check of a real server, and a tracker has none");
        self.error(
            "bellwether::conflict",
            span,
            message,
            "the plugin is not told of it",
        )
        .help(instead);
    }

    pub(crate) fn bfd_of_another(&mut self, span: &Span, peer: IpAddr) {
        let message =
            format!("no BFD session is kept here: FRR's bfdd is asked for its own with {peer}, every second");
        self.warning("bellwether::bfd", span, message, "kept by another daemon")
            .help(format!(
                "give FRR the session: `bfd` and `peer {peer}` in frr.conf, bfdd=yes in /etc/frr/daemons"
            ));
    }

    pub(crate) fn relative_path(&mut self, span: &Span, found: &str) {
        let message = format!("`{found}` is relative");
        self.error("bellwether::relative_path", span, message, "relative to what?")
            .help("begin it with `/`");
    }

    pub(crate) fn damping_range<T>(&mut self, span: &Span) -> Option<T> {
        let message = "a change is doubted for an hour at most";
        self.error("bellwether::out_of_range", span, message, "at most 1h")
            .help("write \"1s\"");
        None
    }

    pub(crate) fn wait_range(&mut self, span: &Span) {
        let message = "nothing is waited for longer than an hour";
        self.error("bellwether::out_of_range", span, message, "at most 1h")
            .help("write \"10s\"");
    }

    pub(crate) fn no_stretch<T>(&mut self, span: &Span) -> Option<T> {
        let message = "elections need some time in one stretch";
        self.error("bellwether::out_of_range", span, message, "1us at least")
            .help("write \"500ms\", or leave it out for no limit");
        None
    }

    pub(crate) fn quorum_crossed<T>(&mut self, span: &Span, least: u32, most: u32) -> Option<T> {
        let message = format!("at least {least} and at most {most} is never so");
        self.error("bellwether::conflict", span, message, "less than the least")
            .help("raise it, or lower the other");
        None
    }
}
