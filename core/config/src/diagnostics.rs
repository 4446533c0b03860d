//! Everything that was found wrong, with its place.
//!
//! All wording is in `diagnostics/wording.rs` and its children; nothing else makes a [`Diagnostic`].

mod render;
mod wording;

use std::path::Path;

use crate::source::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration works, but perhaps not as its author thinks.
    Warning,
    /// The configuration is not used.
    Error,
}

impl Severity {
    /// The word for messages and for JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One mistake.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    severity: Severity,
    code: &'static str,
    message: String,
    label: String,
    help: Option<String>,
    span: Option<Span>,
    also: Option<(Span, String)>,
}

impl Diagnostic {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// Its stable name, such as `bellwether::unknown_key`.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is wrong.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What cures it.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The file, when it concerns one.
    pub fn file(&self) -> Option<&Path> {
        self.span.as_ref().map(|span| span.source.path.as_path())
    }

    /// Line and column from 1, when it concerns a place.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.span.as_ref().map(Span::position)
    }
}

/// All that was found, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    /// Places that are shown to nobody.
    secrets: Vec<Span>,
}

impl Diagnostics {
    /// Whether the configuration cannot be used.
    pub fn has_errors(&self) -> bool {
        self.list
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether nothing at all was found.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// One after another.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.list.iter()
    }

    /// Number of errors and of warnings.
    pub fn count(&self) -> (usize, usize) {
        let errors = self.list.iter().filter(|d| d.severity == Severity::Error).count();
        (errors, self.list.len() - errors)
    }

    /// Everything as text for a terminal `width` columns wide: file, line, caret, help.
    pub fn render(&self, colour: bool, width: usize) -> String {
        render::graphical(&self.list, &self.secrets, colour, width)
    }

    /// Everything as a JSON array of objects with `severity`, `code`, `message`, `file`, `line`, `column`, `help`.
    pub fn to_json(&self) -> String {
        render::json(&self.list)
    }

    /// What stands there is shown to nobody: a message that draws its line is pasted into tickets and logs.
    pub(crate) fn hide(&mut self, span: &Span) {
        self.secrets.push(span.clone());
    }

    /// Puts them in the order of files as read, then of lines; what concerns no place comes first.
    pub(crate) fn sort(&mut self, files: &[std::path::PathBuf]) {
        let rank = |d: &Diagnostic| {
            d.span.as_ref().map(|span| {
                let file = files
                    .iter()
                    .position(|path| *path == span.source.path)
                    .unwrap_or(usize::MAX);
                (file, span.range.start)
            })
        };
        self.list.sort_by_key(rank);
    }
}

#[cfg(test)]
mod tests;
