//! Texts, and places in them.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file and what it held when it was read.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Source {
    pub(crate) fn new(path: PathBuf, text: String) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Self { path, text, lines }
    }
}

/// A place in a file.
#[derive(Clone)]
pub(crate) struct Span {
    pub(crate) source: Arc<Source>,
    pub(crate) range: Range<usize>,
}

impl Span {
    pub(crate) fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        let len = source.text.len();
        let start = range.start.min(len);
        Self {
            source: Arc::clone(source),
            range: start..range.end.clamp(start, len),
        }
    }

    /// Line and column, both counted from 1; the column in characters.
    pub(crate) fn position(&self) -> (usize, usize) {
        let at = self.range.start;
        let line = self.source.lines.partition_point(|begin| *begin <= at);
        let begin = line.checked_sub(1).and_then(|line| self.source.lines.get(line));
        let before = begin.and_then(|begin| self.source.text.get(*begin..at));
        (line, before.unwrap_or_default().chars().count() + 1)
    }

    /// Whether it is the same place.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source) && self.range == other.range
    }

    /// Directory of the file: what a relative path in it is relative to.
    pub(crate) fn directory(&self) -> &Path {
        self.source.path.parent().unwrap_or(Path::new(""))
    }

    /// `file:line`, for a message that points to a second place.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.source.path.display(), self.position().0)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{:?}]", self.source.path.display(), self.range)
    }
}
