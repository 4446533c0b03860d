//! What an advert must prove: authentication headers and trailers, replays, clocks that step, keys that change.

use model::effect::{ElectEffect, SendAdvert};
use model::fact::{Envelope, Frame};
use model::plan::*;
use model::seal::Seal;
use model::time::WallTime;
use model::transition::State;
use proptest::prelude::*;
use wire::ah::Cover;
use wire::trailer::Sealing;

use super::kit::*;

const SECOND: u64 = 1_000_000_000;
const NOON: u64 = 1_800_000_000 * SECOND;
const PEER: &str = "10.0.0.9";

/// An advert as a socket of ours would send it, and as a peer's would hear it.
pub(super) fn packet(advert: &SendAdvert) -> (Vec<u8>, Envelope) {
    let (source, destination) = (advert.source, advert.destination);
    match &advert.seal {
        Seal::Bare => (advert.payload.to_vec(), Envelope::Bare),
        Seal::Trailer {
            key_id,
            key,
            sequence,
        } => {
            let bytes = key.bytes();
            let sealing = Sealing {
                key_id: *key_id,
                key: bytes,
                sequence: *sequence,
                source,
                destination,
            };
            let mut sealed = Vec::new();
            wire::trailer::seal(&advert.payload, sealing, &mut sealed);
            (sealed, Envelope::Bare)
        }
        Seal::Header { key, sequence } => {
            let (std::net::IpAddr::V4(source), std::net::IpAddr::V4(destination)) = (source, destination)
            else {
                panic!("IPv4 only");
            };
            let cover = Cover {
                identification: 77,
                hop_limit: advert.hop_limit,
                source,
                destination,
            };
            let mut sealed = Vec::new();
            wire::ah::seal(&advert.payload, key.bytes(), *sequence, &cover, &mut sealed);
            (sealed, Envelope::Authenticated { identification: 77 })
        }
    }
}

/// An advert of a peer.
fn from_peer(plan: &InstancePlan, number: u8, seal: Seal) -> SendAdvert {
    SendAdvert {
        link: ETH0,
        source: ip(PEER),
        destination: ip(GROUP),
        hop_limit: 255,
        mac: None,
        payload: advert_bytes(plan, number, PEER, GROUP).into(),
        seal,
    }
}

impl Node {
    fn wall(&mut self, nanos: u64) {
        self.election.handle_wall(WallTime::from_nanos(nanos));
    }

    fn carries(&mut self, payload: &[u8], envelope: Envelope, source: &str) {
        let frame = Frame {
            link: ETH0,
            source: ip(source),
            destination: ip(GROUP),
            hop_limit: Some(255),
            payload,
            envelope,
            received: self.now,
        };
        self.election.handle_frame(frame, self.now);
        while self.election.poll_effect().is_some() {}
    }

    fn takes(&mut self, advert: &SendAdvert) {
        let (payload, envelope) = packet(advert);
        self.carries(&payload, envelope, &advert.source.to_string());
    }

    /// The last advert that was sent.
    fn last_sent(&self) -> &SendAdvert {
        let sent = self.effects.iter().rev().find_map(|effect| match effect {
            ElectEffect::SendAdvert(advert) => Some(advert),
            _ => None,
        });
        sent.expect("an advert")
    }
}

fn with_header() -> InstancePlan {
    InstancePlan {
        auth: Auth::Header(Key::new(b"s3cret\0\0")),
        ..v2("a", 100)
    }
}

fn header(sequence: u32) -> Seal {
    Seal::Header {
        key: Key::new(b"s3cret\0\0"),
        sequence,
    }
}

fn header_sequence(seal: &Seal) -> u32 {
    match seal {
        Seal::Header { sequence, .. } => *sequence,
        other => panic!("{other:?}"),
    }
}

