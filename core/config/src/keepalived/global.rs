//! `global_defs`: defaults for what follows it in the file, as keepalived copies them.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use model::plan::{Announcement, Arguments, CommandPlan, Conduct, Lists, ScriptPlan, Version};

use super::args;
use super::fifo;
use super::ipvs;
use super::machine;
use super::tree::Item;
use crate::diagnostics::Diagnostics;
use crate::draft::{Draft, User};
use crate::load::Environment;
use crate::unit;

/// What later blocks inherit.
pub(super) struct Globals {
    pub(super) user: User,
    pub(super) version: Version,
    pub(super) group4: Option<IpAddr>,
    pub(super) group6: Option<IpAddr>,
    pub(super) announcement: Announcement,
    pub(super) lower: Lower,
    pub(super) down_adverts: u8,
    pub(super) answer_lower: bool,
    pub(super) message_only: bool,
    pub(super) default_interface: Option<String>,
    pub(super) check_source: bool,
    pub(super) conduct: Conduct,
    pub(super) strict: bool,
    /// Of the names of devices.
    pub(super) vmac_prefix: String,
    /// The same of devices of single addresses.
    pub(super) vmac_addr_prefix: String,
    pub(super) tell_priority: bool,
    /// Neighbours of BFD sessions, by the name of the session.
    pub(super) neighbours: BTreeMap<String, IpAddr>,
}

impl Globals {
    pub(super) fn new(env: &Environment) -> Self {
        Self {
            user: env.script_user.as_deref().and_then(unit::user),
            version: Version::V2,
            group4: None,
            group6: None,
            announcement: Announcement::default(),
            lower: Lower::default(),
            down_adverts: 3,
            answer_lower: true,
            message_only: false,
            default_interface: None,
            check_source: false,
            conduct: Conduct::default(),
            strict: false,
            vmac_prefix: unit::DEVICE_PREFIX.to_owned(),
            vmac_addr_prefix: unit::DEVICE_PREFIX.to_owned(),
            tell_priority: false,
            neighbours: BTreeMap::new(),
        }
    }

    pub(super) fn lower(&mut self, block: &Item, draft: &mut Draft, d: &mut Diagnostics) {
        for item in &block.children {
            match item.keyword() {
                "router_id" => draft.node = item.arg().to_owned(),
                "script_user" => self.user = args::user(item),
                "default_interface" => self.default_interface = Some(item.arg().to_owned()),
                "vmac_prefix" => prefix(item, 10, &mut self.vmac_prefix, d),
                "vmac_addr_prefix" => prefix(item, 7, &mut self.vmac_addr_prefix, d),
                "vrrp_version" => self.version = version(item, d).unwrap_or(self.version),
                "vrrp_mcast_group4" => self.group4 = address(item, d).or(self.group4),
                "vrrp_mcast_group6" => self.group6 = address(item, d).or(self.group6),
                "vrrp_down_timer_adverts" => {
                    self.down_adverts = byte(item, 1, 100, d).unwrap_or(self.down_adverts);
                }
                "vrrp_lower_prio_no_advert" => self.answer_lower = !args::flag(item, d),
                "lvs_timeouts" => draft.ipvs.timeouts = ipvs::timeouts(item, d),
                "lvs_sysctl" => draft.ipvs.sysctls.extend(ipvs::sysctl(item, d)),
                "lvs_sync_daemon" => draft.sync = ipvs::sync(item, d),
                "vrrp_startup_delay" => draft.start.delay = wait(item, d).unwrap_or(draft.start.delay),
                "vrrp_delay_after_boot" => {
                    draft.start.after_boot = wait(item, d).unwrap_or(draft.start.after_boot);
                }
                "v3_checksum_as_v2" => self.message_only = true,
                "vrrp_check_unicast_src" => self.check_source = args::flag(item, d),
                "vrrp_notify_priority_changes" => self.tell_priority = args::flag(item, d),
                "vrrp_strict" => self.strict = args::flag(item, d),
                "vrrp_min_garp" => {
                    if args::flag(item, d) {
                        self.announcement.repeat = 1;
                        self.announcement.second_after = Duration::ZERO;
                    }
                }
                other => {
                    machine::lower(item, &mut draft.machine, d);
                    if let Some(name) = other.strip_prefix("vrrp_") {
                        announcement(name, item, &mut self.announcement, &mut self.lower, d);
                        conduct(name, item, &mut self.conduct, d);
                    }
                }
            }
        }
        fifo::lower(block, &self.user, draft, d);
        let mut lone = |keyword, timeout| self.script(block, keyword, timeout, d);
        let (before, after) = (
            lone("startup_script", "startup_script_timeout"),
            lone("shutdown_script", "shutdown_script_timeout"),
        );
        draft.life.before = before.or(draft.life.before.take());
        draft.life.after = after.or(draft.life.after.take());
    }

