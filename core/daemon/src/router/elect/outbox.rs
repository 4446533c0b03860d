//! What leaves for the wire, collected so that one call of the kernel takes all that one turn of the loop has for an
//! interface.

use std::collections::BTreeMap;
use std::io;

use linux::announce::Announcer;
use linux::packet::Sender;
use linux::sending::Refused;
use model::effect::{Announce, SendAdvert};
use model::ids::LinkIndex;
use model::net::Family;

/// Adverts and announcements on their way out. What is collected keeps its memory.
#[derive(Debug)]
pub(super) struct Outbox {
    sender: Sender,
    /// Kept apart by interface and family, so that each has its adverts in one call.
    adverts: BTreeMap<(LinkIndex, Family), Vec<SendAdvert>>,
    announcer: Announcer,
    /// Kept apart by interface: what is the matter with one is not to cost the others.
    announcements: BTreeMap<LinkIndex, Vec<Announce>>,
}

/// What the kernel refused on an interface.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) link: LinkIndex,
    pub(super) what: &'static str,
    pub(super) error: io::Error,
}

impl Refusal {
    fn new(link: LinkIndex, what: &'static str, refused: Refused) -> Self {
        let error = match refused.places.len() {
            1 => refused.error,
            count => io::Error::new(
                refused.error.kind(),
                format!("{}; and {} more", refused.error, count - 1),
            ),
        };
        Self { link, what, error }
    }
}

impl Outbox {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self {
            sender: Sender::new(),
            adverts: BTreeMap::new(),
            announcer: Announcer::open()?,
            announcements: BTreeMap::new(),
        })
    }

    pub(super) fn advert(&mut self, advert: SendAdvert) {
        let lane = (advert.link, Family::of(advert.destination));
        self.adverts.entry(lane).or_default().push(advert);
    }

    pub(super) fn announce(&mut self, announce: Announce) {
        self.announcements
            .entry(announce.link)
            .or_default()
            .push(announce);
    }

    /// An interface is gone.
    pub(super) fn forget(&mut self, link: LinkIndex) {
        self.sender.forget(link);
        self.adverts.retain(|(of, _), _| *of != link);
        self.announcements.remove(&link);
    }

    /// Sends all adverts. Gives each that was refused, and what was the matter on each interface.
    pub(super) fn send_adverts(
        &mut self,
        mut unsent: impl FnMut(&SendAdvert),
        mut refused: impl FnMut(Refusal),
    ) {
        for ((link, _), adverts) in &mut self.adverts {
            if let Some(some) = self.sender.send_all(adverts) {
                let lost = some.places.iter().filter_map(|at| adverts.get(*at));
                lost.for_each(&mut unsent);
                refused(Refusal::new(*link, "cannot send an advert", some));
            }
            adverts.clear();
        }
    }

    /// The same of announcements.
    pub(super) fn send_announcements(&mut self, mut refused: impl FnMut(Refusal)) {
        for (link, announcements) in &mut self.announcements {
            if let Some(some) = self.announcer.announce_all(announcements) {
                refused(Refusal::new(*link, "cannot announce an address", some));
            }
            announcements.clear();
        }
    }
}
