//! The suite: what two or three routers do to each other on a segment, whoever made them. Each scenario is written
//! once and run with every make and form of adverts that it has sense for; everything is captured and dissected.

mod accept;
mod auth;
mod flood;
mod group;
mod link;
mod many;
mod mismatch;
mod partition;
mod preempt;
mod soak;
mod stage;
mod stall;
mod storm;
mod story;
mod table;
mod tracking;
mod unicast;
mod vmac;

use std::cell::RefCell;

pub use table::SCENARIOS;

use crate::router::{Form, Make};

/// Something that happens to routers.
pub struct Scenario {
    /// Its number, or numbers, in the list of what an implementation of VRRP is to be shown.
    pub numbers: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Who may stand beside ours.
    peers: &'static [Make],
    /// Forms of adverts that it is run with.
    forms: &'static [Form],
    /// Which of both nodes is ours, where the peer is not.
    sides: Sides,
    run: fn(Case),
}

/// Who runs on node `a`, which is the better router, and who on `b`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sides {
    /// Each in turn.
    Both,
    /// Only the better router is ours.
    OursFirst,
    /// Only the worse router is ours.
    OursSecond,
}

/// One run of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// On node `a`.
    pub first: Make,
    /// On node `b`.
    pub second: Make,
    /// How they speak.
    pub form: Form,
}

impl Scenario {
    /// Whether it is run beside `peer`.
    pub fn has(&self, peer: Make) -> bool {
        self.peers.contains(&peer)
    }

    /// Its runs beside `peer`.
    pub fn cases(&self, peer: Make) -> Vec<Case> {
        if !self.has(peer) {
            return Vec::new();
        }
        let sides: &[(Make, Make)] = match (peer, self.sides) {
            (Make::Ours, _) | (_, Sides::OursFirst) => &[(Make::Ours, peer)],
            (_, Sides::OursSecond) => &[(peer, Make::Ours)],
            (_, Sides::Both) => &[(Make::Ours, peer), (peer, Make::Ours)],
        };
        let forms = self.forms.iter().filter(|form| peer.speaks(**form));
        let case = |form: &Form| {
            let form = *form;
            let case = move |&(first, second)| Case { first, second, form };
            sides.iter().map(case)
        };
        forms.flat_map(case).collect()
    }

    /// Runs one of its cases.
    ///
    /// # Panics
    /// When something is not as it has to be.
    pub fn run(&self, case: Case) {
        (self.run)(case);
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { first, second, form } = self;
        write!(
            f,
            "{} on a, {} on b, {}",
            first.name(),
            second.name(),
            form.name()
        )
    }
}

thread_local! {
    static REMARKS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Something that a scenario measured and that nobody gates.
fn remark(text: String) {
    eprintln!("{text}");
    REMARKS.with_borrow_mut(|all| all.push(text));
}

/// What the scenarios that ran on this thread remarked since the last call.
pub fn take_remarks() -> Vec<String> {
    REMARKS.take()
}

/// Runs every case of the scenario of that name beside `peer`.
///
/// # Panics
/// When there is none of that name, or something is not as it has to be.
pub fn hold(name: &str, peer: Make) {
    let named = SCENARIOS.iter().find(|scenario| scenario.name == name);
    let scenario = named.expect("a scenario that the test named");
    let cases = scenario.cases(peer);
    assert!(!cases.is_empty(), "{name} is not run beside {}", peer.name());
    for case in cases {
        eprintln!("{name}: {case}");
        scenario.run(case);
    }
}
