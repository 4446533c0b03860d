//! From a text to lines and braces: comments, conditions, definitions, includes.

mod define;
mod include;
mod repeat;

use std::ops::Range;
use std::sync::Arc;

use crate::load::{Environment, Reader};
use crate::source::{Source, Span};

/// keepalived's own bound; a longer line is dropped.
const LINE_BYTES_MAX: usize = 1024;
/// Files within files.
const DEPTH_MAX: usize = 16;
/// Lines in all, definitions expanded: more is a loop of includes or definitions that feed on each other.
const TOKENS_MAX: usize = 200_000;

/// A word with its place.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Span,
}

/// What the tree is made of.
#[derive(Clone, Debug)]
pub(super) enum Token {
    Line(Line),
    Open(Span),
    Close(Span),
}

/// Words up to the end of the line or a brace; never empty.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) words: Vec<Word>,
    /// As written, quotes and escapes included.
    pub(super) raw: String,
}

/// The tokens of a file and of all that it includes.
pub(super) fn tokens(source: &Arc<Source>, env: &Environment, reader: &mut Reader) -> Vec<Token> {
    let label = env.host_name.split('.').next().unwrap_or_default();
    let id = env.config_id.clone().unwrap_or_else(|| label.to_owned());
    let mut lexer = Lexer {
        reader,
        definitions: define::Definitions::new(&id, env),
        id,
        repeats: 0,
        nested: 0,
        gave_up: false,
        out: Vec::new(),
        open: std::fs::canonicalize(&source.path).into_iter().collect(),
    };
    lexer.file(source, 0);
    lexer.out
}

/// Where a text stands.
#[derive(Clone, Debug)]
enum Place {
    /// In the source, from this byte on.
    At(usize),
    /// Nowhere: it was made of what stands there.
    Expanded(Span),
}

impl Place {
    fn part(&self, source: &Arc<Source>, range: Range<usize>) -> Span {
        match self {
            Self::At(start) => Span::new(source, start + range.start..start + range.end),
            Self::Expanded(span) => span.clone(),
        }
    }

    fn whole(&self, source: &Arc<Source>, text: &str) -> Span {
        self.part(source, trimmed(text, 0))
    }

    /// Where what comes after so many bytes stands.
    fn after(&self, bytes: usize) -> Self {
        match self {
            Self::At(start) => Self::At(start + bytes),
            Self::Expanded(span) => Self::Expanded(span.clone()),
        }
    }
}

struct Lexer<'a> {
    reader: &'a mut Reader,
    id: String,
    definitions: define::Definitions,
    /// Lines that were repeated so far, and repetitions that are under way within each other.
    repeats: usize,
    nested: usize,
    /// There were too many; that was told.
    gave_up: bool,
    out: Vec<Token>,
    /// Files that are being read, each included by the one before it.
    open: Vec<std::path::PathBuf>,
}

