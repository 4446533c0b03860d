//! From values to what a person or a program reads.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

use super::{Diagnostic, Severity};
use crate::source::{Source, Span};

/// A diagnostic in the form that miette draws.
struct Drawn<'a> {
    inner: &'a Diagnostic,
    source: Option<NamedSource<Arc<String>>>,
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
            .filter(|(other, _)| Arc::ptr_eq(&other.source, &span.source))
            .map(|(other, text)| label(other, text));
        Some(Box::new(std::iter::once(first).chain(second)))
    }
}

/// So many are drawn with their line; the others have a line of their own. Nobody reads on to the hundredth drawing, and
/// each costs a walk through its file.
const DRAWN: usize = 100;

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
    let (drawn, told) = list.split_at(list.len().min(DRAWN));
    let mut last: Option<(&Arc<Source>, Arc<String>)> = None;
    for diagnostic in drawn {
        let source = diagnostic.span.as_ref().map(|span| {
            let file = &span.source;
            let shown = match &last {
                Some((known, shown)) if Arc::ptr_eq(known, file) => Arc::clone(shown),
                _ => Arc::new(shown(file, secrets)),
            };
            last = Some((file, Arc::clone(&shown)));
            NamedSource::new(file.path.display().to_string(), shown)
        });
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
    for diagnostic in told {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{}", line(diagnostic));
    }
    // Empty lines come with trailing blanks, which would only trouble who compares or pastes.
    let mut clean: String = text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect();
    while clean.ends_with("\n\n") {
        clean.pop();
    }
    clean
}

/// `error: FILE:LINE:COLUMN: what is wrong; what cures it`.
fn line(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.span.as_ref().map(|span| {
        let (line, column) = span.position();
        format!("{}:{line}:{column}: ", span.source.path.display())
    });
    let help = diagnostic.help.as_ref().map(|help| format!("; {help}"));
    format!(
        "{}: {}{}{}",
        diagnostic.severity.word(),
        place.unwrap_or_default(),
        diagnostic.message,
        help.unwrap_or_default()
    )
}

/// The text of a file with stars for what nobody is to see. Places keep their offsets.
fn shown(file: &Arc<Source>, secrets: &[Span]) -> String {
    let mut text = file.text.clone();
    for secret in secrets.iter().filter(|secret| Arc::ptr_eq(&secret.source, file)) {
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
