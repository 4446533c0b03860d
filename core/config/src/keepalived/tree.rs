//! From lines and braces to blocks, by what each block knows. Unknown words are passed over as keepalived does:
//! an unknown block is not skipped as one, so its closing brace ends the block around it.

use super::grammar::{self, Grammar, Shape, Treat};
use super::lex::{Line, Token, Word};
use crate::diagnostics::Diagnostics;
use crate::source::Span;

/// A keyword with its parameters and, for a block, what is in it.
#[derive(Debug)]
pub(super) struct Item {
    line: Line,
    pub(super) children: Vec<Item>,
}

impl Item {
    pub(super) fn keyword(&self) -> &str {
        self.line.words.first().map_or("", |word| word.text.as_str())
    }

    pub(super) fn args(&self) -> &[Word] {
        self.line.words.get(1..).unwrap_or_default()
    }

    /// All words: of a line in a list, whose first word is no keyword.
    pub(super) fn words(&self) -> &[Word] {
        &self.line.words
    }

    /// The first parameter. The grammar refuses a line that lacks a needed one, so "" is only a bare flag.
    pub(super) fn arg(&self) -> &str {
        self.args().first().map_or("", |word| word.text.as_str())
    }

    /// What follows the keyword, as written.
    pub(super) fn raw(&self) -> &str {
        self.line
            .raw
            .strip_prefix(self.keyword())
            .unwrap_or(&self.line.raw)
            .trim_start()
    }

    /// Where the keyword is.
    pub(super) fn span(&self) -> &Span {
        &self
            .line
            .words
            .first()
            .expect("a line has at least one word")
            .span
    }

    /// Where the first parameter is; the keyword where there is none.
    pub(super) fn arg_span(&self) -> &Span {
        self.args().first().map_or_else(|| self.span(), |word| &word.span)
    }

    pub(super) fn all<'a>(&'a self, keyword: &'a str) -> impl Iterator<Item = &'a Item> {
        self.children
            .iter()
            .filter(move |child| child.keyword() == keyword)
    }

    /// The last one: a later line replaces an earlier one.
    pub(super) fn last<'a>(&'a self, keyword: &'a str) -> Option<&'a Item> {
        self.all(keyword).last()
    }
}

pub(super) fn parse(tokens: &[Token], d: &mut Diagnostics) -> Vec<Item> {
    let mut parser = Parser {
        tokens,
        at: 0,
        d,
        mail: Mail::default(),
    };
    let items = parser.level(&[&grammar::ROOT], "the file", None);
    let mail = parser.mail;
    mail.tell(&items, d);
    items
}

/// What is asked of mail. It is spoken of once, and only where keepalived would send any.
#[derive(Default)]
struct Mail {
    /// Its first keyword.
    first: Option<(Span, &'static str)>,
    has_recipients: bool,
    /// Somewhere alerts are on.
    alerts: bool,
}

impl Mail {
    fn note(&mut self, line: &Line, keyword: &'static str, has_content: bool) {
        let Some(word) = line.words.first() else { return };
        self.first.get_or_insert_with(|| (word.span.clone(), keyword));
        self.has_recipients |= keyword == "notification_email" && has_content;
        let is_off = line
            .words
            .get(1)
            .is_some_and(|word| ["off", "no", "false"].contains(&word.text.as_str()));
        self.alerts |= keyword.starts_with("smtp_alert") && !is_off;
    }

    /// Real servers alert by default, all else where it is asked to.
    fn tell(self, items: &[Item], d: &mut Diagnostics) {
        let has_server = items.iter().any(|item| item.last("real_server").is_some());
        if let Some((span, keyword)) = self.first
            && self.has_recipients
            && (self.alerts || has_server)
        {
            let instead =
                "no mail is sent; a notify script can send it, or in conf.d a hook (scripts/mail.lua)";
            d.not_supported(&span, keyword, instead);
        }
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    d: &'a mut Diagnostics,
    mail: Mail,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.at);
        self.at += 1;
        token
    }

    /// The items up to the closing brace. `opened` is where the block began; the file itself has no such place.
    fn level(&mut self, known: Grammar, name: &str, opened: Option<&Span>) -> Vec<Item> {
        let mut items = Vec::new();
        let mut stray = false;
        while let Some(token) = self.next() {
            match token {
                Token::Open(span) => {
                    self.d
                        .stray_brace(span, "{", "ignored; its `}` ends the block around it");
                    stray = opened.is_some();
                }
                Token::Close(span) => match opened {
                    None => self.d.stray_brace(span, "}", "ignored, as keepalived does"),
                    Some(_) => {
                        if stray {
                            self.d.lost_rest(span, name);
                        }
                        return items;
                    }
                },
                Token::Line(line) => items.extend(self.line(line, known, name)),
            }
        }
        if let Some(span) = opened {
            self.d.open_block(span);
        }
        items
    }

    fn line(&mut self, line: &Line, known: Grammar, place: &str) -> Option<Item> {
        let word = line.words.first()?;
        let mut keywords = known.iter().copied().flatten();
        let Some(keyword) = keywords.find(|keyword| keyword.name == word.text) else {
            let names = known.iter().copied().flatten().map(|keyword| keyword.name);
            self.d.unknown_keyword(&word.span, &word.text, place, names);
            return None;
        };
        let complete = line.words.len() > keyword.args;
        if !complete {
            self.d.missing_argument(&word.span, keyword.name);
        }
        let has_content = matches!(self.tokens.get(self.at + 1), Some(Token::Line(_)));
        let children = match keyword.shape {
            Shape::Line => Vec::new(),
            Shape::Block(inner) => {
                self.block(word, |parser| parser.level(inner, keyword.name, Some(&word.span)))?
            }
            Shape::List => self.block(word, |parser| parser.list(&word.span))?,
            Shape::Skipped => self.block(word, |parser| parser.skipped(&word.span))?,
        };
        match keyword.treat {
            Treat::Done => complete.then(|| Item {
                line: line.clone(),
                children,
            }),
            Treat::Silent => None,
            Treat::Not(instead) => {
                self.d.not_supported(&word.span, keyword.name, instead);
                None
            }
            Treat::Mail => {
                self.mail.note(line, keyword.name, has_content);
                None
            }
        }
    }

    fn block(&mut self, word: &Word, read: impl FnOnce(&mut Self) -> Vec<Item>) -> Option<Vec<Item>> {
        if let Some(Token::Open(_)) = self.tokens.get(self.at) {
            self.at += 1;
            return Some(read(self));
        }
        self.d.missing_block(&word.span, &word.text);
        None
    }

    /// Lines without keywords.
    fn list(&mut self, opened: &Span) -> Vec<Item> {
        let mut items = Vec::new();
        while let Some(token) = self.next() {
            match token {
                Token::Line(line) => items.push(Item {
                    line: line.clone(),
                    children: Vec::new(),
                }),
                Token::Open(span) => self.d.stray_brace(span, "{", "ignored, as keepalived does"),
                Token::Close(_) => return items,
            }
        }
        self.d.open_block(opened);
        items
    }

    /// A block that is spoken of as a whole.
    fn skipped(&mut self, opened: &Span) -> Vec<Item> {
        let mut depth = 1;
        while let Some(token) = self.next() {
            match token {
                Token::Line(_) => {}
                Token::Open(_) => depth += 1,
                Token::Close(_) => depth -= 1,
            }
            if depth == 0 {
                return Vec::new();
            }
        }
        self.d.open_block(opened);
        Vec::new()
    }
}