impl Lexer<'_> {
    fn file(&mut self, source: &Arc<Source>, depth: usize) {
        let mut lines = physical_lines(&source.text);
        while let Some(range) = lines.next() {
            if self.out.len() > TOKENS_MAX {
                let span = Span::new(source, range);
                return self
                    .reader
                    .diagnostics
                    .include_refused(&span, "the configuration has no end: does a file include itself?");
            }
            let text = source.text.get(range.clone()).unwrap_or_default();
            let span = Span::new(source, trimmed(text, range.start));
            if text.contains('\0') {
                self.reader
                    .diagnostics
                    .line_dropped(&span, "a NUL byte in this line");
                continue;
            }
            if text.len() > LINE_BYTES_MAX {
                self.reader
                    .diagnostics
                    .line_dropped(&span, "this line has more than 1024 bytes");
                continue;
            }
            let text = without_comment(text);
            if let Some((name, mut value)) = define::definition(text) {
                while value.ends_with('\\') {
                    value.pop();
                    let Some(next) = lines.next() else { break };
                    value.push('\n');
                    value.push_str(without_comment(source.text.get(next).unwrap_or_default()).trim_end());
                }
                self.definitions.set(name, value);
                continue;
            }
            self.line(source, text, &Place::At(range.start), depth);
        }
    }

    /// A line, or a definition that is not continued.
    fn statement(&mut self, source: &Arc<Source>, text: &str, place: &Place, depth: usize) {
        match define::definition(text) {
            Some((name, value)) => self.definitions.set(name, value),
            None => self.line(source, text, place, depth),
        }
    }

    fn line(&mut self, source: &Arc<Source>, text: &str, place: &Place, depth: usize) {
        let (kept, text, place) = self.condition(text, place);
        if !kept {
            return;
        }
        let written = place.whole(source, text);
        let body = text.trim_start();
        if body.starts_with('~') {
            return self.repeat(source, text, &place, depth);
        }
        if body.starts_with("include") {
            return self.include(source, text, &written, depth);
        }
        match self.definitions.expand(text, source) {
            define::Expanded::Same => self.split(text, |range| place.part(source, range)),
            define::Expanded::Text(expanded) => {
                let place = Place::Expanded(written);
                for line in expanded.lines() {
                    if line.trim_start().starts_with('~') {
                        self.repeat(source, line, &place, depth);
                    } else {
                        self.split(line, |range| place.part(source, range));
                    }
                }
            }
            define::Expanded::Refused(name) => {
                let (message, help) = if name.starts_with("_ENV") {
                    let help = "give it to the daemon (Environment= in its unit), or write the value itself";
                    (format!("`${{{name}}}` is not in the environment"), help)
                } else {
                    let help = "write the value itself: each reading would be another configuration";
                    (format!("`${{{name}}}` is not supported"), help)
                };
                let d = &mut self.reader.diagnostics;
                d.refused_value(&written, &message, "in this line", help);
            }
            define::Expanded::Endless => {
                let message = "a definition in this line contains itself";
                self.reader
                    .diagnostics
                    .refused_value(&written, message, "grows for ever", "remove the loop");
            }
        }
    }

    /// `@id line` and `@^id line`: whether the line stays, braces and all, and what is left of it.
    fn condition<'t>(&self, text: &'t str, place: &Place) -> (bool, &'t str, Place) {
        let body = text.trim_start();
        let Some(rest) = body.strip_prefix('@') else {
            return (true, text, place.clone());
        };
        let (negated, rest) = match rest.strip_prefix('^') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (id, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
        (
            (id == self.id) != negated,
            rest,
            place.after(text.len() - rest.len()),
        )
    }

    /// Words and braces of one line.
    fn split(&mut self, text: &str, span: impl Fn(Range<usize>) -> Span) {
        let mut start = 0;
        let mut quoted = false;
        let mut escaped = false;
        for (at, c) in text.char_indices() {
            match c {
                '"' if !escaped => quoted = !quoted,
                '{' | '}' if !quoted => {
                    self.words(text, start..at, &span);
                    let place = span(at..at + 1);
                    self.out.push(if c == '{' {
                        Token::Open(place)
                    } else {
                        Token::Close(place)
                    });
                    start = at + 1;
                }
                _ => {}
            }
            escaped = c == '\\' && !escaped;
        }
        self.words(text, start..text.len(), &span);
    }

    fn words(&mut self, text: &str, range: Range<usize>, span: &impl Fn(Range<usize>) -> Span) {
        let Some(part) = text.get(range.clone()) else {
            return;
        };
        let words = words_of(part, range.start, span);
        if !words.is_empty() {
            self.out.push(Token::Line(Line {
                words,
                raw: part.trim().to_owned(),
            }));
        }
    }
}

/// Words outside double quotes, quotes taken off.
fn words_of(text: &str, base: usize, span: &impl Fn(Range<usize>) -> Span) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut current: Option<(usize, String)> = None;
    let (mut quoted, mut escaped) = (false, false);
    let mut finish = |current: &mut Option<(usize, String)>, end: usize| {
        if let Some((start, text)) = current.take() {
            words.push(Word {
                text,
                span: span(base + start..base + end),
            });
        }
    };
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => {
                quoted = !quoted;
                current.get_or_insert_with(|| (at, String::new()));
            }
            c if c.is_whitespace() && !quoted => finish(&mut current, at),
            '#' | '!' if escaped => {
                let (_, word) = current.get_or_insert_with(|| (at, String::new()));
                word.pop();
                word.push(c);
            }
            c => current.get_or_insert_with(|| (at, String::new())).1.push(c),
        }
        escaped = c == '\\' && !escaped;
    }
    finish(&mut current, text.len());
    words
}

/// The ranges of the lines, without their ends.
fn physical_lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let from = start;
        start += line.len();
        from..from + line.trim_end_matches(['\n', '\r']).len()
    })
}

fn trimmed(text: &str, start: usize) -> Range<usize> {
    let from = start + (text.len() - text.trim_start().len());
    from..from + text.trim().len()
}

/// Up to a `#` or `!` outside double quotes, wherever it stands.
fn without_comment(text: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => quoted = !quoted,
            '#' | '!' if !quoted && !escaped => return text.get(..at).unwrap_or_default(),
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    text
}
