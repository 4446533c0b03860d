//! `virtual_server`, `real_server` and the checkers.

use super::{Keyword, block, keyword, line, mail, not, silent};
use super::{Shape, Treat};

pub(super) const SERVER: [Keyword; 38] = [
    // Ours: keepalived passes them over with a warning.
    line("drain", 1),
    line("lb_algo", 1),
    line("lvs_sched", 1),
    line("lb_kind", 1),
    line("protocol", 1),
    line("persistence_timeout", 0),
    line("persistence_granularity", 1),
    line("ops", 0),
    line("flag-1", 0),
    line("flag-2", 0),
    line("flag-3", 0),
    line("sh-port", 0),
    line("sh-fallback", 0),
    line("mh-port", 0),
    line("mh-fallback", 0),
    line("ip_family", 1),
    line("omega", 0),
    line("quorum", 1),
    line("hysteresis", 1),
    line("quorum_up", 1),
    line("quorum_down", 1),
    line("sorry_server", 1),
    line("sorry_server_lvs_method", 1),
    block("real_server", 1, &[&REAL, &SERVICE]),
    silent("hashed"),
    line("persistence_engine", 1),
    line("sorry_server_inhibit", 0),
    line("ha_suspend", 0),
    not("snmp_name", "there is no SNMP"),
    keyword("TCP_CHECK", 0, Shape::Skipped, Treat::Not(MISPLACED)),
    keyword("HTTP_GET", 0, Shape::Skipped, Treat::Not(MISPLACED)),
    keyword("SSL_GET", 0, Shape::Skipped, Treat::Not(MISPLACED)),
    keyword("MISC_CHECK", 0, Shape::Skipped, Treat::Not(MISPLACED)),
    keyword("SMTP_CHECK", 0, Shape::Skipped, Treat::Not(MISPLACED)),
    keyword("DNS_CHECK", 0, Shape::Skipped, Treat::Not(MISPLACED)),
    keyword("UDP_CHECK", 0, Shape::Skipped, Treat::Not(MISPLACED)),
    keyword("PING_CHECK", 0, Shape::Skipped, Treat::Not(MISPLACED)),
    keyword("BFD_CHECK", 0, Shape::Skipped, Treat::Not(MISPLACED)),
];

const MISPLACED: &str = "a check belongs into a real_server, here it checks nothing";

/// Checkers that cannot be done keep their place in the tree: the lowering refuses them.
const fn refused(name: &'static str) -> Keyword {
    keyword(name, 0, Shape::Skipped, Treat::Done)
}

const REAL: [Keyword; 15] = [
    // Ours.
    line("backup", 0),
    line("uthreshold", 1),
    line("lthreshold", 1),
    line("notify_up", 1),
    line("notify_down", 1),
    block("TCP_CHECK", 0, &[&PORT, &TARGET, &PACE]),
    block("HTTP_GET", 0, &[&HTTP, &PORT, &TARGET, &PACE]),
    block("SSL_GET", 0, &[&HTTP, &PORT, &TARGET, &PACE]),
    block("MISC_CHECK", 0, &[&MISC, &PACE]),
    block("SMTP_CHECK", 0, &[&SMTP, &PORT, &TARGET, &PACE]),
    block("DNS_CHECK", 0, &[&DNS, &PORT, &TARGET, &PACE]),
    block("UDP_CHECK", 0, &[&UDP, &PORT, &TARGET, &PACE]),
    block("PING_CHECK", 0, &[&PING, &TARGET, &PACE]),
    block("BFD_CHECK", 0, &[&BFD, &PACE]),
    refused("FILE_CHECK"),
];

/// What a virtual server says for all of its real servers, and each of them for itself.
pub(super) const SERVICE: [Keyword; 13] = [
    // Ours: the first two.
    line("slow_start", 1),
    line("checks_needed", 1),
    line("warmup", 1),
    line("weight", 1),
    line("lvs_method", 1),
    line("inhibit_on_failure", 0),
    line("alpha", 0),
    line("virtualhost", 1),
    line("retry", 1),
    line("delay_before_retry", 1),
    line("delay_loop", 1),
    line("connect_timeout", 1),
    mail("smtp_alert"),
];

const BFD: [Keyword; 1] = [line("name", 1)];

/// When each checker asks, and how often it has to fail.
const PACE: [Keyword; 6] = [
    line("retry", 1),
    line("delay_before_retry", 1),
    line("delay_loop", 1),
    line("alpha", 0),
    line("warmup", 1),
    silent("log_all_failures"),
];

/// Whom a checker that uses the network asks, and by which way.
const TARGET: [Keyword; 6] = [
    line("connect_ip", 1),
    line("connect_port", 1),
    line("connect_timeout", 1),
    line("bindto", 1),
    line("bind_if", 1),
    line("fwmark", 1),
];

const PORT: [Keyword; 1] = [line("bind_port", 1)];

const SMTP: [Keyword; 2] = [
    line("helo_name", 1),
    keyword("host", 0, Shape::Skipped, Treat::Not(OWN_HOST)),
];

const OWN_HOST: &str = "connect_ip and connect_port stand in SMTP_CHECK itself";

const DNS: [Keyword; 2] = [line("type", 1), line("name", 1)];

const UDP: [Keyword; 4] = [
    line("payload", 1),
    line("require_reply", 0),
    line("min_reply_length", 1),
    line("max_reply_length", 1),
];

const PING: [Keyword; 1] = [not("bind_port", "an echo request has no port")];

const HTTP: [Keyword; 8] = [
    line("nb_get_retry", 1),
    line("virtualhost", 1),
    line("enable_sni", 0),
    line("sni_name", 1),
    block("url", 0, &[&URL]),
    silent("http_protocol"),
    silent("fast_recovery"),
    silent("tls_compliant"),
];

const URL: [Keyword; 11] = [
    line("path", 1),
    line("status_code", 1),
    line("digest", 1),
    line("virtualhost", 1),
    line("regex", 1),
    line("regex_no_match", 0),
    line("regex_options", 1),
    line("regex_min_offset", 1),
    line("regex_max_offset", 1),
    silent("regex_stack"),
    silent("tls_compliant"),
];

const MISC: [Keyword; 4] = [
    line("misc_path", 1),
    line("misc_timeout", 1),
    line("misc_dynamic", 0),
    line("user", 1),
];
