use model::time::Instant;
use proptest::prelude::*;

use super::Deadlines;

fn at(nanos: u64) -> Instant {
    Instant::from_nanos(nanos)
}

proptest! {
    /// Against the plain list of all of them.
    #[test]
    fn the_earliest_is_found_whatever_moves(
        keys in 1usize..40,
        moves in prop::collection::vec((0usize..40, prop::option::of(0u64..20)), 0..200),
    ) {
        let mut deadlines = Deadlines::default();
        deadlines.reset(keys);
        let mut plain = vec![None; keys];
        let mut due = Vec::new();
        for (key, to) in moves {
            let (key, to) = (key % keys, to.map(at));
            deadlines.set(key, to);
            plain[key] = to;
            let first = plain.iter().enumerate().filter_map(|(key, at)| Some(((*at)?, key))).min();
            prop_assert_eq!(deadlines.first(), first);
            deadlines.collect(at(10), &mut due);
            let by_hand: Vec<usize> = (0..keys).filter(|key| plain[*key].is_some_and(|it| it <= at(10))).collect();
            prop_assert_eq!(&due, &by_hand);
        }
    }
}

#[test]
fn without_keys_nothing_is_due() {
    let mut deadlines = Deadlines::default();
    assert_eq!(deadlines.first(), None);
    deadlines.set(3, Some(at(1)));
    deadlines.reset(0);
    assert_eq!(deadlines.first(), None);
    let mut due = vec![7];
    deadlines.collect(at(u64::MAX), &mut due);
    assert!(due.is_empty());
}
