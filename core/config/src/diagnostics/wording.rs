//! The factory: every message that a configuration can draw, for both languages.
//!
//! Form: lower case, no full stop; the message says what is wrong, the label says what stands there, the help can
//! be pasted in.

mod balancing;
mod device;
mod iproute;
mod keepalived;
mod meaning;
mod plugins;
mod proof;
mod strict;
mod syntax;
mod tracking;
mod via;

use super::{Diagnostic, Diagnostics, Severity};
use crate::source::Span;

/// A diagnostic while it is put together.
pub(super) struct Draft<'a> {
    diagnostics: &'a mut Diagnostics,
    diagnostic: Diagnostic,
}

impl Draft<'_> {
    fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic.help = Some(help.into());
        self
    }

    fn also(mut self, span: &Span, label: impl Into<String>) -> Self {
        self.diagnostic.also = Some((span.clone(), label.into()));
        self
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        self.diagnostics.list.push(self.diagnostic.clone());
    }
}

impl Diagnostics {
    fn add(
        &mut self,
        severity: Severity,
        code: &'static str,
        span: Option<&Span>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Draft<'_> {
        let diagnostic = Diagnostic {
            severity,
            code,
            message: message.into(),
            label: label.into(),
            help: None,
            span: span.cloned(),
            also: None,
        };
        Draft {
            diagnostics: self,
            diagnostic,
        }
    }

    fn error(
        &mut self,
        code: &'static str,
        span: &Span,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Draft<'_> {
        self.add(Severity::Error, code, Some(span), message, label)
    }

    fn warning(
        &mut self,
        code: &'static str,
        span: &Span,
        message: impl Into<String>,
        label: impl Into<String>,
    ) -> Draft<'_> {
        self.add(Severity::Warning, code, Some(span), message, label)
    }
}

/// The known name that `written` was most likely meant to be.
pub(crate) fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(written, name), name))
        .filter(|(distance, name)| *distance <= 1 + name.chars().count().min(written.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `a, b and c`.
fn list<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.into_iter().collect();
    match names.pop() {
        None => String::new(),
        Some(last) if names.is_empty() => last.to_owned(),
        Some(last) => format!("{} and {last}", names.join(", ")),
    }
}
