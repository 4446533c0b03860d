//! The comparison of tables against the kernel's rules, without a kernel: as many cases as there are, in no time.

use std::collections::BTreeSet;

use engine::lvs::diff;
use ipvs::random::{Random, change, table};
use ipvs::rules::Kernel;
use model::ipvs::Table;

const SEEDS: std::ops::Range<u64> = 0..3000;

/// What turns the kernel's table into `wanted`.
fn changes(wanted: &Table, kernel: &Kernel) -> Vec<model::ipvs::Change> {
    let all: BTreeSet<_> = kernel.table.services.keys().copied().collect();
    diff(wanted, &kernel.table, &all)
}

#[test]
fn from_any_table_to_any_other_no_message_is_refused_and_none_is_left() {
    for seed in SEEDS {
        let random = &mut Random::new(seed);
        let mut kernel = Kernel { table: table(random) };
        let wanted = table(random);
        for change in changes(&wanted, &kernel) {
            assert_eq!(kernel.take(&change), Ok(()), "seed {seed}: {change}");
        }
        assert_eq!(kernel.table, wanted, "seed {seed}");
        assert_eq!(changes(&wanted, &kernel), [], "seed {seed}");
    }
}

#[test]
fn a_batch_that_stops_anywhere_or_is_edited_in_between_is_made_good() {
    for seed in SEEDS {
        let random = &mut Random::new(seed);
        let mut kernel = Kernel { table: table(random) };
        let wanted = table(random);
        let batch = changes(&wanted, &kernel);
        let made = random.below(u32::try_from(batch.len()).unwrap_or(0) + 1) as usize;
        for (number, message) in batch[..made].iter().enumerate() {
            // Somebody else's message, and ours may be refused for it.
            if number % 3 == 0 {
                let _ = kernel.take(&change(random));
            }
            let _ = kernel.take(message);
        }
        for change in changes(&wanted, &kernel) {
            assert_eq!(kernel.take(&change), Ok(()), "seed {seed}: {change}");
        }
        assert_eq!(kernel.table, wanted, "seed {seed}");
    }
}
