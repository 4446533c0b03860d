//! Devices of virtual routers: macvlan with the router's own link-layer address, ipvlan where a network allows only one.
//!
//! Everything needed to undo one stands in the kernel, in the device's own alias: that it is ours, whose, and what the
//! settings of the interface below were before. So whoever comes after us can, however we ended.
//!
//! The devices are in mode bridge, not private as others have theirs: a private macvlan takes a multicast frame that
//! comes in with its own address as source for itself (macvlan_handle_frame), so that of two Masters neither would
//! hear the other's adverts on the interface below, for ever.

use std::io;

use model::effect::{DeviceAim, DeviceMake, DeviceOrder};
use model::fact::{DeviceFact, Maker};
use model::ids::{LinkIndex, LinkName};
use model::net::Mac;
use model::plan::DeviceKind;
use netlink_packet_core::NetlinkMessage;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{InfoKind, LinkAttribute, LinkInfo, LinkMessage};

use crate::rtnl::Rtnl;
use crate::{presence, sys};

mod mark;
mod request;
mod settings;

use mark::Mark;

/// Makes devices and removes them. Blocking: it belongs where nothing else waits.
#[derive(Debug)]
pub struct Devices {
    rtnl: Rtnl,
}

type Request = NetlinkMessage<RouteNetlinkMessage>;

impl Devices {
    /// Opens a socket, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// When the socket cannot be had.
    pub fn open() -> io::Result<Self> {
        Ok(Self { rtnl: Rtnl::open()? })
    }

    /// Makes a device be as ordered. What is so already is left alone; what is not ours is never touched.
    ///
    /// Waits for the kernel: milliseconds, or tens of them where a device is taken down.
    ///
    /// # Errors
    /// The refusal in words, with the cure where there is one.
    pub fn apply(&mut self, order: &DeviceOrder) -> Result<(), String> {
        match order.aim {
            DeviceAim::Gone => self.remove(&order.name),
            DeviceAim::Down(make) => self.ensure(&order.name, make, false),
            DeviceAim::Up(make) => self.ensure(&order.name, make, true),
        }
    }

    /// Removes all devices of ours, and of dead daemons like us. Gives the names of those that are gone, and what was
    /// refused.
    pub fn remove_all(&mut self) -> Vec<Result<LinkName, String>> {
        let all = match self.rtnl.links() {
            Ok(all) => all,
            Err(error) => return vec![Err(format!("cannot look for devices: {}", sys::words(&error)))],
        };
        let ours = all.iter().filter(|link| ours(link).is_some());
        let names: Vec<LinkName> = ours.filter_map(name_of).map(LinkName::from).collect();
        names
            .into_iter()
            .map(|name| self.remove(&name).map(|()| name))
            .collect()
    }

    /// Removes a device of ours, and gives the interface below back its settings once no other of our kind stands on it.
    /// One that is gone, or not ours, is a success.
    fn remove(&mut self, name: &LinkName) -> Result<(), String> {
        let all = self.links(name)?;
        let Some((fact, mark)) = named(&all, name).and_then(ours) else {
            return Ok(());
        };
        // Silent first: with its old settings the interface below would answer for the addresses.
        self.run(name, None, "take down", vec![request::set_up(name, false)])?;
        settings::give_back(fact.over, &mark, &others(&all, name, fact.over));
        self.run(name, None, "remove", vec![request::remove(name)])
    }

    fn ensure(&mut self, name: &LinkName, make: DeviceMake, up: bool) -> Result<(), String> {
        let all = self.links(name)?;
        let mut mark = match named(&all, name) {
            None => self.create(name, make, &all)?,
            Some(link) => match ours(link) {
                None => return Err(foreign(name)),
                Some((fact, mark))
                    if fact.over == make.over && fact.kind == make.kind && fact.maker == Maker::Us =>
                {
                    mark
                }
                // Also when only the mark is another's: nobody would hear of a new one, see below.
                Some(_) => {
                    self.remove(name)?;
                    self.create(name, make, &all)?
                }
            },
        };
        if settings::note(make, &mut mark) {
            self.run(name, None, "mark", vec![request::set_mark(name, &mark)])?;
        }
        settings::make(name, make)?;
        let verb = if up { "set up" } else { "take down" };
        self.run(name, None, verb, vec![request::set_up(name, up)])
    }

    /// Makes it, down and marked: both in one step, so that none is ever left without its mark. It gets its name last:
    /// the kernel tells of a new name, and not of the mark of an interface that is down.
    fn create(&mut self, name: &LinkName, make: DeviceMake, all: &[LinkMessage]) -> Result<Mark, String> {
        let mark = Mark::new(&others(all, name, make.over));
        let unnamed = LinkName::from(format!("bw-{}", presence::own()).as_str());
        let requests = vec![
            request::create(&unnamed, make),
            request::set_mark(&unnamed, &mark),
        ];
        self.run(name, Some(make), "make", requests)?;
        let all = self.links(name)?;
        let index = named(&all, &unnamed).map_or(0, |link| link.header.index);
        let done = self.run(name, Some(make), "make", vec![request::rename(index, name)]);
        if done.is_err() {
            self.run(&unnamed, None, "remove", vec![request::remove(&unnamed)])?;
        }
        done.map(|()| mark)
    }