// holds VRRP-221, VRRP-222
#[test]
fn an_authentication_header_is_asked_for_checked_and_never_heard_twice() {
    let ours = with_header();
    let other_key = Seal::Header {
        key: Key::new(b"another\0"),
        sequence: 9,
    };
    let bare = InstancePlan {
        auth: Auth::None,
        ..ours.clone()
    };
    for (advert, counter) in [
        (from_peer(&ours, 200, header(9)), "adverts_received"),
        (from_peer(&ours, 200, other_key), "dropped_auth_failure"),
        (from_peer(&ours, 200, Seal::Bare), "dropped_auth_mismatch"),
        (from_peer(&bare, 200, Seal::Bare), "dropped_auth_mismatch"),
        (from_peer(&bare, 200, header(9)), "dropped_auth_mismatch"),
    ] {
        let mut node = Node::start(std::slice::from_ref(&ours));
        node.takes(&advert);
        assert_eq!(node.counter(counter), 1, "{counter}");
    }
    let mut node = Node::start(std::slice::from_ref(&ours));
    for sequence in [9, 9, 8, 10, 10] {
        node.takes(&from_peer(&ours, 200, header(sequence)));
    }
    assert_eq!(
        (node.counter("adverts_received"), node.counter("dropped_replayed")),
        (2, 3)
    );
    // Who does not ask for it does not hear it.
    let mut node = Node::start(&[v2("a", 100)]);
    node.takes(&from_peer(&ours, 200, header(9)));
    assert_eq!(node.counter("dropped_auth_mismatch"), 1);
}

/// keepalived counts all routers of a VRID together: whoever becomes Master goes on above what it heard.
// holds VRRP-221
#[test]
fn our_sequence_is_above_what_was_sent_and_heard_and_after_the_clock() {
    let ours = with_header();
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.wall(NOON);
    node.takes(&from_peer(&ours, 90, header(7)));
    node.pass(ms(3000 + 700));
    assert_eq!(node.state("a"), State::Master);
    let first = header_sequence(&node.last_sent().seal);
    assert_eq!(first, model::seal::header_clock(WallTime::from_nanos(NOON)));
    node.pass(ms(1000));
    assert_eq!(header_sequence(&node.last_sent().seal), first + 1);
    node.wall(NOON + 20 * SECOND);
    node.pass(ms(1000));
    assert_eq!(header_sequence(&node.last_sent().seal), first + 40);
    // A lower Master is ahead of us: the next advert is above it all the same, or it would not hear us.
    node.takes(&from_peer(&ours, 90, header(first + 5000)));
    node.pass(ms(1000));
    assert_eq!(header_sequence(&node.last_sent().seal), first + 5001);
    node.stop();
    assert_eq!(header_sequence(&node.last_sent().seal), first + 5002);
    assert_eq!(node.last_sent().payload[2], 0);
}

#[test]
fn who_asks_for_headers_hears_both_protocols_and_others_one() {
    let listening = |plan: InstancePlan| {
        let node = Node::start(&[plan]);
        let heard = node.effects.iter().filter_map(|effect| match effect {
            ElectEffect::Listen(at) => Some(at.authenticated),
            _ => None,
        });
        heard.collect::<Vec<_>>()
    };
    assert_eq!(listening(with_header()), [false, true]);
    assert_eq!(listening(v2("a", 100)), [false]);
}

/// What the guardian sends in our place is heard however long it lay, and so is a successor.
#[test]
fn a_farewell_from_the_journal_and_a_successor_are_ahead_of_all_that_was_sent() {
    let ours = with_header();
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.wall(NOON);
    node.pass(ms(3700));
    let journal = node.election.journal();
    let mut last = 0;
    for second in 1..=100 {
        node.wall(NOON + second * SECOND);
        node.pass(ms(1000));
        last = header_sequence(&node.last_sent().seal);
    }
    let wall = WallTime::from_nanos(NOON + 101 * SECOND);
    let farewell = journal.instances[0].farewell[0].seal.clone().renewed(wall);
    assert!(header_sequence(&farewell) > last);

    let mut heir = Node::bare();
    heir.wall(wall.as_nanos());
    heir.now = node.now;
    heir.election.handle_adopt(journal, heir.now, heir.now);
    heir.link(link(2, "eth0", true, &["10.0.0.2/24"]));
    heir.plan(&[ours], &[]);
    assert_eq!(heir.state("a"), State::Master);
    assert!(header_sequence(&heir.last_sent().seal) > last);
}

