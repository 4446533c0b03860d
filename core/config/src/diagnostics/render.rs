//! From values to what a person or a program reads.

use std::fmt;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use super::{Diagnostic, Severity};
use crate::source::Span;

/// A diagnostic in the form that miette draws.
struct Drawn<'a> {
    inner: &'a Diagnostic,
    source: Option<NamedSource<String>>,
}

impl fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        Some(Box::new(self.inner.code))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.inner.severity {
            Severity::Warning => miette::Severity::Warning,
            Severity::Error => miette::Severity::Error,
        })
    }

    fn help<'b>(&'b self) -> Option<Box<dyn fmt::Display + 'b>> {
        self.inner
            .help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.inner.span.as_ref()?;
        let label = |span: &Span, text: &str| {
            LabeledSpan::new(Some(text.to_owned()), span.range.start, span.range.len())
        };
        let first = label(span, &self.inner.label);
        // A second place is drawn only in the same file; the message names it otherwise.
        let second = self
            .inner
            .also
            .as_ref()
            .filter(|(other, _)| std::sync::Arc::ptr_eq(&other.source, &span.source))
            .map(|(other, text)| label(other, text));
        Some(Box::new(std::iter::once(first).chain(second)))
    }
}

pub(super) fn graphical(list: &[Diagnostic], secrets: &[Span], colour: bool, width: usize) -> String {
    let theme = if colour {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_links(false);
    let mut text = String::new();
    for diagnostic in list {
        let source = diagnostic
            .span
            .as_ref()
            .map(|span| NamedSource::new(span.source.path.display().to_string(), shown(span, secrets)));
        let drawn = Drawn {
            inner: diagnostic,
            source,
        };
        if handler.render_report(&mut text, &drawn).is_err() {
            // miette cannot draw a span that splits a character; the words still have to arrive.
            text.push_str(&format!(
                "{}: {}\n",
                diagnostic.severity.word(),
                diagnostic.message
            ));
        }
        text.push('\n');
    }
    // Empty lines come with trailing blanks, which would only trouble who compares or pastes.
    let mut clean: String = text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
    while clean.ends_with("\n\n") {
        clean.pop();
    }
    clean
}

/// The text of a place's file with stars for what nobody is to see. Places keep their offsets.
fn shown(place: &Span, secrets: &[Span]) -> String {
    let mut text = place.source.text.clone();
    let here = |secret: &&Span| std::sync::Arc::ptr_eq(&secret.source, &place.source);
    for secret in secrets.iter().filter(here) {
        if let Some(hidden) = text.get(secret.range.clone()) {
            let stars: String = hidden
                .chars()
                .flat_map(|c| std::iter::repeat_n(if c == '\n' { '\n' } else { '*' }, c.len_utf8()))
                .collect();
            text.replace_range(secret.range.clone(), &stars);
        }
    }
    text
}

pub(super) fn json(list: &[Diagnostic]) -> String {
    let objects = list.iter().map(|diagnostic| {
        let position = diagnostic.position();
        serde_json::json!({
            "severity": diagnostic.severity.word(),
            "code": diagnostic.code,
            "message": diagnostic.message,
            "file": diagnostic.file().map(|file| file.display().to_string()),
            "line": position.map(|(line, _)| line),
            "column": position.map(|(_, column)| column),
            "help": diagnostic.help,
        })
    });
    serde_json::Value::Array(objects.collect()).to_string()
}
