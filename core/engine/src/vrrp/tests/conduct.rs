//! Where an instance is stricter, or says more, than asked; and the form of its checksum.

use model::effect::ElectEffect;
use model::plan::{ChecksumForm, Conduct, InstancePlan, Lists};
use model::transition::State;
use wire::advert::{Checksum, Kind, Leave, decode};

use super::kit::*;

const PEER: &str = "10.0.0.9";

fn with(conduct: Conduct, plan: InstancePlan) -> InstancePlan {
    InstancePlan { conduct, ..plan }
}

/// Version 2 may compare lists, and must then drop what differs unless an owner sent it.
// holds VRRP-208
#[test]
fn version_2_drops_another_list_where_it_compares_them_and_believes_the_owner() {
    let strict = Conduct {
        lists: Lists::Drop,
        ..Conduct::default()
    };
    let theirs = InstancePlan {
        addresses: vec![virtual_address("10.0.0.101/32")],
        ..v2("a", 100)
    };
    for (conduct, priority, heard, dropped) in [
        (Conduct::default(), 200, 1, 0),
        (strict, 200, 0, 1),
        (strict, 255, 1, 0),
    ] {
        let mut node = Node::start(&[with(conduct, v2("a", 100))]);
        node.hears(&theirs, priority, PEER);
        assert_eq!(
            (
                node.counter("adverts_received"),
                node.counter("dropped_other_list")
            ),
            (heard, dropped),
            "{conduct:?} {priority}"
        );
    }
    // Version 3 never drops it.
    let theirs = InstancePlan {
        addresses: theirs.addresses,
        ..plan("a", 100)
    };
    let mut node = Node::start(&[with(strict, plan("a", 100))]);
    node.hears(&theirs, 200, PEER);
    assert_eq!(node.counter("adverts_received"), 1);
}

/// `skip_check_adv_addr`: the list is compared when another Master speaks, not with each advert.
#[test]
fn a_list_is_compared_once_for_each_master_where_that_is_asked_for() {
    let theirs = InstancePlan {
        addresses: vec![virtual_address("10.0.0.101/32")],
        ..plan("a", 100)
    };
    for (lists, mismatches) in [(Lists::Tell, 6), (Lists::TellOnce, 2)] {
        let conduct = Conduct {
            lists,
            ..Conduct::default()
        };
        let mut node = Node::start(&[with(conduct, plan("a", 100))]);
        for source in [PEER, "10.0.0.8"] {
            (0..3).for_each(|_| node.hears(&theirs, 200, source));
        }
        assert_eq!(node.counter("list_mismatch"), mismatches);
    }
}

/// RFC 9568 §7.1 before its erratum.
#[test]
fn an_owner_that_shall_hear_nobody_drops_everything() {
    let deaf = Conduct {
        deaf_owner: true,
        ..Conduct::default()
    };
    let mut node = Node::start(&[with(deaf, plan("a", 255))]);
    node.hears(&plan("a", 255), 255, PEER);
    assert_eq!(
        (node.state("a"), node.counter("dropped_owner")),
        (State::Master, 1)
    );
    let mut node = Node::start(&[with(deaf, plan("a", 100))]);
    node.hears(&plan("a", 100), 200, PEER);
    assert_eq!(node.counter("adverts_received"), 1);
}

/// KA-027: one more advert, then the step back.
#[test]
fn the_last_word_leaves_before_the_master_yields() {
    for (last_word, first) in [
        (true, "3.609375s advert 100 to 224.0.0.18"),
        (false, "3.609375s remove 10.0.0.100/32"),
    ] {
        let conduct = Conduct {
            last_word,
            ..Conduct::default()
        };
        let mut node = Node::start(&[with(conduct, plan("a", 100))]);
        node.pass(std::time::Duration::from_nanos(3_609_375_000));
        assert_eq!(node.state("a"), State::Master);
        node.told();
        node.hears(&plan("a", 100), 200, PEER);
        let told = node.told();
        assert_eq!(told[0], first);
        assert_eq!(node.state("a"), State::Backup);
        assert_eq!(
            told.iter().filter(|line| line.contains("advert 100")).count(),
            usize::from(last_word)
        );
    }
}

fn form_of_last(node: &Node) -> Checksum {
    let sent = node.effects.iter().rev().find_map(|effect| match effect {
        ElectEffect::SendAdvert(advert) => Some(advert),
        _ => None,
    });
    let sent = sent.expect("an advert");
    let read = decode(&sent.payload, sent.source, sent.destination, Leave::default());
    match read.expect("a good advert").kind {
        Kind::V3(form) => form,
        Kind::V2(_) => panic!("version 2"),
    }
}

/// vrrp.md §7.1: a pair of which each hears only its own form has two Masters for ever, so it is told in so many words.
// holds VRRP-044
#[test]
fn the_other_form_of_the_checksum_is_told_with_its_cure_once_a_day() {
    let theirs = InstancePlan {
        checksum: ChecksumForm::PseudoHeader,
        ..plan("a", 100)
    };
    let mut node = Node::start(&[plan("a", 100)]);
    node.told();
    for _ in 0..100 {
        node.hears(&theirs, 200, PEER);
        node.pass(ms(1000));
    }
    assert_eq!(
        node.told(),
        [
            "0ns notice: 10.0.0.9 uses the other checksum form: its adverts sum a pseudo-header too. We hear both \
          forms, it may hear one; if it does not hear us, write checksum = \"pseudo-header\", or checksum = \"auto\""
        ]
    );
}

/// A Backup takes over the form of its Master; a Master never changes its own.
#[test]
fn the_form_of_the_checksum_can_be_learned() {
    let ours = InstancePlan {
        checksum: ChecksumForm::Auto,
        ..plan("a", 100)
    };
    let theirs = InstancePlan {
        checksum: ChecksumForm::PseudoHeader,
        ..plan("a", 100)
    };
    let mut node = Node::start(std::slice::from_ref(&ours));
    node.pass(ms(4000));
    assert_eq!(form_of_last(&node), Checksum::MessageOnly, "nobody was heard");
    node.told();
    // As Master it answers a lower one in its own form.
    node.hears(&theirs, 50, PEER);
    assert_eq!(form_of_last(&node), Checksum::MessageOnly);
    assert!(node.told().iter().all(|line| !line.contains("notice")));
    node.hears(&theirs, 200, PEER);
    node.hears(&theirs, 200, PEER);
    let notices: Vec<_> = node
        .told()
        .into_iter()
        .filter(|line| line.contains("notice"))
        .collect();
    assert_eq!(
        notices,
        ["4s notice: the Master's adverts sum a pseudo-header too; ours will, too"]
    );
    // A reload that leaves it to be learned forgets nothing.
    node.plan(
        &[InstancePlan {
            priority: priority(101),
            ..ours
        }],
        &[],
    );
    node.pass(ms(5000));
    assert_eq!(node.state("a"), State::Master);
    assert_eq!(form_of_last(&node), Checksum::PseudoHeader);
}
