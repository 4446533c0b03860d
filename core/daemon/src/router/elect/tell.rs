//! The way out of the election's thread to the router's loop. It never waits: whoever reads the log may be slow.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::time::Duration;

use linux::clock;
use model::effect::{InstanceNews, Notice};
use model::ids::{LinkIndex, LinkName};
use model::time::Instant;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::router::Event;

/// How often one complaint is told.
const COMPLAIN_EVERY: Duration = Duration::from_secs(60);

/// Tells the router's loop what happens.
pub(super) struct Teller {
    events: mpsc::Sender<Event>,
    /// Events for a router that is behind. Transitions are never dropped.
    backlog: VecDeque<Event>,
    /// What was complained of: when last, and how often since.
    complaints: BTreeMap<(LinkIndex, &'static str), (Option<Instant>, u64)>,
}

impl Teller {
    pub(super) fn new(events: mpsc::Sender<Event>) -> Self {
        Self {
            events,
            backlog: VecDeque::new(),
            complaints: BTreeMap::new(),
        }
    }

    /// Whether the router's loop has been told everything.
    pub(super) fn is_done(&self) -> bool {
        self.backlog.is_empty()
    }

    /// Tells what must not be lost.
    pub(super) fn tell(&mut self, event: Event) {
        self.backlog.push_back(event);
        self.flush();
    }

    /// Tries again what found no room.
    pub(super) fn flush(&mut self) {
        while let Some(event) = self.backlog.pop_front() {
            if let Err(TrySendError::Full(event)) = self.events.try_send(event) {
                self.backlog.push_front(event);
                return;
            }
        }
    }

    /// Tells what happened in a state. Others can bring that about as often as they like, so what finds no room is lost.
    pub(super) fn news(&self, news: InstanceNews) {
        let _ = self.events.try_send(Event::News(news));
    }

    /// Tells what is limited in rate already: one that finds no room is worth less than the room.
    pub(super) fn notice(&self, notice: Notice, link: LinkName) {
        let _ = self.events.try_send(Event::Notice(notice, link));
    }

    /// Tells what the kernel refused, seldom enough.
    pub(super) fn complain(
        &mut self,
        link: LinkIndex,
        name: LinkName,
        what: &'static str,
        error: &io::Error,
    ) {
        let now = clock::now();
        let (told, suppressed) = self.complaints.entry((link, what)).or_default();
        if told.is_some_and(|told| now.since(told) < COMPLAIN_EVERY) {
            *suppressed += 1;
            return;
        }
        *told = Some(now);
        let notice = Notice {
            instance: None,
            link,
            peer: None,
            message: format!("{what}: {error}"),
            suppressed: std::mem::take(suppressed),
        };
        self.notice(notice, name);
    }
}
