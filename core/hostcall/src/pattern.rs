//! Regular expressions whose time grows with the text and nothing else.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use regex::bytes::{Regex, RegexBuilder};

use crate::error::Error;
use crate::host::Call;

/// Patterns that a plugin's host keeps compiled.
const KEPT: usize = 16;
/// What a compiled pattern may take, in bytes.
const SIZE_MAX: usize = 1 << 20;

/// Patterns that were compiled lately, the latest last.
#[derive(Default)]
pub(crate) struct Patterns(Mutex<VecDeque<Regex>>);

impl Patterns {
    fn get(&self, pattern: &str) -> Result<Regex, Error> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.iter().find(|regex| regex.as_str() == pattern) {
            return Ok(found.clone());
        }
        let compiled = RegexBuilder::new(pattern)
            .unicode(false)
            .size_limit(SIZE_MAX)
            .build();
        let regex = compiled.map_err(|error| {
            let text = error.to_string();
            let what = text
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            Error::invalid(format_args!("{pattern:?} is no regular expression: {what}"))
        })?;
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(regex.clone());
        Ok(regex)
    }
}

impl Call {
    /// The first match: the whole of it, then its groups (empty where one took no part). `None` without a match.
    pub fn regex_find(&self, pattern: &str, text: &[u8]) -> Result<Option<Vec<Vec<u8>>>, Error> {
        let captures = self.host.patterns.get(pattern)?.captures(text);
        let groups = |found: regex::bytes::Captures<'_>| {
            let groups = found
                .iter()
                .map(|group| group.map_or(Vec::new(), |group| group.as_bytes().to_vec()));
            groups.collect()
        };
        Ok(captures.map(groups))
    }
}

#[cfg(test)]
mod tests;
