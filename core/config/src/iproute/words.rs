//! The words of a line while it is read.

use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;
use model::ids::LinkName;

use super::names::number;
use crate::unit;

/// Why a line cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Index of the word.
    pub(crate) at: usize,
    /// What is wrong.
    pub(crate) message: String,
    /// How to do it right.
    pub(crate) cure: String,
}

/// A line that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line<T> {
    pub(crate) value: T,
    /// Indices of words that are not done, and without which it can be done.
    pub(crate) ignored: Vec<usize>,
}

/// Gives one word after the other.
pub(super) struct Words<'a> {
    words: &'a [&'a str],
    next: usize,
    pub(super) ignored: Vec<usize>,
}

impl<'a> Words<'a> {
    pub(super) fn new(words: &'a [&'a str]) -> Self {
        Self {
            words,
            next: 0,
            ignored: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> Option<&'a str> {
        let word = self.words.get(self.next).copied();
        self.next += usize::from(word.is_some());
        word
    }

    pub(super) fn peek(&self) -> Option<&'a str> {
        self.words.get(self.next).copied()
    }

    /// Takes the next word if it is this one.
    pub(super) fn take(&mut self, wanted: &str) -> bool {
        let is_it = self.peek() == Some(wanted);
        self.next += usize::from(is_it);
        is_it
    }

    /// The word that was read last, and `count` after it, are not done.
    pub(super) fn ignore(&mut self, count: usize) {
        self.ignored.push(self.next.saturating_sub(1));
        self.next = self.words.len().min(self.next + count);
    }

    /// Something is wrong with the word that was read last.
    pub(super) fn wrong(&self, message: impl Into<String>, cure: impl Into<String>) -> Mistake {
        Mistake {
            at: self.next.saturating_sub(1),
            message: message.into(),
            cure: cure.into(),
        }
    }

    /// The parameter of the word that was read last.
    pub(super) fn parameter(&mut self, cure: &str) -> Result<&'a str, Mistake> {
        let keyword = self
            .words
            .get(self.next.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        match self.next() {
            Some(word) => Ok(word),
            None => Err(self.wrong(format!("`{keyword}` needs a parameter"), format!("write {cure}"))),
        }
    }

    /// The same as something that `read` understands.
    pub(super) fn read<T>(
        &mut self,
        what: &str,
        cure: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, Mistake> {
        let word = self.parameter(cure)?;
        read(word).ok_or_else(|| self.wrong(format!("`{word}` is not {what}"), format!("write {cure}")))
    }

    pub(super) fn address(&mut self, cure: &str) -> Result<IpAddr, Mistake> {
        self.read("an address", cure, |word| word.parse().ok())
    }

    pub(super) fn interface(&mut self, cure: &str) -> Result<LinkName, Mistake> {
        self.read("a name that an interface can have", cure, |word| {
            unit::interface(word).then(|| LinkName::from(word))
        })
    }

    pub(super) fn number(&mut self, range: RangeInclusive<u32>, cure: &str) -> Result<u32, Mistake> {
        let what = match range.clone().into_inner() {
            (0, u32::MAX) => "a number".to_owned(),
            (first, last) => format!("a number from {first} to {last}"),
        };
        self.read(&what, cure, |word| {
            number(word).filter(|found| range.contains(found))
        })
    }

    pub(super) fn byte(&mut self, cure: &str) -> Result<u8, Mistake> {
        self.read("a number from 0 to 255", cure, |word| {
            number(word).and_then(|number| u8::try_from(number).ok())
        })
    }

    /// `A` or `A-B`.
    pub(super) fn range<T: Copy + Ord + TryFrom<u32>>(&mut self, cure: &str) -> Result<(T, T), Mistake> {
        self.read("a number or a range of numbers", cure, |word| {
            let (first, last) = word.split_once('-').unwrap_or((word, word));
            let read = |word: &str| number(word).and_then(|number| T::try_from(number).ok());
            Some((read(first)?, read(last)?)).filter(|(first, last)| first <= last)
        })
    }

    /// A word that was read last, as a prefix without host bits.
    pub(super) fn prefix(&self, word: &str) -> Result<IpNet, Mistake> {
        let Some(net) = unit::network(word) else {
            let cure = "write it like 192.0.2.0/24";
            return Err(self.wrong(format!("`{word}` is not a network"), cure));
        };
        if net != net.trunc() {
            let cure = format!("write {}", net.trunc());
            return Err(self.wrong(format!("`{word}` has bits beyond its prefix length"), cure));
        }
        Ok(net)
    }
}
