//! What all scenarios stand on: a captured segment with the nodes `a`, `b` and others.

use model::transition::State;

use super::Case;
use crate::capture::{self, Capture, Packet, What};
use crate::net::{Net, Node};
use crate::router::{Make, Router, Wanted};
use crate::wait::until;

pub(super) struct Stage {
    pub(super) net: Net,
    capture: Capture,
    pub(super) case: Case,
}

impl Stage {
    /// The nodes `a` and `b`.
    pub(super) fn new(case: Case) -> Self {
        Self::with(case, &["a", "b"])
    }

    /// Nodes of these names.
    pub(super) fn with(case: Case, names: &[&str]) -> Self {
        let net = Net::new(names);
        let capture = Capture::start(&net);
        Self { net, capture, case }
    }

    pub(super) fn node(&self, name: &str) -> Node {
        self.net.node(name)
    }

    /// Starts the first make on `a`.
    pub(super) fn first(&self, wanted: &Wanted) -> Router {
        Router::start(self.case.first, &self.node("a"), wanted)
    }

    /// Starts the second make on `b`.
    pub(super) fn second(&self, wanted: &Wanted) -> Router {
        Router::start(self.case.second, &self.node("b"), wanted)
    }

    /// What a node of that priority is to do.
    pub(super) fn wanted(&self, priority: u8) -> Wanted {
        Wanted::new(self.case.form, priority)
    }

    /// Master on `a` and Backup on `b`, each with what it is to do.
    pub(super) fn elect(&self, first: &Wanted, second: &Wanted) -> (Router, Router) {
        let first = self.first(first);
        first.becomes(State::Master);
        let second = self.second(second);
        settles(&first, &second);
        self.only(&[&first, &second], &first);
        (first, second)
    }

    /// The same with priorities 150 and 100.
    pub(super) fn pair(&self) -> (Router, Router) {
        self.elect(&self.wanted(150), &self.wanted(100))
    }

    /// Waits until of `routers` only `who` carries the address.
    #[track_caller]
    pub(super) fn only(&self, routers: &[&Router], who: &Router) {
        let address = self.case.form.address();
        until(&format!("{address} on {} alone", who.node().name), || {
            let carry = routers.iter().filter(|router| router.carries(address));
            let names: Vec<&str> = carry.map(|router| router.node().name.as_str()).collect();
            if names == [who.node().name.as_str()] {
                Ok(())
            } else {
                Err(format!("it is on {names:?}"))
            }
        });
    }

    /// Waits until whoever has that priority spoke last: FRR calls itself Master before its interface lets it speak.
    #[track_caller]
    pub(super) fn last_word_is(&self, priority: u8) {
        until(&format!("an advert of priority {priority}"), || {
            let packets = self.capture.packets();
            match capture::adverts(&packets).last() {
                Some((_, advert)) if advert.priority == priority => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
    }

    /// `fields` of the packets until now that tshark's display filter lets through.
    pub(super) fn look(&self, filter: &str, fields: &[&str]) -> Vec<Vec<String>> {
        self.capture.look(filter, fields)
    }

    /// Ends the capture. Nothing was malformed, and every advert is of the one form.
    #[track_caller]
    pub(super) fn finish(self) -> Vec<Packet> {
        let form = self.case.form;
        let packets = self.capture.finish(form.checksum());
        for (_, advert) in capture::adverts(&packets) {
            assert_eq!((advert.version, advert.hops), (form.version(), 255), "{advert:?}");
        }
        packets
    }
}

/// `first` is Master and `second` Backup, and both know it.
#[track_caller]
pub(super) fn settles(first: &Router, second: &Router) {
    first.becomes(State::Master);
    second.becomes(State::Backup);
    if let Some(daemon) = second.ours() {
        daemon.says("who is Master", |status| status.instances.first()?.master);
    }
}

/// Waits until `count` more adverts were sent or heard by one of `routers` that is ours.
///
/// # Panics
/// When none of them is ours.
#[track_caller]
pub(super) fn adverts_pass(routers: &[&Router], count: u64) {
    let ours = routers
        .iter()
        .find_map(|router| router.ours())
        .expect("one is ours");
    let seen = || {
        let counters = ours.instance("web").map_err(|e| e.to_string())?.counters;
        let of = |name: &str| counters.get(name).copied().unwrap_or(0);
        Ok::<u64, String>(of("adverts_sent") + of("adverts_received"))
    };
    let before = until("its counters", seen);
    until(&format!("{count} more adverts"), || match seen()? {
        now if now >= before + count => Ok(()),
        now => Err(format!("{} came", now - before)),
    });
}

/// Nobody of `routers` moves while `what` happens and some adverts after it.
#[track_caller]
pub(super) fn nobody_moves(routers: &[&Router], what: impl FnOnce()) {
    let before: Vec<usize> = routers.iter().map(|router| router.moves()).collect();
    what();
    adverts_pass(routers, 10);
    for (router, before) in routers.iter().zip(before) {
        assert_eq!(router.moves(), before, "{} moved", router.node().name);
    }
}

/// The address on the link that hosts shall have for what `router` carries.
pub(super) fn mac(case: Case, router: &Router, make: Make) -> String {
    let family = match case.form.family() {
        model::net::Family::V4 => 1,
        model::net::Family::V6 => 2,
    };
    match make {
        Make::Ours | Make::Keepalived => router.node().mac(),
        Make::Frr => format!("00:00:5e:00:{family:02x}:33"),
    }
}

/// How many times `mac` told of `address` unasked.
pub(super) fn announcements(packets: &[Packet], mac: &str, address: &str) -> usize {
    let told = packets.iter().filter(|packet| packet.mac == mac);
    told.filter(|packet| match &packet.what {
        What::GratuitousArp { address: told } | What::NeighbourAdvert { address: told } => told == address,
        What::Advert(_) | What::Other => false,
    })
    .count()
}