    fn links(&mut self, name: &LinkName) -> Result<Vec<LinkMessage>, String> {
        self.rtnl
            .links()
            .map_err(|error| explain(name, None, "look for", &error))
    }

    /// Gives the first refusal.
    fn run(
        &mut self,
        name: &LinkName,
        make: Option<DeviceMake>,
        verb: &str,
        requests: Vec<Request>,
    ) -> Result<(), String> {
        let codes = self.rtnl.ask(requests);
        match codes.into_iter().find(|code| *code != 0) {
            None => Ok(()),
            Some(code) if verb == "remove" && -code == libc::ENODEV => Ok(()),
            Some(code) => Err(explain(name, make, verb, &io::Error::from_raw_os_error(-code))),
        }
    }
}

/// What a message of the kernel says of a device; `None` for an interface of another kind.
pub(crate) fn fact(link: &LinkMessage) -> Option<DeviceFact> {
    let (mut over, mut mac, mut kind, mut alias) = (None, Mac::default(), None, None);
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::Link(index) => over = Some(LinkIndex(*index)),
            LinkAttribute::Address(bytes) => mac = bytes.as_slice().try_into().map_or(mac, Mac),
            LinkAttribute::IfAlias(text) => alias = Some(text.as_str()),
            LinkAttribute::LinkInfo(infos) => {
                kind = infos.iter().find_map(|info| match info {
                    LinkInfo::Kind(kind) => Some(kind.clone()),
                    _ => None,
                });
            }
            _ => {}
        }
    }
    Some(DeviceFact {
        over: over?,
        kind: match kind? {
            InfoKind::MacVlan => DeviceKind::Macvlan(mac),
            InfoKind::IpVlan => DeviceKind::Ipvlan,
            _ => return None,
        },
        maker: alias
            .and_then(Mark::parse)
            .map_or(Maker::Other, |mark| mark.maker()),
    })
}

/// A device that we, or a dead daemon of our kind, made.
fn ours(link: &LinkMessage) -> Option<(DeviceFact, Mark)> {
    let fact = fact(link)?;
    match fact.maker {
        Maker::Us | Maker::Dead => Some((fact, mark_of(link)?)),
        Maker::Other => None,
    }
}

fn mark_of(link: &LinkMessage) -> Option<Mark> {
    link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfAlias(text) => Mark::parse(text),
        _ => None,
    })
}

fn name_of(link: &LinkMessage) -> Option<&str> {
    link.attributes.iter().find_map(|attribute| match attribute {
        LinkAttribute::IfName(name) => Some(name.as_str()),
        _ => None,
    })
}

fn named<'a>(all: &'a [LinkMessage], name: &LinkName) -> Option<&'a LinkMessage> {
    all.iter().find(|link| name_of(link) == Some(name.as_str()))
}

/// The marks of the other devices on an interface, those of another living daemon too: it needs the same settings.
fn others(all: &[LinkMessage], name: &LinkName, over: LinkIndex) -> Vec<Mark> {
    let others = all.iter().filter(|link| name_of(link) != Some(name.as_str()));
    let there = others.filter(|link| fact(link).is_some_and(|fact| fact.over == over));
    there.filter_map(mark_of).collect()
}

fn foreign(name: &LinkName) -> String {
    format!(
        "cannot make {name}: there is an interface of that name that is not ours; remove it \
         (ip link delete {name}), or give the device another name"
    )
}

fn explain(name: &LinkName, make: Option<DeviceMake>, verb: &str, error: &io::Error) -> String {
    let over = make.map(|make| format!(" on {}", sys::link_label(make.over.0)));
    let what = format!("cannot {verb} {name}{}", over.unwrap_or_default());
    let cure = match (error.raw_os_error(), make.map(|make| make.kind)) {
        (Some(libc::EPERM), _) => return format!("{what}: permission denied; needs CAP_NET_ADMIN"),
        (Some(libc::EOPNOTSUPP), Some(DeviceKind::Macvlan(_))) => {
            "; this kernel has no macvlan: load it (modprobe macvlan), or do without a virtual MAC address"
        }
        (Some(libc::EOPNOTSUPP), Some(DeviceKind::Ipvlan)) => {
            "; this kernel has no ipvlan: load it (modprobe ipvlan), or use a virtual MAC address instead"
        }
        (Some(libc::EBUSY), Some(_)) => "; is the interface part of a bridge or bond? name that one instead",
        (Some(libc::EADDRINUSE | libc::EBUSY), None) => {
            "; another device has its address: does another VRRP daemon serve the same virtual router?"
        }
        _ => "",
    };
    format!("{what}: {}{cure}", sys::words(error))
}

#[cfg(test)]
mod tests;
