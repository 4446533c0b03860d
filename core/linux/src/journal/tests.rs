use model::time::Instant;
use proptest::prelude::*;
use std::sync::atomic::Ordering;

use super::{AT_CHECKSUM, AT_SEQUENCE, ENTRY_MAX, Journal, slot_at};

fn again(journal: &Journal) -> Journal {
    Journal::from_fd(journal.as_fd().try_clone_to_owned().expect("a descriptor")).expect("a journal")
}

#[test]
fn the_last_entry_and_heartbeat_are_seen_by_another() {
    let writer = Journal::create().expect("a journal");
    let reader = again(&writer);
    assert_eq!((reader.load(), reader.last_heartbeat()), (None, None));
    for round in 0..5u8 {
        writer.store(&[round; 100]).expect("room");
        writer.heartbeat(Instant::from_nanos(7 + u64::from(round)));
        assert_eq!(reader.load(), Some(vec![round; 100]));
        assert_eq!(
            reader.last_heartbeat(),
            Some(Instant::from_nanos(7 + u64::from(round)))
        );
    }
    drop(writer);
    // A successor goes on where the writer ended.
    reader.store(b"new").expect("room");
    assert_eq!(reader.load().as_deref(), Some(&b"new"[..]));
}

#[test]
fn the_longest_entry_fits_and_a_longer_one_is_refused() {
    let journal = Journal::create().expect("a journal");
    journal.store(&vec![1; ENTRY_MAX]).expect("room");
    assert!(journal.store(&vec![2; ENTRY_MAX + 1]).is_err());
    journal.store(&vec![3; ENTRY_MAX]).expect("room");
    assert_eq!(journal.load(), Some(vec![3; ENTRY_MAX]));
}

#[test]
fn other_memory_is_no_journal() {
    let file = tempfile::tempfile().expect("a file");
    assert!(Journal::from_fd(file.try_clone().expect("a descriptor").into()).is_err());
    file.set_len(super::SIZE as u64).expect("room");
    assert!(Journal::from_fd(file.into()).is_err());
}

#[test]
fn nobody_can_shrink_it() {
    let journal = Journal::create().expect("a journal");
    assert!(rustix::fs::ftruncate(journal.as_fd(), 0).is_err());
}

proptest! {
    /// A writer that dies after any of its steps leaves the entry before it, or the new one whole.
    #[test]
    fn a_torn_write_leaves_the_entry_before(old in prop::collection::vec(any::<u8>(), 0..600),
                                            new in prop::collection::vec(any::<u8>(), 1..600),
                                            bytes in 0usize..600, step in 0u8..4) {
        let journal = Journal::create().expect("a journal");
        journal.store(b"first").expect("room");
        journal.store(&old).expect("room");
        // The third store goes to slot 0, in the order of store().
        let word = |at| journal.word(slot_at(0) + at);
        word(AT_SEQUENCE).store(0, Ordering::Relaxed);
        if step > 0 {
            journal.write(0, &new[..bytes.min(new.len())]);
        }
        if step > 1 {
            word(super::AT_LENGTH).store(new.len() as u64, Ordering::Relaxed);
        }
        // Even when the number came before the bytes, the checksum tells.
        if step > 2 && bytes < new.len() && new[bytes..].iter().any(|byte| *byte != 0) {
            word(AT_CHECKSUM).store(super::checksum(3, &new), Ordering::Relaxed);
            word(AT_SEQUENCE).store(3, Ordering::Release);
            let seen = again(&journal).load();
            prop_assert!(seen == Some(old.clone()) || seen == Some(new.clone()));
        } else {
            prop_assert_eq!(again(&journal).load(), Some(old));
        }
    }
}