fn key(byte: u8) -> Key {
    Key::new(&[byte; 32])
}

fn hmac(mode: HmacMode, freshness: Freshness) -> HmacPlan {
    let keys = [1, 2].map(|id| HmacKey { id, key: key(id) });
    HmacPlan {
        keys: keys.to_vec(),
        active: 1,
        mode,
        freshness,
    }
}

const TIMELY: Freshness = Freshness::Time {
    window: std::time::Duration::from_secs(5),
};

fn with_trailer(mode: HmacMode, freshness: Freshness) -> InstancePlan {
    with_trailer_of(plan("a", 100), mode, freshness)
}

pub(super) fn with_trailer_of(plan: InstancePlan, mode: HmacMode, freshness: Freshness) -> InstancePlan {
    InstancePlan {
        hmac: Some(hmac(mode, freshness)),
        ..plan
    }
}

/// A trailer of the sender's wall clock, with a counter.
fn trailer(seconds: u64, count: u64) -> Seal {
    Seal::Trailer {
        key_id: 1,
        key: key(1),
        sequence: seconds << 32 | count,
    }
}

const NOW_S: u64 = NOON / SECOND;

#[test]
fn each_reason_has_its_counter() {
    let ours = with_trailer(HmacMode::Enforce, TIMELY);
    let sealed = |key_id, key| Seal::Trailer {
        key_id,
        key,
        sequence: NOW_S << 32,
    };
    for (seal, counter) in [
        (trailer(NOW_S, 0), "adverts_received"),
        (sealed(2, key(2)), "adverts_received"),
        (sealed(3, key(1)), "dropped_hmac_unknown_key"),
        (sealed(1, key(2)), "dropped_hmac_wrong"),
        (Seal::Bare, "dropped_hmac_missing"),
        // C6: the edges of the window.
        (trailer(NOW_S - 5, 0), "adverts_received"),
        (trailer(NOW_S + 5, 0), "adverts_received"),
        (trailer(NOW_S - 6, 0), "dropped_hmac_stale"),
        (trailer(NOW_S + 6, 0), "dropped_hmac_stale"),
    ] {
        let mut node = Node::start(std::slice::from_ref(&ours));
        node.wall(NOON);
        let text = format!("{seal:?}");
        node.takes(&from_peer(&ours, 200, seal));
        assert_eq!(node.counter(counter), 1, "{counter} {text}");
    }
    // A trailer where none is expected is no part of an advert.
    let mut node = Node::start(&[plan("a", 100)]);
    node.takes(&from_peer(&ours, 200, trailer(NOW_S, 0)));
    assert_eq!(node.counter("dropped_too_long"), 1);
}

#[test]
fn modes_bring_trailers_in_step_by_step() {
    for (mode, seals, hears_bare) in [
        (HmacMode::ReceiveOnly, false, 1),
        (HmacMode::Permissive, true, 1),
        (HmacMode::Enforce, true, 0),
    ] {
        let ours = with_trailer(mode, TIMELY);
        let mut node = Node::start(std::slice::from_ref(&ours));
        node.wall(NOON);
        node.takes(&from_peer(&ours, 90, Seal::Bare));
        assert_eq!(node.counter("adverts_received"), hears_bare, "{mode:?}");
        // What has a trailer must have a right one in every mode.
        let wrong = Seal::Trailer {
            key_id: 1,
            key: key(9),
            sequence: NOW_S << 32,
        };
        node.takes(&from_peer(&ours, 90, wrong));
        assert_eq!(node.counter("dropped_hmac_wrong"), 1, "{mode:?}");
        node.pass(ms(4000));
        assert_eq!(node.last_sent().seal != Seal::Bare, seals, "{mode:?}");
    }
}

