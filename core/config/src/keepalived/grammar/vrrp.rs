//! `vrrp_script`, `vrrp_sync_group`, `vrrp_instance`.

use super::{EXTRA, Keyword, NO_BFD, NO_FIFO, NO_FIREWALL, block, line, list, mail, not, not_block, silent};

pub(super) const SCRIPT: [Keyword; 8] = [
    line("script", 1),
    line("interval", 1),
    line("timeout", 1),
    line("weight", 1),
    line("rise", 1),
    line("fall", 1),
    line("user", 1),
    line("init_fail", 0),
];

pub(super) const FILE: [Keyword; 3] = [line("file", 1), line("weight", 1), line("init_file", 0)];

pub(super) const PROCESS: [Keyword; 9] = [
    line("process", 1),
    line("param_match", 1),
    line("full_command", 0),
    line("weight", 1),
    line("quorum", 1),
    line("quorum_max", 1),
    line("delay", 1),
    line("fork_delay", 1),
    line("terminate_delay", 1),
];

pub(super) const GROUP: [Keyword; 15] = [
    list("group"),
    list("track_interface"),
    list("track_script"),
    list("track_file"),
    list("track_process"),
    not_block("track_bfd", NO_BFD),
    line("notify_master", 1),
    line("notify_backup", 1),
    line("notify_fault", 1),
    line("notify_stop", 1),
    line("notify", 1),
    mail("smtp_alert"),
    not("notify_priority_changes", NO_FIFO),
    silent("sync_group_tracking_weight"),
    silent("global_tracking"),
];

const NO_VMAC: &str = "adverts and addresses use the interface's own MAC address";

const AUTH: [Keyword; 2] = [line("auth_type", 1), line("auth_pass", 1)];

const HMAC: [Keyword; 5] = [
    line("key", 2),
    line("active_key", 1),
    line("anti_replay", 1),
    line("time_window", 1),
    line("mode", 1),
];

pub(super) const INSTANCE: [Keyword; 72] = [
    line("state", 1),
    line("interface", 1),
    line("virtual_router_id", 1),
    line("priority", 1),
    line("advert_int", 1),
    line("version", 1),
    line("nopreempt", 0),
    line("preempt", 0),
    line("preempt_delay", 1),
    block("authentication", 0, &AUTH),
    block("auth_hmac", 0, &HMAC),
    list("unicast_peer"),
    line("unicast_src_ip", 1),
    line("unicast_ttl", 1),
    line("mcast_src_ip", 1),
    line("mcast_dst_ip", 1),
    list("virtual_ipaddress"),
    list("virtual_ipaddress_excluded"),
    line("no_virtual_ipaddress", 0),
    list("track_interface"),
    list("track_script"),
    line("garp_master_delay", 1),
    line("garp_master_repeat", 1),
    line("garp_master_refresh", 1),
    line("garp_master_refresh_repeat", 1),
    line("notify_master", 1),
    line("notify_backup", 1),
    line("notify_fault", 1),
    line("notify_stop", 1),
    line("notify", 1),
    line("dont_track_primary", 0),
    line("down_timer_adverts", 1),
    line("lower_prio_no_advert", 0),
    line("v3_checksum_as_v2", 0),
    silent("accept"),
    silent("skip_check_adv_addr"),
    silent("linkbeat_use_polling"),
    silent("native_ipv6"),
    silent("debug"),
    silent("thread_timer_expired"),
    mail("smtp_alert"),
    not("unicast_fault_no_peer", "without peers adverts are multicast"),
    not("check_unicast_src", "any sender that passes RFC 9568 §7.1 counts"),
    not(
        "old_unicast_checksum",
        "the checksum is that of keepalived 1.3.7 and later",
    ),
    line("track_src_ip", 0),
    not("vrf", "sockets are bound to the interface alone"),
    not("kernel_rx_buf_size", "buffers are sized by the daemon"),
    not("use_vmac", NO_VMAC),
    not("use_vmac_addr", NO_VMAC),
    not("vmac_xmit_base", NO_VMAC),
    not("use_ipvlan", NO_VMAC),
    not("lvs_sync_daemon_interface", "connections are not synchronised"),
    list("track_file"),
    list("track_process"),
    not_block("track_bfd", NO_BFD),
    line("garp_lower_prio_delay", 1),
    line("garp_lower_prio_repeat", 1),
    line("garp_interval", 1),
    line("gna_interval", 1),
    not("garp_extra_if", EXTRA),
    not("vmac_garp_intvl", EXTRA),
    not(
        "higher_prio_send_advert",
        "a better router is yielded to in silence",
    ),
    not("owner_ignore_adverts", "an owner reads adverts"),
    not(
        "timer_expired_backup",
        "a Master that slept for longer than its peers wait always steps back; the priority is not used",
    ),
    not(
        "strict_mode",
        "received adverts are checked by RFC 9568 §7.1, nothing else is refused",
    ),
    not("no_accept", NO_FIREWALL),
    not("promote_secondaries", "the sysctl is left alone"),
    not("notify_deleted", "notify_stop runs when an instance is taken out"),
    not("notify_master_rx_lower_pri", "the script does not run"),
    not("notify_priority_changes", NO_FIFO),
    not_block(
        "virtual_routes",
        "the routes are not installed; a hook at master and backup can do it",
    ),
    not_block(
        "virtual_rules",
        "the rules are not installed; a hook at master and backup can do it",
    ),
];
