//! What the kernel has to be told beside the device itself: sysctls of the device, and of the interface below it.

use std::io;

use model::effect::DeviceMake;
use model::ids::{LinkIndex, LinkName};
use model::net::Family;

use super::mark::Mark;
use crate::sys;

/// The host must not answer for an address of the device on the interface below, with that one's link-layer address
/// (VRRP-121), nor ask in the name of such an address there (RFC 9568 §8.1.2). Of arp_ignore, 2 asks for more than 1,
/// and 8 for all; 3 looks at the scope of an address alone, and what is above it is nothing (arp_ignore of net/ipv4).
const BELOW: [Setting; 2] = [
    Setting::new("ipv4/arp_ignore", 1).or(&[2, 8]),
    Setting::new("ipv4/arp_announce", 2),
];
/// Unsolicited neighbour advertisements teach routers too (RFC 9568 §8.2.4). Linux 5.19 and later.
const BELOW_V6: [Setting; 1] = [Setting::new("ipv6/accept_untracked_na", 1).or(&[2])];

/// The device answers for its own addresses alone. What comes in on it is answered by the interface below, which a
/// strict reverse path filter would mind; 2 is the loose one, and more than a strict `all`.
const DEVICE: [Setting; 7] = [
    Setting::new("ipv4/arp_ignore", 1),
    Setting::new("ipv4/rp_filter", 2),
    Setting::new("ipv4/promote_secondaries", 1),
    // No interface identifier of a virtual router's link-layer address (RFC 9568 §7.4).
    Setting::new("ipv6/addr_gen_mode", 1),
    Setting::new("ipv6/accept_ra", 0),
    Setting::new("ipv6/autoconf", 0),
    Setting::new("ipv6/accept_redirects", 0),
];
/// Neighbour advertisements say that a router speaks (RFC 9568 §6.4.3): the kernel says so where it forwards.
const DEVICE_V6: [Setting; 2] = [
    Setting::new("ipv6/forwarding", 1),
    Setting::new("ipv6/accept_untracked_na", 1),
];

/// A number below `/proc/sys/net/FAMILY/conf/INTERFACE`.
#[derive(Clone, Copy, Debug)]
struct Setting {
    key: &'static str,
    value: u8,
    /// What does as well.
    others: &'static [i32],
}

impl Setting {
    const fn new(key: &'static str, value: u8) -> Self {
        Self {
            key,
            value,
            others: &[],
        }
    }

    const fn or(self, others: &'static [i32]) -> Self {
        Self { others, ..self }
    }

    /// What it is now; `None` where the kernel has no such setting.
    fn read(&self, link: &str) -> Option<i32> {
        let (family, name) = self.key.split_once('/')?;
        let text = sys::read_sysctl(&["net", family, "conf", link, name]).ok()?;
        text.trim().parse().ok()
    }

    fn write(&self, link: &str, value: &str) -> io::Result<()> {
        let (family, name) = self.key.split_once('/').ok_or(io::ErrorKind::InvalidInput)?;
        sys::write_sysctl(&["net", family, "conf", link, name], value)
    }

    /// Whether the interface has it, or what does as well, or the kernel has no such setting.
    fn is_reached(&self, link: &str) -> bool {
        self.read(link).is_none_or(|now| self.is(now))
    }

    fn is(&self, now: i32) -> bool {
        now == i32::from(self.value) || self.others.contains(&now)
    }

    fn set(&self, link: &str) -> Result<(), String> {
        self.write(link, &self.value.to_string()).map_err(|error| {
            let (key, value) = (self.key.replacen('/', &format!("/conf/{link}/"), 1), self.value);
            let words = sys::words(&error);
            format!("cannot set /proc/sys/net/{key} to {value}: {words}; set it before the start")
        })
    }
}

fn below(family: Family) -> impl Iterator<Item = Setting> {
    let more: &[Setting] = match family {
        Family::V4 => &[],
        Family::V6 => &BELOW_V6,
    };
    BELOW.into_iter().chain(more.iter().copied())
}

/// Notes in the mark what is about to change on the interface below, and says whether there was something to note.
pub(super) fn note(make: DeviceMake, mark: &mut Mark) -> bool {
    let over = sys::link_label(make.over.0);
    let mut noted = false;
    for setting in below(make.family).filter(|setting| !setting.is_reached(&over)) {
        if let Some(now) = setting.read(&over)
            && !mark.before.contains_key(setting.key)
        {
            mark.before.insert(setting.key.to_owned(), now.to_string());
            noted = true;
        }
    }
    noted
}

/// Makes the settings.
pub(super) fn make(name: &LinkName, make: DeviceMake) -> Result<(), String> {
    let over = sys::link_label(make.over.0);
    for setting in below(make.family).filter(|setting| !setting.is_reached(&over)) {
        setting.set(&over)?;
    }
    // The kernel takes the greater of what is said of all interfaces and of the one. Whoever says 3 of all has reasons
    // that we do not know, and is better served with an address that is told in two ways than with none.
    let [arp_ignore, _] = BELOW;
    if let Some(all) = arp_ignore
        .read("all")
        .filter(|all| *all > 0 && !arp_ignore.is(*all))
    {
        tracing::warn!(
            interface = over,
            device = name.as_str(),
            setting = "net.ipv4.conf.all.arp_ignore",
            value = all,
            "the interface answers for the device's addresses too, with its own link-layer address; set it to 0, 1 or 2"
        );
    }
    let more: &[Setting] = match make.family {
        Family::V4 => &[],
        Family::V6 => &DEVICE_V6,
    };
    let device = DEVICE.iter().chain(more);
    for setting in device.filter(|setting| !setting.is_reached(name.as_str())) {
        setting.set(name.as_str())?;
    }
    Ok(())
}

/// Gives the interface below back what `mark` noted, as far as no other device of ours needs it and nobody has changed
/// it since.
pub(super) fn give_back(over: LinkIndex, mark: &Mark, others: &[Mark]) {
    let link = sys::link_label(over.0);
    for setting in BELOW.iter().chain(&BELOW_V6) {
        let Some(before) = mark.before.get(setting.key) else {
            continue;
        };
        let is_needed = others.iter().any(|other| other.before.contains_key(setting.key));
        if is_needed || setting.read(&link) != Some(i32::from(setting.value)) {
            continue;
        }
        if let Err(error) = setting.write(&link, before) {
            tracing::warn!(interface = link, setting = setting.key, before, %error, "a setting is not restored");
        }
    }
}