/// A new key comes on all routers first and seals afterwards: no advert is lost on the way.
#[test]
fn a_key_is_exchanged_without_a_lost_advert() {
    let plan_of = |ids: &[u8], active| InstancePlan {
        hmac: Some(HmacPlan {
            keys: ids
                .iter()
                .map(|id| HmacKey {
                    id: *id,
                    key: key(*id),
                })
                .collect(),
            active,
            ..hmac(HmacMode::Enforce, TIMELY)
        }),
        ..plan("a", 100)
    };
    let (old, both, changed, new) = (
        plan_of(&[1], 1),
        plan_of(&[1, 2], 1),
        plan_of(&[1, 2], 2),
        plan_of(&[2], 2),
    );
    let mut master = Node::bare();
    master.link(link(2, "eth0", true, &["10.0.0.9/24"]));
    master.plan(
        &[InstancePlan {
            priority: priority(200),
            ..old.clone()
        }],
        &[],
    );
    let mut backup = Node::start(&[old]);
    let mut heard = 0;
    let steps = [&both, &both, &changed, &changed, &new, &new];
    for (step, plan) in steps.into_iter().enumerate() {
        let wall = NOON + u64::try_from(step).expect("few") * 10 * SECOND;
        // Backup and Master reload one after the other.
        if step % 2 == 0 {
            backup.plan(std::slice::from_ref(plan), &[]);
        } else {
            master.plan(
                &[InstancePlan {
                    priority: priority(200),
                    ..plan.clone()
                }],
                &[],
            );
        }
        for second in 0..10 {
            for node in [&mut master, &mut backup] {
                node.wall(wall + second * SECOND);
            }
            let before = master.effects.len();
            master.pass(ms(1000));
            for effect in &master.effects[before..] {
                if let ElectEffect::SendAdvert(advert) = effect {
                    heard += 1;
                    backup.takes(advert);
                }
            }
            backup.now = master.now;
        }
    }
    assert_eq!(
        (backup.counter("adverts_received"), backup.state("a")),
        (heard, State::Backup)
    );
    assert!(heard > 50, "{heard}");
}

#[test]
fn nothing_recorded_is_heard_again_and_reordering_costs_the_older_one() {
    for freshness in [TIMELY, Freshness::Monotonic] {
        let ours = with_trailer(HmacMode::Enforce, freshness);
        let mut node = Node::start(std::slice::from_ref(&ours));
        node.wall(NOON);
        for (seconds, count) in [
            (NOW_S, 1),
            (NOW_S, 1),
            (NOW_S, 0),
            (NOW_S, 2),
            (NOW_S - 1, 9),
            (NOW_S + 1, 0),
        ] {
            node.takes(&from_peer(&ours, 200, trailer(seconds, count)));
        }
        assert_eq!(
            (node.counter("adverts_received"), node.counter("dropped_replayed")),
            (3, 3),
            "{freshness:?}"
        );
    }
}

/// A sender whose clock was ahead and is set right is heard again once its mark is stale; in monotonic mode never.
#[test]
fn a_clock_that_goes_back_is_believed_after_the_window() {
    for (freshness, heard) in [(TIMELY, 2), (Freshness::Monotonic, 1)] {
        let ours = with_trailer(HmacMode::Enforce, freshness);
        let mut node = Node::start(std::slice::from_ref(&ours));
        node.wall(NOON + 3600 * SECOND);
        node.takes(&from_peer(&ours, 200, trailer(NOW_S + 3600, 0)));
        node.wall(NOON);
        node.takes(&from_peer(&ours, 200, trailer(NOW_S, 0)));
        assert_eq!(node.counter("adverts_received"), heard, "{freshness:?}");
    }
}