    /// A script that runs by itself, and the time it may take.
    fn script(&self, block: &Item, keyword: &str, timeout: &str, d: &mut Diagnostics) -> Option<ScriptPlan> {
        let timeout = block
            .last(timeout)
            .and_then(|item| args::number(item, 1, 1000, d));
        let exec = args::notify(block.last(keyword)?, &self.user, d)?;
        Some(ScriptPlan {
            command: CommandPlan {
                argv: exec.argv,
                user: exec.user,
                arguments: Arguments::AsWritten,
            },
            timeout: timeout.map_or(unit::SCRIPT_TIMEOUT, Duration::from_secs),
        })
    }
}

/// How a Master announces after it heard a lower one; as a new Master does where nothing is written.
#[derive(Clone, Copy, Default)]
pub(super) struct Lower {
    pub(super) repeat: Option<u8>,
    pub(super) second_after: Option<Duration>,
}

fn wait(item: &Item, d: &mut Diagnostics) -> Option<Duration> {
    args::time(item, Duration::ZERO, unit::WAIT_MAX, d)
}

/// `garp_*` and `gna_*`, for all instances or for one.
pub(super) fn announcement(
    name: &str,
    item: &Item,
    into: &mut Announcement,
    lower: &mut Lower,
    d: &mut Diagnostics,
) {
    let time = |d: &mut Diagnostics| args::time(item, Duration::ZERO, Duration::from_secs(86_400), d);
    match name {
        "garp_master_delay" => into.second_after = time(d).unwrap_or(into.second_after),
        "garp_master_refresh" => into.refresh = time(d).unwrap_or(into.refresh),
        "garp_interval" => into.arp_gap = time(d).unwrap_or(into.arp_gap),
        "gna_interval" => into.na_gap = time(d).unwrap_or(into.na_gap),
        "garp_extra_if" | "vmac_garp_intvl" => extra(item, into, d),
        "garp_lower_prio_delay" => lower.second_after = time(d).or(lower.second_after),
        "garp_lower_prio_repeat" => lower.repeat = byte(item, 0, 255, d).or(lower.repeat),
        "garp_master_repeat" => into.repeat = byte(item, 1, 255, d).unwrap_or(into.repeat),
        "garp_master_refresh_repeat" => {
            into.refresh_repeat = byte(item, 1, 255, d).unwrap_or(into.refresh_repeat);
        }
        _ => {}
    }
}

/// `[all] SECONDS`: how often addresses are announced where no adverts go.
fn extra(item: &Item, into: &mut Announcement, d: &mut Diagnostics) {
    let words = item.args().split_first();
    let (is_all, word) = match words {
        Some((first, rest)) if first.text == "all" => (true, rest.first()),
        Some((first, _)) => (false, Some(first)),
        None => (false, None),
    };
    let Some(word) = word else {
        return d.missing_argument(item.span(), item.keyword());
    };
    let longest = Duration::from_secs(86_400);
    let Some(time) = unit::seconds(&word.text).filter(|time| *time <= longest) else {
        let message = format!(
            "`{} {}` is not a time from 0 to 86400 seconds",
            item.keyword(),
            word.text
        );
        return d.ignored_value(&word.span, &message, "ignored");
    };
    into.device_refresh = time;
    into.other_refresh = if is_all { time } else { Duration::ZERO };
}

/// What some routers do beyond the protocol, for all instances or for one.
pub(super) fn conduct(name: &str, item: &Item, into: &mut Conduct, d: &mut Diagnostics) {
    match name {
        "skip_check_adv_addr" if args::flag(item, d) => into.lists = Lists::TellOnce,
        "skip_check_adv_addr" => into.lists = Lists::Tell,
        "higher_prio_send_advert" => into.last_word = args::flag(item, d),
        "owner_ignore_adverts" => into.deaf_owner = args::flag(item, d),
        _ => {}
    }
}

pub(super) fn byte(item: &Item, min: u64, max: u64, d: &mut Diagnostics) -> Option<u8> {
    args::number(item, min, max, d).and_then(|number| u8::try_from(number).ok())
}

pub(super) fn version(item: &Item, d: &mut Diagnostics) -> Option<Version> {
    args::number(item, 2, 3, d).map(|version| if version == 2 { Version::V2 } else { Version::V3 })
}

pub(super) fn address(item: &Item, d: &mut Diagnostics) -> Option<IpAddr> {
    let found = item.arg().parse().ok();
    if found.is_none() {
        d.bad_keepalived_address(item.arg_span(), item.keyword(), item.arg());
    }
    found
}

/// With a virtual router's number, and that of its device, behind it, it has to be the name of an interface.
fn prefix(item: &Item, bytes: usize, prefix: &mut String, d: &mut Diagnostics) {
    if item.arg().len() <= bytes && unit::interface(item.arg()) {
        return item.arg().clone_into(prefix);
    }
    let message = format!("`{}` is too long, or no beginning of a name", item.arg());
    let help = format!("write {} vrrp", item.keyword());
    d.refused_value(
        item.arg_span(),
        &message,
        &format!("at most {bytes} bytes"),
        &help,
    );
}
