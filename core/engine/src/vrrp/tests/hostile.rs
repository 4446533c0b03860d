//! Any bytes and any order of inputs: no panic, no spin, and what must always hold holds.

use model::effect::ElectEffect;
use model::fact::{LinkFact, LinkNews, Outcome, TrackerState};
use model::ids::OrderId;
use model::plan::{InstancePlan, TrackTracker};
use model::transition::State;
use proptest::prelude::*;

use super::kit::*;

#[derive(Clone, Debug)]
enum Input {
    Pass(u64),
    Bytes(Vec<u8>),
    Advert(u8, u8),
    Up(bool),
    Gone,
    Tracker(TrackerState),
    Answer(u64, bool),
    Reload(u64),
    Stop,
}

fn input() -> impl Strategy<Value = Input> {
    let tracker = prop_oneof![
        Just(TrackerState::Good),
        Just(TrackerState::Failed),
        Just(TrackerState::Pending)
    ];
    prop_oneof![
        4 => (0u64..5000).prop_map(Input::Pass),
        2 => prop::collection::vec(any::<u8>(), 0..40).prop_map(Input::Bytes),
        6 => (any::<u8>(), 1u8..20).prop_map(|(priority, host)| Input::Advert(priority, host)),
        2 => any::<bool>().prop_map(Input::Up),
        1 => Just(Input::Gone),
        2 => tracker.prop_map(Input::Tracker),
        2 => (0u64..30, any::<bool>()).prop_map(|(order, good)| Input::Answer(order, good)),
        1 => (1u64..=255).prop_map(Input::Reload),
        1 => Just(Input::Stop),
    ]
}

fn tracked(number: u64, weight: i16) -> InstancePlan {
    InstancePlan {
        track: vec![TrackTracker {
            tracker: "t".into(),
            weight,
            reverse: false,
        }],
        ..plan("a", number)
    }
}

fn apply(node: &mut Node, input: &Input, weight: i16) {
    match input {
        Input::Pass(by) => node.pass(ms(*by)),
        Input::Bytes(bytes) => node.frame(bytes, "10.0.0.9", GROUP, Some(255)),
        Input::Advert(priority, host) => node.hears(&plan("a", 100), *priority, &format!("10.0.0.{host}")),
        Input::Up(up) => {
            let known = node.links.first().cloned();
            let fact = known.unwrap_or_else(|| link(2, "eth0", *up, &["10.0.0.2/24"]));
            node.link(LinkFact { up: *up, ..fact });
        }
        Input::Gone => {
            // What was on it is gone with it.
            node.links.clear();
            node.orders.clear();
            node.election.handle_link(LinkNews::Gone(ETH0), node.now);
            node.pass(ms(0));
        }
        Input::Tracker(state) => node.tracker("t", *state),
        Input::Answer(order, good) => node.outcome(Outcome {
            order: OrderId(*order),
            result: if *good { Ok(()) } else { Err("no".to_owned()) },
        }),
        Input::Reload(number) => node.plan(&[tracked(*number, weight)], &[]),
        Input::Stop => node.stop(),
    }
}

proptest! {
    // holds VRRP-025, VRRP-137
    #[test]
    fn whatever_comes_the_address_is_on_only_while_master(
        inputs in prop::collection::vec(input(), 1..60),
        number in 1u64..=255, weight in -254i16..=254, mute: bool, refuses: bool,
    ) {
        let mut node = Node::start(&[tracked(number, weight)]);
        (node.mute, node.refuses) = (mute, refuses);
        for input in &inputs {
            apply(&mut node, input, weight);
            let master = node.state("a") == State::Master;
            let last = node.orders.last();
            if master {
                prop_assert!(!matches!(last, Some(ElectEffect::RemoveAddress(_))), "{input:?}");
            } else {
                prop_assert!(!matches!(last, Some(ElectEffect::AddAddress(_))), "{input:?}");
            }
            let (instances, _) = node.election.status(node.now);
            prop_assert!(instances.iter().all(|one| (one.priority == 255) == (one.base_priority == 255)));
            prop_assert!(instances.iter().all(|one| one.priority > 0));
        }
    }
}

