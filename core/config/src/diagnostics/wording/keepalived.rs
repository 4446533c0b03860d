//! Of keepalived's language. What keepalived lets pass is a warning that says what happens; what it stops at, and
//! what would leave the network other than its author wanted, is an error.

use super::super::Diagnostics;
use super::nearest;
use crate::source::Span;

impl Diagnostics {
    pub(crate) fn unknown_keyword<'a>(
        &mut self,
        span: &Span,
        keyword: &str,
        place: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) {
        let message = format!("unknown keyword `{keyword}` in {place}");
        let draft = self.warning(
            "bellwether::unknown_keyword",
            span,
            message,
            "ignored, as keepalived does",
        );
        if let Some(name) = nearest(keyword, known) {
            draft.help(format!("did you mean `{name}`?"));
        }
    }

    pub(crate) fn stray_brace(&mut self, span: &Span, brace: &str, what: &str) {
        let message = format!("unexpected `{brace}`");
        self.warning("bellwether::stray_brace", span, message, what.to_owned())
            .help("remove it together with its partner");
    }

    pub(crate) fn lost_rest(&mut self, span: &Span, block: &str) {
        let message = format!("this `}}` belongs to an unknown block but ends {block}");
        self.warning(
            "bellwether::lost_rest",
            span,
            message,
            "what follows is outside, as keepalived reads it",
        )
        .help("remove the unknown block");
    }

    pub(crate) fn missing_block(&mut self, span: &Span, keyword: &str) {
        let message = format!("`{keyword}` is not followed by a block");
        self.warning("bellwether::missing_block", span, message, "ignored")
            .help(format!("write {keyword} {{ ... }}"));
    }

    pub(crate) fn missing_argument(&mut self, span: &Span, keyword: &str) {
        let message = format!("`{keyword}` needs a parameter");
        self.error(
            "bellwether::missing_parameter",
            span,
            message,
            "keepalived stops here",
        )
        .help("add the parameter, or remove the line");
    }

    pub(crate) fn open_block(&mut self, span: &Span) {
        let message = "the file ends inside this block";
        self.warning("bellwether::open_block", span, message, "opened here")
            .help("add `}` at its end");
    }

    pub(crate) fn not_supported(&mut self, span: &Span, keyword: &str, instead: &str) {
        let message = format!("not supported by bellwether: {keyword}; {instead}");
        self.warning("bellwether::not_supported", span, message, "has no effect");
    }

    pub(crate) fn not_supported_error(&mut self, span: &Span, what: &str, why: &str, cure: &str) {
        let message = format!("not supported by bellwether: {what}; {why}");
        self.error("bellwether::not_supported", span, message, "cannot be done")
            .help(cure.to_owned());
    }

    pub(crate) fn ignored_value(&mut self, span: &Span, message: &str, instead: &str) {
        self.warning(
            "bellwether::bad_value",
            span,
            message,
            format!("{instead}, as keepalived does"),
        );
    }

    pub(crate) fn refused_value(&mut self, span: &Span, message: &str, label: &str, help: &str) {
        self.error("bellwether::bad_value", span, message, label)
            .help(help.to_owned());
    }

    pub(crate) fn deprecated(&mut self, span: &Span, old: &str, new: &str) {
        let message = format!("`{old}` is deprecated");
        self.warning("bellwether::deprecated", span, message, "still works")
            .help(format!("write {new}"));
    }

    pub(crate) fn bad_vip(&mut self, span: &Span, found: &str) {
        let message = format!("`{found}` is not an address");
        self.error(
            "bellwether::bad_address",
            span,
            message,
            "keepalived would go on without it",
        )
        .help("write it like 192.0.2.10/24, or remove the line");
    }

    pub(crate) fn bad_keepalived_address(&mut self, span: &Span, what: &str, found: &str) {
        let message = format!("{what} `{found}` is not an address");
        self.error(
            "bellwether::bad_address",
            span,
            message,
            "keepalived would go on without it",
        )
        .help("write it like 192.0.2.1 or 2001:db8::1; names are not resolved");
    }

    pub(crate) fn password_cut(&mut self, span: &Span, found: usize) {
        let message = format!("auth_pass has {found} bytes, VRRP has room for 8");
        self.warning(
            "bellwether::password",
            span,
            message,
            "the first 8 are used, as keepalived does",
        )
        .help("cut it on all routers of the instance");
    }

    pub(crate) fn password_ignored(&mut self, span: &Span) {
        let message = "VRRP version 3 has no authentication";
        self.warning(
            "bellwether::password",
            span,
            message,
            "ignored, as keepalived does",
        )
        .help("remove the block, or write version 2");
    }

    pub(crate) fn nopreempt_master(&mut self, span: &Span, keyword: &str) {
        let message = format!("{keyword} does not go with state MASTER");
        self.warning(
            "bellwether::nopreempt",
            span,
            message,
            "ignored, as keepalived does",
        )
        .help("write state BACKUP on both routers");
    }

    pub(crate) fn priority_255(&mut self, span: &Span) {
        let message = "state MASTER without a priority means 255, the address owner";
        self.warning("bellwether::owner", span, message, "255, as keepalived does")
            .help("add priority 100");
    }

    pub(crate) fn protocol_unset(&mut self, span: &Span) {
        let message = "this virtual_server has no protocol, and keepalived then balances UDP";
        self.warning("bellwether::protocol", span, message, "UDP, as keepalived does")
            .help("add protocol TCP");
    }

    pub(crate) fn track_script_missing(&mut self, span: &Span, name: &str) {
        let message =
            format!("there is no vrrp_script, track_file, vrrp_track_process or bfd_instance `{name}`");
        self.warning(
            "bellwether::undefined",
            span,
            message,
            "not tracked, as keepalived does",
        )
        .help(format!("define it: vrrp_script {name} {{ script \"...\" }}"));
    }

    pub(crate) fn no_shell(&mut self, span: &Span) {
        let message = "this command is run without a shell: its operators are plain arguments";
        self.warning("bellwether::no_shell", span, message, "no pipe, no redirection")
            .help("put it into a script, or write /bin/sh -c '...'");
    }

    pub(crate) fn group_member_missing(&mut self, span: &Span, name: &str) {
        let message = format!("there is no vrrp_instance `{name}`");
        self.warning(
            "bellwether::undefined",
            span,
            message,
            "left out, as keepalived does",
        )
        .help("correct the name, or remove it from the group");
    }

    pub(crate) fn own_interface_tracked(&mut self, span: &Span, name: &str) {
        let message = format!("{name} is the instance's own interface, which is tracked anyway");
        self.warning(
            "bellwether::own_interface",
            span,
            message,
            "ignored, as keepalived does",
        )
        .help("remove the line");
    }

    /// `fault`: whether unicast_fault_no_peer is written.
    pub(crate) fn empty_unicast_peers(&mut self, span: &Span, fault: bool) {
        let message = "unicast without a peer";
        let instead = if fault {
            "the instance stays in Fault, as keepalived does"
        } else {
            "adverts are multicast, as keepalived does"
        };
        self.warning("bellwether::unicast", span, message, instead)
            .help("add the other routers to unicast_peer { }");
    }

    pub(crate) fn persistence_forced(&mut self, span: &Span) {
        let message = "a virtual_server without a port balances all ports, and that needs persistence";
        self.warning(
            "bellwether::port",
            span,
            message,
            "persistent for 360 s, as keepalived does",
        )
        .help("add a port or persistence_timeout");
    }

    pub(crate) fn ops_ignored(&mut self, span: &Span) {
        self.warning(
            "bellwether::one_packet",
            span,
            "ops is for UDP",
            "ignored, as keepalived does",
        )
        .help("remove it");
    }

    pub(crate) fn extra_words(&mut self, span: &Span, keyword: &str) {
        let message = format!("`{keyword}` does not take this");
        self.warning(
            "bellwether::extra_words",
            span,
            message,
            "ignored, as keepalived does",
        );
    }

    pub(crate) fn no_match(&mut self, span: &Span, pattern: &str) {
        let message = format!("include matches no file: {pattern}");
        self.warning(
            "bellwether::include",
            span,
            message,
            "nothing is included, as keepalived does",
        );
    }

    pub(crate) fn include_refused(&mut self, span: &Span, message: &str) {
        self.error("bellwether::include", span, message, "not read");
    }

    pub(crate) fn line_dropped(&mut self, span: &Span, why: &str) {
        self.warning(
            "bellwether::line_dropped",
            span,
            why,
            "the line is dropped, as keepalived does",
        );
    }
}
