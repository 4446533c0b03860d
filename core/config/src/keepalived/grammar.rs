//! Every keyword that keepalived 2.4 reads, and what we do with it.

mod lvs;
mod vrrp;

/// A keyword of one kind of block.
pub(super) struct Keyword {
    pub(super) name: &'static str,
    /// Parameters without which keepalived stops.
    pub(super) args: usize,
    pub(super) shape: Shape,
    pub(super) treat: Treat,
}

/// The keywords of one kind of block: its own, and tables that it shares with others.
pub(super) type Grammar = &'static [&'static [Keyword]];

/// What follows the parameters.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Nothing.
    Line,
    /// A block of keywords.
    Block(Grammar),
    /// A block of lines.
    List,
    /// A block that we do not look into.
    Skipped,
}

#[derive(Clone, Copy)]
pub(super) enum Treat {
    /// It is done.
    Done,
    /// It asks for what we do anyway, or for nothing at all.
    Silent,
    /// It is not done; what happens instead.
    Not(&'static str),
    /// It is about mail.
    Mail,
}

const fn keyword(name: &'static str, args: usize, shape: Shape, treat: Treat) -> Keyword {
    Keyword {
        name,
        args,
        shape,
        treat,
    }
}

/// A line that is done.
const fn line(name: &'static str, args: usize) -> Keyword {
    keyword(name, args, Shape::Line, Treat::Done)
}

/// A line that is not done, and what happens instead.
const fn not(name: &'static str, instead: &'static str) -> Keyword {
    keyword(name, 0, Shape::Line, Treat::Not(instead))
}

/// A block that is not done.
const fn not_block(name: &'static str, instead: &'static str) -> Keyword {
    keyword(name, 0, Shape::Skipped, Treat::Not(instead))
}

const fn silent(name: &'static str) -> Keyword {
    keyword(name, 0, Shape::Line, Treat::Silent)
}

const fn mail(name: &'static str) -> Keyword {
    keyword(name, 0, Shape::Line, Treat::Mail)
}

const fn block(name: &'static str, args: usize, inner: Grammar) -> Keyword {
    keyword(name, args, Shape::Block(inner), Treat::Done)
}

const fn list(name: &'static str) -> Keyword {
    keyword(name, 0, Shape::List, Treat::Done)
}

const ONE_NAMESPACE: &str = "services are balanced in the network namespace of everything else (net_namespace); for another \
     one run a second daemon there";
const NO_SNMP: &str = "`bellwether status --json` says the same";
const OWN_SCHEDULING: &str = "the elections have a real-time thread of their own from the beginning";
const NO_REAL_TIME: &str = "checks are plugins, which in real time could stop the machine";
const NO_SESSION: &str = "no BFD session is kept here; FRR's bfdd keeps those that bfd_instance names";
const OWN_BUFFERS: &str = "buffers are sized by the daemon";
const NETLINK: &str = "the kernel tells of every change of an interface at once";
const OF_BFDD: &str = "FRR's bfdd keeps the session, so say it there (frr.conf, below the peer)";
const NO_FIREWALL: &str =
    "no_accept has an nf_tables table of its own, and nothing else needs a firewall rule";

/// The file itself.
pub(super) const ROOT: [Keyword; 28] = [
    block("global_defs", 0, &[&GLOBAL]),
    block("vrrp_script", 1, &[&vrrp::SCRIPT]),
    block("vrrp_sync_group", 1, &[&vrrp::GROUP]),
    block("vrrp_instance", 1, &[&vrrp::INSTANCE]),
    block("virtual_server", 1, &[&lvs::SERVER, &lvs::SERVICE]),
    keyword("virtual_server_group", 1, Shape::List, Treat::Done),
    line("net_namespace", 1),
    not("net_namespace_ipvs", ONE_NAMESPACE),
    not("namespace_with_ipsets", NO_FIREWALL),
    not("instance", "name the daemon with --instance"),
    silent("use_pid_dir"),
    not("linkbeat_use_polling", NETLINK),
    silent("child_wait_time"),
    not_block("linkbeat_interfaces", NETLINK),
    list("interface_up_down_delays"),
    not_block(
        "track_group",
        "a static entry that the kernel refuses is tried again and puts no instance in Fault; a vrrp_script can watch it",
    ),
    list("static_ipaddress"),
    list("static_routes"),
    list("static_rules"),
    block("garp_group", 0, &[&vrrp::GARP]),
    block("track_file", 1, &[&vrrp::FILE]),
    block("vrrp_track_file", 1, &[&vrrp::FILE]),
    block("vrrp_track_process", 1, &[&vrrp::PROCESS]),
    block("bfd_instance", 1, &[&BFD]),
    not_block(
        "SSL",
        "SSL_GET accepts any certificate and shows none; the check http in conf.d has ca_file and client_file",
    ),
    not("random_seed", "no value is random"),
    not("state_dump_file", NO_SNMP),
    not("include_check", "each missing file is reported, none is an error"),
];

const BFD: [Keyword; 15] = [
    line("neighbor_ip", 1),
    line("neighbour_ip", 1),
    line("weight", 1),
    not("source_ip", OF_BFDD),
    not("min_rx", OF_BFDD),
    not("min_tx", OF_BFDD),
    not("idle_tx", OF_BFDD),
    not("multiplier", OF_BFDD),
    not("passive", OF_BFDD),
    not("ttl", OF_BFDD),
    not("hoplimit", OF_BFDD),
    not("max_hops", OF_BFDD),
    not("multihop", OF_BFDD),
    // For whom it is: whoever asks.
    silent("vrrp"),
    silent("checker"),
];

const GLOBAL: [Keyword; 145] = [
    line("router_id", 1),
    line("script_user", 1),
    line("default_interface", 1),
    line("vrrp_version", 1),
    line("vrrp_mcast_group4", 1),
    line("vrrp_mcast_group6", 1),
    line("vrrp_garp_master_delay", 1),
    line("vrrp_garp_master_repeat", 1),
    line("vrrp_garp_master_refresh", 1),
    line("vrrp_garp_master_refresh_repeat", 1),
    line("vrrp_min_garp", 0),
    line("vrrp_down_timer_adverts", 1),
    line("vrrp_lower_prio_no_advert", 0),
    line("v3_checksum_as_v2", 0),
    silent("enable_script_security"),
    silent("dynamic_interfaces"),
    line("vrrp_skip_check_adv_addr", 0),
    silent("log_unknown_vrids"),
    silent("checker_log_all_failures"),
    silent("use_pid_dir"),
    silent("use_symlink_paths"),
    keyword("notification_email", 0, Shape::Skipped, Treat::Mail),
    mail("notification_email_from"),
    mail("smtp_server"),
    mail("smtp_helo_name"),
    mail("smtp_connect_timeout"),
    mail("smtp_alert"),
    mail("smtp_alert_vrrp"),
    mail("smtp_alert_checker"),
    mail("no_email_faults"),
    mail("no_checker_emails"),
    not(
        "rs_init_notifies",
        "notify_up and notify_down run at changes only; with alpha the first success is one",
    ),
    not(
        "set_supplementary_groups",
        "scripts have the group of their user; script_user and notify lines can name another",
    ),
    line("startup_script", 1),
    line("shutdown_script", 1),
    line("startup_script_timeout", 1),
    line("shutdown_script_timeout", 1),
    line("notify_fifo", 1),
    line("vrrp_notify_fifo", 1),
    line("lvs_notify_fifo", 1),
    line("notify_fifo_script", 1),
    line("vrrp_notify_fifo_script", 1),
    line("lvs_notify_fifo_script", 1),
    line("vrrp_notify_priority_changes", 0),
    line("fifo_write_vrrp_states_on_reload", 0),
    not("umask", "files are made for their owner only"),
    not("random_seed", "no value is random"),
    line("vrrp_priority", 1),
    line("checker_priority", 1),
    not("bfd_priority", NO_SESSION),
    line("vrrp_rt_priority", 1),
    not("checker_rt_priority", NO_REAL_TIME),
    not("bfd_rt_priority", NO_SESSION),
    line("vrrp_rlimit_rttime", 1),
    not("checker_rlimit_rttime", NO_REAL_TIME),
    not("bfd_rlimit_rttime", NO_SESSION),
    line("vrrp_rlimit_rtime", 1),
    not("checker_rlimit_rtime", NO_REAL_TIME),
    not("bfd_rlimit_rtime", NO_SESSION),
    silent("vrrp_no_swap"),
    not(
        "checker_no_swap",
        "the memory of elections is locked, that of plugins is not",
    ),
    not("bfd_no_swap", NO_SESSION),
    line("vrrp_cpu_affinity", 1),
    line("checker_cpu_affinity", 1),
    not("bfd_cpu_affinity", NO_SESSION),
    silent("vrrp_process_name"),
    silent("checker_process_name"),
    silent("bfd_process_name"),
    silent("lvs_process_name"),
    silent("process_name"),
    silent("process_names"),
    not("max_auto_priority", OWN_SCHEDULING),
    not("min_auto_priority_delay", OWN_SCHEDULING),
    not("process_monitor_rcv_bufs", OWN_BUFFERS),
    not("process_monitor_rcv_bufs_force", OWN_BUFFERS),
    not("vrrp_netlink_cmd_rcv_bufs", OWN_BUFFERS),
    not("vrrp_netlink_cmd_rcv_bufs_force", OWN_BUFFERS),
    not("vrrp_netlink_monitor_rcv_bufs", OWN_BUFFERS),
    not("vrrp_netlink_monitor_rcv_bufs_force", OWN_BUFFERS),
    not("lvs_netlink_cmd_rcv_bufs", OWN_BUFFERS),
    not("lvs_netlink_cmd_rcv_bufs_force", OWN_BUFFERS),
    not("lvs_netlink_monitor_rcv_bufs", OWN_BUFFERS),
    not("lvs_netlink_monitor_rcv_bufs_force", OWN_BUFFERS),
    not("vrrp_rx_bufs_policy", OWN_BUFFERS),
    not("vrrp_rx_bufs_multiplier", OWN_BUFFERS),
    silent("reload_check_config"),
    not(
        "reload_time_file",
        "a reload is asked for by SIGHUP or `bellwether reload`",
    ),
    not(
        "reload_repeat",
        "a reload is asked for by SIGHUP or `bellwether reload`",
    ),
    not(
        "reload_file",
        "a reload is asked for by SIGHUP or `bellwether reload`",
    ),
    silent("config_save_dir"),
    silent("tmp_config_directory"),
    silent("data_use_instance"),
    silent("iproute_usr_dir"),
    silent("iproute_etc_dir"),
    silent("json_version"),
    silent("state_dump_file"),
    silent("stats_dump_file"),
    silent("json_dump_file"),
    not(
        "disable_local_igmp",
        "write net.ipv4.igmp_link_local_mcast_reports = 0 where you write other sysctls",
    ),
    line("vrrp_garp_lower_prio_delay", 1),
    line("vrrp_garp_lower_prio_repeat", 1),
    line("vrrp_garp_interval", 1),
    line("vrrp_gna_interval", 1),
    line("vrrp_garp_extra_if", 1),
    line("vrrp_vmac_garp_intvl", 1),
    line("vrrp_higher_prio_send_advert", 0),
    line("vrrp_owner_ignore_adverts", 0),
    line("vrrp_check_unicast_src", 0),
    line("vrrp_strict", 0),
    line("vrrp_startup_delay", 1),
    line("vrrp_delay_after_boot", 1),
    not("vrrp_iptables", NO_FIREWALL),
    not("vrrp_ipsets", NO_FIREWALL),
    not("nftables", NO_FIREWALL),
    not("nftables_priority", NO_FIREWALL),
    not("nftables_counters", NO_FIREWALL),
    not("nftables_ifindex", NO_FIREWALL),
    line("vmac_prefix", 1),
    line("vmac_addr_prefix", 1),
    line("lvs_sync_daemon", 1),
    line("lvs_timeouts", 1),
    // Ours: keepalived passes it over with a warning.
    line("lvs_sysctl", 2),
    not(
        "lvs_flush",
        "rows of others in the IPVS table are left alone; `ipvsadm -C` before the start takes them out (ExecStartPre)",
    ),
    not("lvs_flush_on_stop", "our own rows are taken out at a stop"),
    not("lvs_flush_onstop", "our own rows are taken out at a stop"),
    not("nftables_ipvs", NO_FIREWALL),
    not("nftables_ipvs_priority", NO_FIREWALL),
    not("nftables_ipvs_start_fwmark", NO_FIREWALL),
    not("snmp_socket", NO_SNMP),
    not("enable_snmp_vrrp", NO_SNMP),
    not("enable_snmp_keepalived", NO_SNMP),
    not("enable_snmp_checker", NO_SNMP),
    not("enable_snmp_rfc", NO_SNMP),
    not("enable_snmp_rfcv2", NO_SNMP),
    not("enable_snmp_rfcv3", NO_SNMP),
    not("enable_traps", NO_SNMP),
    not("snmp_vs_stats_update_interval", NO_SNMP),
    not("snmp_rs_stats_update_interval", NO_SNMP),
    not("enable_dbus", NO_SNMP),
    not("dbus_service_name", NO_SNMP),
    not("dbus_no_interface_name", NO_SNMP),
    not("linkbeat_use_polling", NETLINK),
    silent("child_wait_time"),
    not("instance", "name the daemon with --instance"),
    line("net_namespace", 1),
];
