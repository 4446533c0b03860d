//! A keepalived with a stranger and a host beside it.

use std::thread::sleep;
use std::time::Duration;

use crate::capture::{self, Capture};
use crate::keepalived::Keepalived;
use crate::net::Net;
use crate::router::Wanted;
use crate::stranger::{Message, Stranger};
use crate::wait::until;

pub(super) struct Probe {
    pub(super) net: Net,
    pub(super) capture: Capture,
    pub(super) daemon: Keepalived,
    pub(super) stranger: Stranger,
}

impl Probe {
    /// keepalived on `a`, which is Master.
    pub(super) fn master(wanted: &Wanted) -> Self {
        Self::prepared(wanted, |_| ())
    }

    /// The same, on a network that is prepared first.
    pub(super) fn prepared(wanted: &Wanted, prepare: impl FnOnce(&Net)) -> Self {
        let net = Net::new(&["a", "stranger", "host"]);
        prepare(&net);
        let capture = Capture::start(&net);
        let daemon = Keepalived::start(&net.node("a"), &wanted.keepalived());
        daemon.becomes("web", "MASTER");
        let stranger = Stranger::on(&net.node("stranger"), wanted.form.family());
        Self {
            net,
            capture,
            daemon,
            stranger,
        }
    }

    /// The stranger says `message` until keepalived has moved, or often enough that it would have; what it became.
    pub(super) fn after(&self, message: &Message) -> String {
        let before = self.daemon.transitions("web");
        for _ in 0..20 {
            self.stranger.says(message);
            sleep(Duration::from_millis(50));
            if self.daemon.transitions("web") > before {
                break;
            }
        }
        let now = self.daemon.state("web").unwrap_or_default();
        // The next question is put to a Master again.
        self.daemon.becomes("web", "MASTER");
        match self.daemon.transitions("web") - before {
            0 => "stayed MASTER".to_owned(),
            _ => format!(
                "became {}",
                if now == "MASTER" {
                    "BACKUP and MASTER again at once"
                } else {
                    &now
                }
            ),
        }
    }

    /// The stranger says `message` `count` times, `pause` apart; how many adverts keepalived sent meanwhile.
    pub(super) fn adverts_during(&self, message: &Message, count: usize, pause: Duration) -> usize {
        let before = self.adverts(|_| true);
        for _ in 0..count {
            self.stranger.says(message);
            sleep(pause);
        }
        self.adverts(|_| true) - before
    }

    /// How many of its adverts there were with such a priority.
    pub(super) fn adverts(&self, priority: impl Fn(u8) -> bool) -> usize {
        let own = self.net.node("a").ipv4();
        let packets = self.capture.packets();
        let mine = capture::adverts(&packets).filter(|(_, advert)| advert.source == own);
        mine.filter(|(_, advert)| priority(advert.priority)).count()
    }

    /// Whether its log has `words`.
    pub(super) fn logged(&self, words: &str) -> bool {
        self.daemon.log().contains(words)
    }

    /// `fields` of the packets that pass `filter`, once there are any.
    pub(super) fn seen(&self, filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
        until(&format!("a packet: {filter}"), || {
            let found = self.capture.look(filter, fields);
            if found.is_empty() { Err("none") } else { Ok(found) }
        })
    }
}
