//! What leaves for the wire, collected so that one call of the kernel takes all that one turn of the loop has for an
//! interface.

use std::io;

use linux::announce::Announcer;
use linux::packet::Sender;
use model::effect::{Announce, SendAdvert};
use model::ids::LinkIndex;

/// Adverts and announcements on their way out. What is collected keeps its memory.
#[derive(Debug)]
pub(super) struct Outbox {
    sender: Sender,
    adverts: Vec<SendAdvert>,
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
            adverts: Vec::new(),
            announcer: Announcer::open()?,
            announcements: Vec::new(),
        })
    }

    pub(super) fn advert(&mut self, advert: SendAdvert) {
        self.adverts.push(advert);
    }

    pub(super) fn announce(&mut self, announce: Announce) {
        self.announcements.push(announce);
    }

    /// An interface is gone.
    pub(super) fn forget(&mut self, link: LinkIndex) {
        self.sender.forget(link);
    }

    pub(super) fn send_adverts(&mut self) -> Option<Refusal> {
        // Each interface has its adverts in one call.
        self.adverts.sort_by_key(|advert| advert.link);
        let failed = self.sender.send_all(&self.adverts);
        let refused = failed.and_then(|(at, error)| {
            let (link, what) = (self.adverts.get(at)?.link, "cannot send an advert");
            Some(Refusal { link, what, error })
        });
        self.adverts.clear();
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
