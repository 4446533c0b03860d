//! Instances at rest. Making one costs several times what a check does in it, so a check that ended well leaves its
//! instance here for its own next run, and for nobody else's: what one target told is not seen by another's check.
//!
//! Nothing depends on it. A run whose instance is not here gets a fresh one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::run::Live;

/// Instances at rest at once. Of more checks than this, the others get fresh ones: to give each a place in turn would
/// cost what it saves.
const PLACES: usize = 64;
/// One that was not asked for as long gives its place to another.
const STALE: Duration = Duration::from_secs(60);

/// Instances by their code and by what they are about.
#[derive(Default)]
pub(super) struct Shelf(Mutex<Places>);

#[derive(Default)]
struct Places {
    all: HashMap<u64, HashMap<String, (Live, Instant)>>,
    taken: usize,
    /// When stale ones were last looked for.
    tidied: Option<Instant>,
}

impl Shelf {
    /// The instance that such a check left.
    pub(super) fn take(&self, code: u64, about: &str) -> Option<Live> {
        let mut places = self.lock();
        let (live, _) = places.all.get_mut(&code)?.remove(about)?;
        places.taken -= 1;
        Some(live)
    }

    /// Leaves an instance, where there is a place.
    pub(super) fn put(&self, code: u64, about: String, live: Live) {
        let now = Instant::now();
        // Dropped after the lock is given back: that takes its time.
        let (mut stale, mut refused) = (Vec::new(), None);
        let mut places = self.lock();
        if places.taken >= PLACES {
            stale = places.tidy(now);
        }
        if places.taken < PLACES {
            let before = places.all.entry(code).or_default().insert(about, (live, now));
            places.taken += usize::from(before.is_none());
            refused = before.map(|(live, _)| live);
        } else {
            stale.push(live);
        }
        drop(places);
        drop((stale, refused));
    }

    /// Ends one of them, for somebody waits for the room that it takes.
    pub(super) fn end_one(&self) {
        let mut places = self.lock();
        let mut ended = None;
        for of_code in places.all.values_mut() {
            if let Some(about) = of_code.keys().next().cloned() {
                ended = of_code.remove(&about);
                break;
            }
        }
        places.taken -= usize::from(ended.is_some());
        drop(places);
        drop(ended);
    }

    /// Ends all of a code that is gone.
    pub(super) fn end_all(&self, code: u64) {
        let mut places = self.lock();
        let ended = places.all.remove(&code);
        places.taken -= ended.as_ref().map_or(0, HashMap::len);
        drop(places);
        drop(ended);
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        // Each change is complete before the lock is given back.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    /// Takes out those that nobody asked for of late; at most once in a while, for it looks at all.
    fn tidy(&mut self, now: Instant) -> Vec<Live> {
        if self
            .tidied
            .is_some_and(|tidied| now.saturating_duration_since(tidied) < STALE)
        {
            return Vec::new();
        }
        self.tidied = Some(now);
        let mut stale = Vec::new();
        for of_code in self.all.values_mut() {
            let old = of_code.extract_if(|_, (_, since)| now.saturating_duration_since(*since) >= STALE);
            stale.extend(old.map(|(_, (live, _))| live));
        }
        self.taken -= stale.len();
        stale
    }
}