/// N5 for sealed adverts: our own sequence grows whatever the clock does, unless nobody would hear it.
#[test]
fn our_sequence_follows_the_clock_and_never_stands_still() {
    let sequences = |freshness, walls: &[u64]| {
        let ours = with_trailer(HmacMode::Enforce, freshness);
        let mut node = Node::start(&[ours]);
        node.wall(NOON);
        node.pass(ms(3700));
        let mut all = Vec::new();
        for wall in walls {
            node.wall(*wall);
            node.pass(ms(1000));
            match &node.last_sent().seal {
                Seal::Trailer { sequence, .. } => all.push((*sequence >> 32, *sequence & 0xffff)),
                other => panic!("{other:?}"),
            }
        }
        all
    };
    let hour = 3600 * SECOND;
    let walls = [NOON, NOON + SECOND, NOON - 2 * SECOND, NOON - hour, NOON + hour];
    assert_eq!(
        sequences(TIMELY, &walls),
        [
            (NOW_S, 1),
            (NOW_S + 1, 0),
            (NOW_S + 1, 1),
            (NOW_S - 3600, 0),
            (NOW_S + 3600, 0)
        ]
    );
    assert_eq!(
        sequences(Freshness::Monotonic, &walls),
        [
            (NOW_S, 1),
            (NOW_S + 1, 0),
            (NOW_S + 1, 1),
            (NOW_S + 1, 2),
            (NOW_S + 3600, 0)
        ]
    );
}

/// Four senders of a segment are remembered; whoever was silent for longest makes room. Forged ones take none.
#[test]
fn what_is_remembered_of_senders_is_bounded() {
    let ours = with_trailer(HmacMode::Enforce, TIMELY);
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.wall(NOON);
    let say = |node: &mut Node, host: u8, count, key: Key| {
        let source = format!("10.0.0.{host}");
        let advert = SendAdvert {
            source: ip(&source),
            payload: advert_bytes(&ours, 200, &source, GROUP).into(),
            ..from_peer(
                &ours,
                200,
                Seal::Trailer {
                    key_id: 1,
                    key,
                    sequence: NOW_S << 32 | count,
                },
            )
        };
        let before = node.counter("adverts_received");
        node.takes(&advert);
        node.counter("adverts_received") > before
    };
    for host in [11, 12, 13, 14] {
        assert!(say(&mut node, host, 1, key(1)));
    }
    for host in 20..250 {
        assert!(!say(&mut node, host, 1, key(9)));
    }
    for host in [11, 12, 13, 14] {
        assert!(!say(&mut node, host, 1, key(1)), "forgot 10.0.0.{host}");
    }
    assert!(say(&mut node, 11, 2, key(1)));
    assert!(say(&mut node, 15, 1, key(1)));
    assert!(!say(&mut node, 11, 2, key(1)), "the last one heard stays");
    assert!(say(&mut node, 12, 1, key(1)), "the one silent for longest went");
}

proptest! {
    /// C6: of a sealed advert no changed bit is heard, and nothing but a counter moves.
    // holds VRRP-053
    #[test]
    fn a_changed_bit_changes_nothing(at: prop::sample::Index, header_form: bool, count in 0u64..1000) {
        let (ours, seal) = if header_form {
            (with_header(), header(9))
        } else {
            (with_trailer(HmacMode::Enforce, TIMELY), trailer(NOW_S, count))
        };
        let mut node = Node::start(std::slice::from_ref(&ours));
        node.wall(NOON);
        let before = node.election.poll_timeout();
        let (mut bytes, envelope) = packet(&from_peer(&ours, 255, seal.clone()));
        let bit = at.index(bytes.len() * 8);
        bytes[bit / 8] ^= 0x80 >> (bit % 8);
        node.carries(&bytes, envelope, PEER);
        prop_assert_eq!(node.counter("adverts_received"), 0);
        prop_assert_eq!(node.election.poll_timeout(), before);
        // It left no mark either.
        node.takes(&from_peer(&ours, 255, seal));
        prop_assert_eq!(node.counter("adverts_received"), 1);
    }

    #[test]
    fn no_bytes_in_an_envelope_panic(bytes in prop::collection::vec(any::<u8>(), 0..90), authenticated: bool) {
        let envelope = if authenticated { Envelope::Authenticated { identification: 1 } } else { Envelope::Bare };
        let mut node = Node::start(&[with_header(), with_trailer(HmacMode::Permissive, TIMELY)]);
        node.carries(&bytes, envelope, PEER);
        prop_assert_eq!(node.counter("adverts_received"), 0);
    }
}
