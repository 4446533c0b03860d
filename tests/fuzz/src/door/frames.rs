use std::net::IpAddr;
use std::sync::OnceLock;

use engine::vrrp::{Election, Reason};
use model::fact::{Frame, LinkFact, LinkNews};
use model::ids::LinkIndex;
use model::net::Mac;
use model::plan::Plan;
use model::time::Instant;
use model::transition::State;
use wire::advert::{Leave, decode};

use crate::packet::{self, Packet, meaningful};

/// Whom the captures are for: the same instances, which wait as Backup.
const ROUTERS: &str = include_str!("../../captures/routers.conf");
/// When the frame comes: before anybody's time is over.
const NOW: Instant = Instant::from_nanos(1_000_000_000);

/// An Ethernet frame.
pub fn frames(frame: &[u8]) {
    let Some(packet) = packet::open(frame) else {
        return;
    };
    // A packet that we understand whole is made again whole.
    packet::rebuilt(&packet);
    for leave in leaves(&packet) {
        reads_back(&packet, leave);
    }
    is_heard_or_forgotten(&packet);
}

fn leaves(packet: &Packet<'_>) -> [Leave; 3] {
    [
        Leave::default(),
        Leave {
            trailer: true,
            ..Leave::default()
        },
        Leave {
            empty_list: true,
            any_first_address: true,
            trailer: true,
            summed_to: Some(packet.source),
        },
    ]
}

/// What was read can be written, and means the same.
fn reads_back(packet: &Packet<'_>, leave: Leave) {
    let (source, destination) = (packet.source, packet.destination);
    let Ok(advert) = decode(packet.payload, source, destination, leave) else {
        return;
    };
    assert!(advert.addresses.len() <= 255);
    let bytes = packet::encoded(&advert, source, destination, leave);
    let bytes = bytes.expect("what can be read can be written");
    assert_eq!(
        meaningful(&bytes, &wire_only(&bytes, source, destination, leave)),
        meaningful(packet.payload, &advert)
    );
}

fn wire_only(bytes: &[u8], source: IpAddr, destination: IpAddr, leave: Leave) -> wire::advert::Advert<'_> {
    decode(bytes, source, destination, leave).expect("what we write can be read")
}

/// A frame that does not count moves nobody and no timer.
fn is_heard_or_forgotten(packet: &Packet<'_>) {
    let mut election = waiting();
    let before = seen(&election);
    election.handle_frame(
        Frame {
            link: LinkIndex(2),
            source: packet.source,
            destination: packet.destination,
            hop_limit: Some(packet.hop_limit),
            payload: packet.payload,
            received: NOW,
            envelope: packet.envelope,
        },
        NOW,
    );
    while election.poll_effect().is_some() {}
    let after = seen(&election);
    if before.heard == after.heard {
        assert_eq!((before.states, before.timeout), (after.states, after.timeout));
    }
}

struct Seen {
    states: Vec<State>,
    timeout: Option<(Instant, Reason)>,
    heard: u64,
}

fn seen(election: &Election) -> Seen {
    let (instances, _) = election.status(NOW);
    let heard = instances
        .iter()
        .filter_map(|instance| instance.counters.get("adverts_received"));
    Seen {
        heard: heard.sum(),
        states: instances.iter().map(|instance| instance.state).collect(),
        timeout: election.poll_timeout(),
    }
}

fn waiting() -> Election {
    let mut election = Election::new();
    let link = LinkFact {
        index: LinkIndex(2),
        name: "eth0".into(),
        up: true,
        enabled: true,
        device: None,
        mac: Mac::default(),
        addresses: ["192.0.2.2/24", "fe80::2/64"]
            .map(|net| net.parse().expect("a network"))
            .to_vec(),
    };
    election.handle_link(LinkNews::Is(link), NOW);
    election.handle_plan(plan(), NOW);
    while election.poll_effect().is_some() {}
    election
}

fn plan() -> &'static Plan {
    static PLAN: OnceLock<Plan> = OnceLock::new();
    PLAN.get_or_init(|| {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let path = directory.path().join("routers.conf");
        std::fs::write(&path, ROUTERS).expect("it can be written");
        let loaded = config::load(&[path], &config::Environment::default());
        let words = loaded.diagnostics.render(false, 80);
        loaded.plan.unwrap_or_else(|| panic!("{words}"))
    })
}