/// N3: the same story with and without a storm of frames that do not count.
// holds VRRP-053
#[test]
fn invalid_packets_touch_nothing_but_counters() {
    let ours = plan("a", 100);
    let story = |hostile: bool| {
        let mut node = Node::start(std::slice::from_ref(&ours));
        for step in 0..4000u64 {
            if hostile {
                let mut bytes = advert_bytes(&ours, 255, "10.0.0.9", GROUP);
                bytes[usize::try_from(step % 12).expect("small")] ^= 0x55;
                node.frame(&bytes, "10.0.0.9", GROUP, Some(255));
                let old = advert_bytes(&v2("a", 100), 255, "10.0.0.9", GROUP);
                node.frame(&old, "10.0.0.9", GROUP, Some(255));
                node.frame(
                    &advert_bytes(&ours, 0, "10.0.0.9", GROUP),
                    "10.0.0.9",
                    GROUP,
                    Some(64),
                );
            }
            match step {
                500..1000 if step % 100 == 0 => node.hears(&ours, 200, "10.0.0.7"),
                _ => {}
            }
            node.pass(ms(10));
        }
        let mut told = node.told();
        told.retain(|line| !line.contains("notice"));
        told
    };
    assert_eq!(story(true), story(false));
}

/// An advert that would win and its wrong siblings, with what each one's IP header has.
fn wrong_frames(ours: &InstancePlan) -> Vec<(Vec<u8>, &'static str, u8)> {
    let good = advert_bytes(ours, 254, "10.0.0.9", GROUP);
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    vec![
        (good.clone(), GROUP, 254),
        (good.clone(), OWN, 255),
        (good[..7].to_vec(), GROUP, 255),
        ([&good[..], &[0]].concat(), GROUP, 255),
        (with(0, 0x32), GROUP, 255),
        (with(0, 0x41), GROUP, 255),
        (with(1, 0), GROUP, 255),
        (with(2, 253), GROUP, 255),
        (with(3, 0), GROUP, 255),
        (with(5, 0), GROUP, 255),
        (advert_bytes(&v2("a", 100), 254, "10.0.0.9", GROUP), GROUP, 255),
        (vec![0xff; 1400], GROUP, 255),
    ]
}

/// Ten thousand a second for a hundred seconds: as Master and as Backup, everything that is sent, learned and decided is
/// that of a node that heard none of it, and the operator is told of each kind now and then.
#[test]
fn a_million_wrong_frames_leave_no_trace() {
    let ours = plan("a", 100);
    let wrong = wrong_frames(&ours);
    for master in [true, false] {
        let [mut flooded, mut calm] = [(), ()].map(|()| Node::start(std::slice::from_ref(&ours)));
        if master {
            flooded.pass(ms(3700));
            calm.pass(ms(3700));
        }
        let mut frames = wrong.iter().cycle();
        for _ in 0..100 {
            for node in [&mut flooded, &mut calm] {
                if !master {
                    node.hears(&ours, 200, "10.0.0.8");
                }
            }
            for _ in 0..100 {
                for (bytes, destination, hop_limit) in frames.by_ref().take(50) {
                    flooded.frame(bytes, "10.0.0.9", destination, Some(*hop_limit));
                }
                flooded.pass(ms(10));
                calm.pass(ms(10));
            }
        }
        let told = flooded.told();
        let (notices, rest): (Vec<_>, Vec<_>) = told.into_iter().partition(|line| line.contains("notice"));
        assert_eq!(rest, calm.told(), "as Master: {master}");
        assert!(notices.len() <= wrong.len() * 2, "{notices:?}");
        let [(after, _), (unhurt, _)] = [&flooded, &calm].map(|node| node.election.status(node.now));
        let counters = after.iter().flat_map(|instance| &instance.counters);
        let dropped: u64 = counters
            .filter(|(name, _)| name.starts_with("dropped"))
            .map(|(_, count)| *count)
            .sum();
        assert!(dropped > 400_000, "only {dropped} were looked at");
        let told_of = |all: &[model::status::InstanceStatus]| {
            all.iter().map(|i| (i.state, i.master)).collect::<Vec<_>>()
        };
        assert_eq!(told_of(&after), told_of(&unhurt));
        assert_eq!(flooded.election.poll_timeout(), calm.election.poll_timeout());
    }
}
