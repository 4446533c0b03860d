//! Chance that can be had again.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// SplitMix64.
pub(in crate::vrrp::tests) struct Dice(pub(in crate::vrrp::tests) u64);

impl Dice {
    pub(in crate::vrrp::tests) fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }

    pub(in crate::vrrp::tests) fn below(&mut self, count: usize) -> usize {
        let count = u64::try_from(count).expect("a small count");
        usize::try_from(self.roll(count)).expect("a small count")
    }
}

/// One seed. A loud run writes down every event.
#[derive(Clone, Copy, Debug)]
pub(in crate::vrrp::tests) struct Run {
    pub(in crate::vrrp::tests) seed: u64,
    pub(in crate::vrrp::tests) loud: bool,
}

/// Runs `body` over `usual` seeds, or `SEEDS`, or `SEED` alone. One that fails is run again, and tells its story.
pub(in crate::vrrp::tests) fn seeds(usual: u64, body: impl Fn(Run)) {
    if let Some(seed) = number("SEED") {
        body(Run { seed, loud: true });
        return;
    }
    for seed in 0..number("SEEDS").unwrap_or(usual) {
        if catch_unwind(AssertUnwindSafe(|| body(Run { seed, loud: false }))).is_err() {
            body(Run { seed, loud: true });
            panic!(
                "seed {seed} failed, and did not fail when it was run again: something is not from the seed"
            );
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}={text} is no number")),
    )
}
