//! Parameters of lines. What cannot be read is reported here, and the caller goes on with its default.

use std::time::Duration;

use crate::diagnostics::Diagnostics;
use crate::draft::{Exec, User};
use crate::keepalived::tree::Item;
use crate::{unit, words};

/// A whole number, else what keepalived does with a bad one: it keeps the default.
pub(super) fn number(item: &Item, min: u64, max: u64, d: &mut Diagnostics) -> Option<u64> {
    let found = item.arg();
    match found.parse::<u64>() {
        Ok(number) if (min..=max).contains(&number) => Some(number),
        _ => {
            let message = format!("`{} {found}` is not a number from {min} to {max}", item.keyword());
            d.ignored_value(item.arg_span(), &message, "ignored");
            None
        }
    }
}

/// Decimal seconds.
pub(super) fn time(item: &Item, min: Duration, max: Duration, d: &mut Diagnostics) -> Option<Duration> {
    let found = item.arg();
    match unit::seconds(found) {
        Some(time) if (min..=max).contains(&time) => Some(time),
        _ => {
            let (keyword, min, max) = (item.keyword(), min.as_secs_f64(), max.as_secs_f64());
            let message = format!("`{keyword} {found}` is not a time from {min} to {max} seconds");
            d.ignored_value(item.arg_span(), &message, "ignored");
            None
        }
    }
}

/// Seconds that a period may have: not none, and at most the 31 days that IPVS knows.
pub(super) fn period(item: &Item, d: &mut Diagnostics) -> Option<Duration> {
    time(item, Duration::from_millis(1), Duration::from_secs(2_678_400), d)
}

/// on, off, true, false, yes, no; nothing means on.
pub(super) fn flag(item: &Item, d: &mut Diagnostics) -> bool {
    match item.arg() {
        "" | "on" | "true" | "yes" => true,
        "off" | "false" | "no" => false,
        other => {
            let message = format!("`{other}` is neither on nor off");
            d.ignored_value(item.arg_span(), &message, "taken as on");
            true
        }
    }
}

/// Reports words after the parameters that a line takes.
pub(super) fn at_most(item: &Item, most: usize, d: &mut Diagnostics) {
    if let Some(extra) = item.args().get(most) {
        d.extra_words(&extra.span, item.keyword());
    }
}

/// `USER [[:]GROUP]`.
pub(super) fn user(item: &Item) -> User {
    named(item.arg(), item.args().get(1).map(|word| word.text.as_str()))
}

/// `... USER [[:]GROUP]` after the first parameter.
pub(super) fn owner(item: &Item) -> User {
    let word = |at: usize| item.args().get(at).map(|word| word.text.as_str());
    word(1).and_then(|user| named(user, word(2)))
}

fn named(user: &str, group: Option<&str>) -> User {
    let group = group.map(|group| group.trim_start_matches(':').to_owned());
    unit::user(user).map(|(user, own)| (user, own.or(group)))
}

/// `CMD [USER [GROUP]]` with CMD quoted when it has several words.
pub(super) fn notify(item: &Item, user: &User, d: &mut Diagnostics) -> Option<Exec> {
    let (command, rest) = first_word(item.raw());
    let argv = argv(command, item, d)?;
    let mut rest = rest.split_whitespace();
    let own = rest.next().and_then(|name| named(name, rest.next()));
    Some(Exec {
        argv,
        user: own.or_else(|| user.clone()),
    })
}

/// A command that takes the whole line; quoted or not.
pub(super) fn command(item: &Item, user: &User, d: &mut Diagnostics) -> Option<Exec> {
    let raw = item.raw();
    let (quoted, rest) = first_word(raw);
    let whole = if rest.trim().is_empty() { quoted } else { raw };
    Some(Exec {
        argv: argv(whole, item, d)?,
        user: user.clone(),
    })
}

fn argv(text: &str, item: &Item, d: &mut Diagnostics) -> Option<Vec<String>> {
    if text.starts_with(['<', '>']) {
        // keepalived gives such a string to system(3); /dev/tcp is bash's own.
        return Some(vec!["/bin/bash".to_owned(), "-c".to_owned(), format!(": {text}")]);
    }
    match words::split(text) {
        None => d.open_quote(item.arg_span()),
        Some(words) if words.first().is_none_or(String::is_empty) => d.empty_command(item.arg_span()),
        Some(words) => {
            let shell = ["|", "||", "&&", ">", ">>", "<", ";", "2>&1", "&"];
            if words.iter().any(|word| shell.contains(&word.as_str())) {
                d.no_shell(item.arg_span());
            }
            Some(words)
        }
    }
}

/// The first word, quotes of its own taken off, and the rest.
fn first_word(text: &str) -> (&str, &str) {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        return text.split_at_checked(end).unwrap_or((text, ""));
    };
    let inner = text.get(1..).unwrap_or_default();
    let mut escaped = false;
    for (at, c) in inner.char_indices() {
        if c == quote && !escaped {
            return (
                inner.get(..at).unwrap_or_default(),
                inner.get(at + 1..).unwrap_or_default(),
            );
        }
        escaped = c == '\\' && !escaped;
    }
    (inner, "")
}
