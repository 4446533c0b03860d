//! `~SEQ(var, start, step, end) line`, `~SEQx(...)` and `~LST(var, value, ...) line`: a line again and again, with
//! another value each time.

use std::sync::Arc;

use super::define::Expanded;
use super::{Lexer, Place, TOKENS_MAX};
use crate::source::Source;

/// Repetitions in all files: a sequence in a sequence soon has more than anybody waits for.
const REPEATS_MAX: usize = 200_000;
/// Repetitions within each other.
const NESTED_MAX: usize = 16;

/// What a line is repeated with: names, and for each time as many values.
struct Repeat {
    names: Vec<String>,
    values: Vec<Vec<String>>,
}

impl Lexer<'_> {
    /// A line that begins with `~`.
    pub(super) fn repeat(&mut self, source: &Arc<Source>, text: &str, place: &Place, depth: usize) {
        let written = place.whole(source, text);
        let (repeat, rest) = match self.head(source, text) {
            Ok(read) => read,
            Err(message) => {
                let help = "write ~SEQ(NAME, 1, 1, 3) or ~LST(NAME, a, b, c), then the line with ${NAME}";
                let d = &mut self.reader.diagnostics;
                return d.refused_value(&written, &message, "repeats nothing", help);
            }
        };
        let place = place.after(text.len() - rest.len());
        self.nested += 1;
        for values in repeat.values {
            if self.gave_up {
                break;
            }
            self.repeats += 1;
            if self.is_too_much() {
                self.gave_up = true;
                let message =
                    format!("more than {REPEATS_MAX} repetitions, or {NESTED_MAX} within each other");
                self.reader.diagnostics.include_refused(&written, &message);
                break;
            }
            for (name, value) in repeat.names.iter().zip(values) {
                self.definitions.set(name, value);
            }
            self.statement(source, rest, &place, depth);
        }
        self.nested -= 1;
        repeat.names.iter().for_each(|name| self.definitions.forget(name));
    }

    fn is_too_much(&self) -> bool {
        self.repeats > REPEATS_MAX || self.out.len() > TOKENS_MAX || self.nested > NESTED_MAX
    }

    /// What stands in brackets, and what is repeated; else what is wrong.
    fn head<'t>(&self, source: &Source, text: &'t str) -> Result<(Repeat, &'t str), String> {
        let body = text.trim_start();
        let (kind, rest) = body
            .split_once('(')
            .ok_or_else(|| format!("`{}` has no brackets", body.trim_end()))?;
        let (arguments, rest) = rest
            .split_once(')')
            .ok_or_else(|| format!("the brackets of `{kind}` do not end"))?;
        let arguments = match self.definitions.expand(arguments, source) {
            Expanded::Same => arguments.to_owned(),
            Expanded::Text(text) => text,
            Expanded::Refused(name) => return Err(format!("`${{{name}}}` is not supported here")),
            Expanded::Endless => return Err("a definition in it contains itself".to_owned()),
        };
        let repeat = match kind.trim_end() {
            "~SEQ" => sequence(&arguments, |number| number.to_string()),
            // As %x of C has a negative number.
            "~SEQx" => sequence(&arguments, |number| format!("{number:x}")),
            "~LST" => list(&arguments),
            other => Err(format!("`{other}` is neither ~SEQ, ~SEQx nor ~LST")),
        };
        Ok((repeat?, rest))
    }
}

/// `NAME, [start, [step,]] end`.
fn sequence(text: &str, word: impl Fn(i64) -> String) -> Result<Repeat, String> {
    let mut parts = text.split(',').map(str::trim);
    let name = named(parts.next().unwrap_or_default())?;
    let numbers: Vec<i64> = parts.map(number).collect::<Result<_, _>>()?;
    let towards = |from: i64, to: i64| if to < from { -1 } else { 1 };
    let (start, step, end) = match *numbers.as_slice() {
        [end] if end < 0 => (-1, -1, end),
        [end] => (1, 1, end),
        [start, end] => (start, towards(start, end), end),
        [start, step, end] => (start, step, end),
        _ => return Err(format!("`{text}` are not a name and one to three numbers")),
    };
    if step == 0 || (step > 0) != (end >= start) && start != end {
        return Err(format!("{end} is not reached from {start} by steps of {step}"));
    }
    let reached = |number: &i64| if step > 0 { *number <= end } else { *number >= end };
    let numbers = std::iter::successors(Some(start), |number| number.checked_add(step));
    let values = numbers.take_while(reached).take(REPEATS_MAX + 1);
    Ok(Repeat {
        names: vec![name],
        values: values.map(|number| vec![word(number)]).collect(),
    })
}

/// `NAME, value, ...`, or `{NAME, NAME}, {value, value}, ...`.
fn list(text: &str) -> Result<Repeat, String> {
    let mut tuples = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (tuple, after) = match rest.strip_prefix('{') {
            Some(inner) => inner
                .split_once('}')
                .ok_or_else(|| format!("the braces in `{text}` do not end"))?,
            None => rest
                .split_at_checked(rest.find(',').unwrap_or(rest.len()))
                .unwrap_or((rest, "")),
        };
        let words = tuple.split(',').map(|word| word.trim().to_owned());
        tuples.push(words.collect::<Vec<String>>());
        rest = after.trim_start().trim_start_matches(',').trim_start();
    }
    let mut tuples = tuples.into_iter();
    let names = tuples.next().unwrap_or_default();
    let names: Vec<String> = names.iter().map(|name| named(name)).collect::<Result<_, _>>()?;
    let values: Vec<Vec<String>> = tuples.collect();
    if values.is_empty() || values.iter().any(|values| values.len() != names.len()) {
        return Err(format!("`{text}` has not a value for each name"));
    }
    Ok(Repeat { names, values })
}

fn named(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty() && text.chars().all(super::define::is_name);
    is_name
        .then(|| text.to_owned())
        .ok_or_else(|| format!("`{text}` is not a name"))
}

/// Decimal, or hexadecimal after `0x`.
fn number(text: &str) -> Result<i64, String> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let found = match digits.strip_prefix("0x") {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse::<u32>(),
    };
    let found = found.map_err(|_| format!("`{text}` is not a number"))?;
    Ok(if negative {
        -i64::from(found)
    } else {
        i64::from(found)
    })
}
