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
