//! What the host keeps for a plugin between runs and over swaps: a plugin's own memory may be thrown away at any time.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Code, Error};
use crate::host::Call;
use crate::trace;

/// Bytes of keys and values, and a fixed price for each entry, that one plugin may keep.
pub const KV_MAX: usize = 64 << 10;
/// What an entry costs beside its bytes.
const ENTRY_COST: usize = 32;

/// Whom an entry belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What the run is about.
    Target,
    /// The plugin, whatever the run is about.
    Plugin,
}

/// How long a target's entry that nobody touches is safe: what its server was removed with is dropped when room is
/// needed.
const STALE: Duration = Duration::from_secs(3600);

type Key = (Option<String>, String);

/// One plugin's entries.
#[derive(Default)]
pub struct Kv {
    inner: Mutex<Entries>,
}

#[derive(Clone, Default)]
struct Entries {
    map: BTreeMap<Key, Entry>,
    used: usize,
}

#[derive(Clone)]
struct Entry {
    value: Vec<u8>,
    touched: Instant,
}

impl Kv {
    /// The same entries, from now on apart.
    pub(crate) fn copy(&self) -> Self {
        let inner = Mutex::new(self.lock().clone());
        Self { inner }
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Each change below is complete before the lock is given back, so a panic elsewhere cannot leave half of one.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn get(&mut self, key: &Key) -> Option<&Vec<u8>> {
        let entry = self.map.get_mut(key)?;
        entry.touched = Instant::now();
        Some(&entry.value)
    }

    fn remove(&mut self, key: &Key) -> bool {
        let Some(entry) = self.map.remove(key) else {
            return false;
        };
        self.used -= cost(key, &entry.value);
        true
    }

    fn set(&mut self, key: Key, value: Vec<u8>) -> Result<(), Error> {
        if self.used_with(&key, &value) > KV_MAX {
            self.drop_stale();
        }
        let used = self.used_with(&key, &value);
        if used > KV_MAX {
            return Err(Error::new(
                Code::TooLarge,
                format_args!("kv is full: {used} bytes of at most {KV_MAX}; delete keys that are not needed"),
            ));
        }
        self.used = used;
        let touched = Instant::now();
        self.map.insert(key, Entry { value, touched });
        Ok(())
    }

    fn used_with(&self, key: &Key, value: &[u8]) -> usize {
        let freed = self.map.get(key).map_or(0, |old| cost(key, &old.value));
        self.used - freed + cost(key, value)
    }

    /// Forgets what targets kept that nobody has asked about for long.
    fn drop_stale(&mut self) {
        let now = Instant::now();
        let mut freed = 0;
        self.map.retain(|key, entry| {
            let keep = key.0.is_none() || now.saturating_duration_since(entry.touched) < STALE;
            if !keep {
                freed += cost(key, &entry.value);
            }
            keep
        });
        self.used -= freed;
    }
}

impl Call {
    /// The value under a key.
    pub fn kv_get(&self, scope: Scope, key: &str) -> Option<Vec<u8>> {
        let show =
            |found: &Option<Vec<u8>>| found.as_ref().map_or_else(|| "nothing".to_owned(), trace::bytes);
        let work = || self.host.kept.kv.lock().get(&self.key(scope, key)).cloned();
        self.noted(|| format!("kv.get {key}"), show, work)
    }

    /// Keeps a value.
    pub fn kv_set(&self, scope: Scope, key: &str, value: Vec<u8>) -> Result<(), Error> {
        let work = || self.host.kept.kv.lock().set(self.key(scope, key), value);
        self.noted(|| format!("kv.set {key}"), trace::result, work)
    }

    /// Forgets a value; whether there was one.
    pub fn kv_delete(&self, scope: Scope, key: &str) -> bool {
        let work = || self.host.kept.kv.lock().remove(&self.key(scope, key));
        self.noted(|| format!("kv.delete {key}"), bool::to_string, work)
    }

    /// Adds to a number kept as decimal text; a missing one counts as 0. Returns the sum.
    pub fn kv_increment(&self, scope: Scope, key: &str, delta: i64) -> Result<i64, Error> {
        let work = || self.add(scope, key, delta);
        self.noted(|| format!("kv.increment {key}"), trace::result, work)
    }

    fn add(&self, scope: Scope, key: &str, delta: i64) -> Result<i64, Error> {
        let full_key = self.key(scope, key);
        let mut entries = self.host.kept.kv.lock();
        let old = match entries.get(&full_key) {
            None => 0,
            Some(bytes) => std::str::from_utf8(bytes)
                .ok()
                .and_then(|text| text.parse::<i64>().ok())
                .ok_or_else(|| Error::invalid(format_args!("kv key {key:?} does not hold a whole number")))?,
        };
        let sum = old.saturating_add(delta);
        entries.set(full_key, sum.to_string().into_bytes())?;
        Ok(sum)
    }

    fn key(&self, scope: Scope, key: &str) -> Key {
        let owner = match scope {
            Scope::Target => Some(self.about.clone()),
            Scope::Plugin => None,
        };
        (owner, key.to_owned())
    }
}

fn cost(key: &Key, value: &[u8]) -> usize {
    ENTRY_COST + key.0.as_ref().map_or(0, String::len) + key.1.len() + value.len()
}

#[cfg(test)]
mod tests;
