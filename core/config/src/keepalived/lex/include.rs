//! `include PATH` and its stricter relatives.

use std::path::PathBuf;
use std::sync::Arc;

use super::{DEPTH_MAX, Lexer};
use crate::source::{Source, Span};

/// Alternatives that braces in one path may stand for.
const ALTERNATIVES_MAX: usize = 256;

impl Lexer<'_> {
    pub(super) fn include(&mut self, source: &Arc<Source>, text: &str, span: &Span, depth: usize) {
        let mut words = text.split_whitespace();
        let keyword = words.next().unwrap_or_default();
        let d = &mut self.reader.diagnostics;
        if keyword == "include_check" {
            return d.not_supported(span, keyword, "each missing file is reported, none is an error");
        }
        let strict = match keyword {
            "include" => false,
            "includer" | "includem" | "includew" | "includeb" | "includea" => true,
            _ => return d.unknown_keyword(span, keyword, "the file", ["include"]),
        };
        let Some(pattern) = words.next() else {
            return d.missing_argument(span, keyword);
        };
        if depth >= DEPTH_MAX {
            return d.include_refused(
                span,
                "includes are nested more than 16 deep: does a file include itself?",
            );
        }
        for pattern in alternatives(pattern) {
            self.one(source, &pattern, strict, span, depth);
        }
    }

    fn one(&mut self, source: &Arc<Source>, pattern: &str, strict: bool, span: &Span, depth: usize) {
        let directory = source.path.parent().map(PathBuf::from).unwrap_or_default();
        let whole = directory.join(pattern);
        self.reader.look(&whole);
        let Ok(found) = glob::glob(&whole.to_string_lossy()) else {
            let message = format!("`{pattern}` is not a pattern of file names");
            return self.reader.diagnostics.include_refused(span, &message);
        };
        let files: Vec<PathBuf> = found
            .filter_map(Result::ok)
            .filter(|path| !path.is_dir())
            .collect();
        if files.is_empty() {
            if strict {
                let message = format!("include matches no file: {pattern}");
                self.reader.diagnostics.include_refused(span, &message);
            } else {
                self.reader.diagnostics.no_match(span, pattern);
            }
        }
        for file in files {
            let real = std::fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
            if self.open.contains(&real) {
                let message = format!("{} includes itself", file.display());
                self.reader.diagnostics.include_refused(span, &message);
            } else if let Some(included) = self.reader.read(&file, Some(span)) {
                self.open.push(real);
                self.file(&included, depth + 1);
                self.open.pop();
            }
        }
    }
}

/// `a{b,c}d` as `abd` and `acd`.
fn alternatives(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(next) = open.pop() {
        let parts = next.split_once('{').and_then(|(head, rest)| {
            let (middle, tail) = rest.split_once('}')?;
            middle
                .contains(',')
                .then(|| (head.to_owned(), middle.to_owned(), tail.to_owned()))
        });
        match parts {
            Some((head, middle, tail)) if done.len() + open.len() < ALTERNATIVES_MAX => {
                open.extend(middle.rsplit(',').map(|one| format!("{head}{one}{tail}")));
            }
            _ => done.push(next),
        }
    }
    done
}
