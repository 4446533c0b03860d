//! The rules of the house, as tests: which room may know which, what may not be said where, how large a file may grow.
//! The library reads the tree; each rule is a test in `tests/`.

pub mod ledger;
pub mod mask;
pub mod tree;

use std::fmt::{self, Write as _};
use std::path::PathBuf;

/// A place where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Breach {
    /// File, from the root of the tree.
    pub file: PathBuf,
    /// Line, from 1; 0 when the whole file is meant.
    pub line: usize,
    /// Which rule, what was found, and what to do.
    pub rule: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, line, rule } = self;
        match line {
            0 => write!(f, "{}: {rule}", file.display()),
            line => write!(f, "{}:{line}: {rule}", file.display()),
        }
    }
}

/// Panics with one line for each breach, if there is any.
///
/// # Panics
/// When `breaches` is not empty: that is its purpose.
pub fn hold(mut breaches: Vec<Breach>) {
    breaches.sort();
    let mut text = String::new();
    for breach in &breaches {
        writeln!(text, "  {breach}").expect("a String takes all text");
    }
    assert!(breaches.is_empty(), "rules of the house are broken:\n{text}");
}
