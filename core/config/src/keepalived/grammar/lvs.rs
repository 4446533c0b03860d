//! `virtual_server`, `real_server` and the checkers.

use super::{Keyword, block, keyword, line, mail, not, silent};
use super::{Shape, Treat};

const FOLLOWS_ADDRESS: &str = "checks run wherever the address is";
const KERNEL_CHOOSES: &str = "the kernel chooses the source of checks";

pub(super) const SERVER: [Keyword; 49] = [
    // Ours: keepalived passes it over with a warning.
    line("drain", 1),
    line("lb_algo", 1),
    line("lvs_sched", 1),
    line("lb_kind", 1),
    line("lvs_method", 1),
    line("protocol", 1),
    line("delay_loop", 1),
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
    line("alpha", 0),
    line("omega", 0),
    line("quorum", 1),
    line("hysteresis", 1),
    line("quorum_up", 1),
    line("quorum_down", 1),
    line("weight", 1),
    line("sorry_server", 1),
    line("sorry_server_lvs_method", 1),
    line("inhibit_on_failure", 0),
    line("virtualhost", 1),
    line("retry", 1),
    line("delay_before_retry", 1),
    line("connect_timeout", 1),
    block("real_server", 1, &REAL),
    silent("hashed"),
    silent("warmup"),
    mail("smtp_alert"),
    not("persistence_engine", "clients are told apart by address"),
    not(
        "sorry_server_inhibit",
        "the sorry server leaves the table when the quorum is back",
    ),
    not("ha_suspend", FOLLOWS_ADDRESS),
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

const REAL: [Keyword; 24] = [
    line("weight", 1),
    line("lvs_method", 1),
    line("uthreshold", 1),
    line("lthreshold", 1),
    line("inhibit_on_failure", 0),
    line("notify_up", 1),
    line("notify_down", 1),
    line("alpha", 0),
    line("virtualhost", 1),
    line("retry", 1),
    line("delay_before_retry", 1),
    line("delay_loop", 1),
    line("connect_timeout", 1),
    block("TCP_CHECK", 0, &TCP),
    block("HTTP_GET", 0, &HTTP),
    block("SSL_GET", 0, &HTTP),
    block("MISC_CHECK", 0, &MISC),
    block("SMTP_CHECK", 0, &SMTP),
    block("DNS_CHECK", 0, &DNS),
    block("UDP_CHECK", 0, &UDP),
    block("PING_CHECK", 0, &PING),
    refused("BFD_CHECK"),
    refused("FILE_CHECK"),
    mail("smtp_alert"),
];

const TCP: [Keyword; 13] = [
    line("connect_ip", 1),
    line("connect_port", 1),
    line("connect_timeout", 1),
    line("retry", 1),
    line("delay_before_retry", 1),
    line("delay_loop", 1),
    line("alpha", 0),
    silent("warmup"),
    silent("log_all_failures"),
    not("bindto", KERNEL_CHOOSES),
    not("bind_port", KERNEL_CHOOSES),
    not("bind_if", KERNEL_CHOOSES),
    not("fwmark", "packets of checks carry no mark"),
];

const SMTP: [Keyword; 15] = [
    line("helo_name", 1),
    keyword("host", 0, Shape::Skipped, Treat::Not(OWN_HOST)),
    line("connect_ip", 1),
    line("connect_port", 1),
    line("connect_timeout", 1),
    line("retry", 1),
    line("delay_before_retry", 1),
    line("delay_loop", 1),
    line("alpha", 0),
    silent("warmup"),
    silent("log_all_failures"),
    not("bindto", KERNEL_CHOOSES),
    not("bind_port", KERNEL_CHOOSES),
    not("bind_if", KERNEL_CHOOSES),
    not("fwmark", "packets of checks carry no mark"),
];

const OWN_HOST: &str = "connect_ip and connect_port stand in SMTP_CHECK itself";

const DNS: [Keyword; 15] = [
    line("type", 1),
    line("name", 1),
    line("connect_ip", 1),
    line("connect_port", 1),
    line("connect_timeout", 1),
    line("retry", 1),
    line("delay_before_retry", 1),
    line("delay_loop", 1),
    line("alpha", 0),
    silent("warmup"),
    silent("log_all_failures"),
    not("bindto", KERNEL_CHOOSES),
    not("bind_port", KERNEL_CHOOSES),
    not("bind_if", KERNEL_CHOOSES),
    not("fwmark", "packets of checks carry no mark"),
];

const UDP: [Keyword; 17] = [
    line("payload", 1),
    line("require_reply", 0),
    line("min_reply_length", 1),
    line("max_reply_length", 1),
    line("connect_ip", 1),
    line("connect_port", 1),
    line("connect_timeout", 1),
    line("retry", 1),
    line("delay_before_retry", 1),
    line("delay_loop", 1),
    line("alpha", 0),
    silent("warmup"),
    silent("log_all_failures"),
    not("bindto", KERNEL_CHOOSES),
    not("bind_port", KERNEL_CHOOSES),
    not("bind_if", KERNEL_CHOOSES),
    not("fwmark", "packets of checks carry no mark"),
];

const PING: [Keyword; 13] = [
    line("connect_ip", 1),
    line("connect_port", 1),
    line("connect_timeout", 1),
    line("retry", 1),
    line("delay_before_retry", 1),
    line("delay_loop", 1),
    line("alpha", 0),
    silent("warmup"),
    silent("log_all_failures"),
    not("bindto", KERNEL_CHOOSES),
    not("bind_port", KERNEL_CHOOSES),
    not("bind_if", KERNEL_CHOOSES),
    not("fwmark", "packets of checks carry no mark"),
];

const HTTP: [Keyword; 21] = [
    line("connect_ip", 1),
    line("connect_port", 1),
    line("connect_timeout", 1),
    line("retry", 1),
    line("nb_get_retry", 1),
    line("delay_before_retry", 1),
    line("delay_loop", 1),
    line("alpha", 0),
    line("virtualhost", 1),
    line("enable_sni", 0),
    line("sni_name", 1),
    block("url", 0, &URL),
    silent("http_protocol"),
    silent("fast_recovery"),
    silent("tls_compliant"),
    silent("warmup"),
    silent("log_all_failures"),
    not("bindto", KERNEL_CHOOSES),
    not("bind_port", KERNEL_CHOOSES),
    not("bind_if", KERNEL_CHOOSES),
    not("fwmark", "packets of checks carry no mark"),
];

const URL: [Keyword; 11] = [
    line("path", 1),
    line("status_code", 1),
    line("digest", 1),
    line("virtualhost", 1),
    line("regex", 1),
    line("regex_no_match", 1),
    silent("regex_options"),
    silent("regex_min_offset"),
    silent("regex_max_offset"),
    silent("regex_stack"),
    silent("tls_compliant"),
];

const MISC: [Keyword; 10] = [
    line("misc_path", 1),
    line("misc_timeout", 1),
    line("misc_dynamic", 0),
    line("user", 1),
    line("retry", 1),
    line("delay_before_retry", 1),
    line("delay_loop", 1),
    line("alpha", 0),
    silent("warmup"),
    silent("log_all_failures"),
];
