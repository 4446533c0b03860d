//! What leaves for the wire, collected so that one call of the kernel takes all that one turn of the loop has for an
//! interface.

use std::collections::BTreeMap;
use std::io;

use linux::announce::Announcer;
use linux::packet::Sender;
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
    announcements: Vec<Announce>,
}

/// What the kernel refused first.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) link: LinkIndex,
    pub(super) what: &'static str,
    pub(super) error: io::Error,
}

impl Outbox {
    pub(super) fn open() -> io::Result<Self> {
        Ok(Self {
            sender: Sender::new(),
            adverts: BTreeMap::new(),
            announcer: Announcer::open()?,
            announcements: Vec::new(),
        })
    }

    pub(super) fn advert(&mut self, advert: SendAdvert) {
        let lane = (advert.link, Family::of(advert.destination));
        self.adverts.entry(lane).or_default().push(advert);
    }

    pub(super) fn announce(&mut self, announce: Announce) {
        self.announcements.push(announce);
    }

    /// An interface is gone.
    pub(super) fn forget(&mut self, link: LinkIndex) {
        self.sender.forget(link);
        self.adverts.retain(|(of, _), _| *of != link);
    }

    pub(super) fn send_adverts(&mut self) -> Option<Refusal> {
        let mut refused = None;
        for ((link, _), adverts) in &mut self.adverts {
            if let Some((_, error)) = self.sender.send_all(adverts) {
                let (link, what) = (*link, "cannot send an advert");
                refused.get_or_insert(Refusal { link, what, error });
            }
            adverts.clear();
        }
        refused
    }

    pub(super) fn send_announcements(&mut self) -> Option<Refusal> {
        let failed = self.announcer.announce_all(&self.announcements);
        let refused = failed.and_then(|(at, error)| {
            let (link, what) = (self.announcements.get(at)?.link, "cannot announce an address");
            Some(Refusal { link, what, error })
        });
        self.announcements.clear();
        refused
    }
}
