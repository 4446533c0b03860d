//! Reading a table key by key. What was asked for is what is known, so no list of keys can fall behind the code.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipnet::IpNet;

use super::tree::{Entry, Node, Table, Value};
use crate::diagnostics::Diagnostics;
use crate::draft::User;
use crate::source::Span;
use crate::unit;

/// A value with its place.
#[derive(Clone, Debug)]
pub(super) struct At<T> {
    pub(super) value: T,
    pub(super) span: Span,
}

/// A table while it is read.
pub(super) struct Keys<'a> {
    table: &'a Table,
    what: &'static str,
    asked: Vec<&'static str>,
    /// Whether a value was refused.
    pub(super) refused: bool,
}

impl<'a> Keys<'a> {
    /// `what` names the table in messages: `an instance`.
    pub(super) fn new(table: &'a Table, what: &'static str) -> Self {
        Self {
            table,
            what,
            asked: Vec::new(),
            refused: false,
        }
    }

    /// The entry of a key, which is known from now on.
    pub(super) fn entry(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.asked.push(key);
        self.table.get(key)
    }

    pub(super) fn node(&mut self, key: &'static str) -> Option<&'a Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// Entries that nobody asked for.
    pub(super) fn rest(&self) -> impl Iterator<Item = &'a Entry> + '_ {
        self.table
            .entries
            .iter()
            .filter(|entry| !self.asked.contains(&entry.key.as_str()))
    }

    pub(super) fn known(&self) -> &[&'static str] {
        &self.asked
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(self, diagnostics: &mut Diagnostics) {
        for entry in self.rest() {
            diagnostics.unknown_key(&entry.key_span, &entry.key, self.what, &self.asked);
        }
    }

    fn read<T>(
        &mut self,
        key: &'static str,
        diagnostics: &mut Diagnostics,
        read: impl FnOnce(&'a Node, &mut Diagnostics) -> Option<T>,
    ) -> Option<At<T>> {
        let node = self.node(key)?;
        let value = read(node, diagnostics);
        self.refused |= value.is_none();
        value.map(|value| At {
            value,
            span: node.span.clone(),
        })
    }

    pub(super) fn text(&mut self, key: &'static str, d: &mut Diagnostics) -> Option<At<&'a str>> {
        self.read(key, d, text)
    }

    pub(super) fn flag(&mut self, key: &'static str, d: &mut Diagnostics) -> Option<bool> {
        self.read(key, d, flag).map(|at| at.value)
    }

    pub(super) fn number(
        &mut self,
        key: &'static str,
        min: i64,
        max: i64,
        d: &mut Diagnostics,
    ) -> Option<At<i64>> {
        self.read(key, d, |node, d| number(node, key, min, max, d))
    }

    pub(super) fn duration(&mut self, key: &'static str, d: &mut Diagnostics) -> Option<At<Duration>> {
        self.read(key, d, duration)
    }

    pub(super) fn address(&mut self, key: &'static str, d: &mut Diagnostics) -> Option<At<IpAddr>> {
        self.read(key, d, address)
    }

    pub(super) fn interface(&mut self, key: &'static str, d: &mut Diagnostics) -> Option<At<&'a str>> {
        self.read(key, d, interface)
    }

    pub(super) fn user(&mut self, key: &'static str, d: &mut Diagnostics) -> Option<User> {
        self.read(key, d, user).map(|at| Some(at.value))
    }

    pub(super) fn command(&mut self, key: &'static str, d: &mut Diagnostics) -> Option<At<Vec<String>>> {
        self.read(key, d, command)
    }

    pub(super) fn table(&mut self, key: &'static str, d: &mut Diagnostics) -> Option<&'a Table> {
        self.read(key, d, table).map(|at| at.value)
    }

    /// One of several words.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&'static str, T)],
        d: &mut Diagnostics,
    ) -> Option<T> {
        self.read(key, d, |node, d| choice(node, key, choices, d))
            .map(|at| at.value)
    }

    /// The elements of a list; empty when the key is absent.
    pub(super) fn list(&mut self, key: &'static str, d: &mut Diagnostics) -> &'a [Node] {
        self.read(key, d, list).map_or(&[], |at| at.value)
    }

    /// `[key.NAME]` tables.
    pub(super) fn named_tables(
        &mut self,
        key: &'static str,
        d: &mut Diagnostics,
    ) -> Vec<(&'a Entry, &'a Table)> {
        let Some(outer) = self.table(key, d) else {
            return Vec::new();
        };
        let mut tables = Vec::new();
        for entry in &outer.entries {
            match &entry.node.value {
                Value::Table(table) => tables.push((entry, table)),
                other => d.not_a_named_table(&entry.key_span, key, &entry.key, other.kind()),
            }
        }
        tables
    }
}

pub(super) fn text<'a>(node: &'a Node, d: &mut Diagnostics) -> Option<&'a str> {
    match &node.value {
        Value::Text(text) => Some(text),
        other => d.wrong_type(&node.span, "a text in quotes", other.kind()),
    }
}

pub(super) fn flag(node: &Node, d: &mut Diagnostics) -> Option<bool> {
    match &node.value {
        Value::Boolean(flag) => Some(*flag),
        other => d.wrong_type(&node.span, "true or false", other.kind()),
    }
}

pub(super) fn list<'a>(node: &'a Node, d: &mut Diagnostics) -> Option<&'a [Node]> {
    match &node.value {
        Value::List(list) => Some(list),
        other => d.wrong_type(&node.span, "a list", other.kind()),
    }
}

pub(super) fn table<'a>(node: &'a Node, d: &mut Diagnostics) -> Option<&'a Table> {
    match &node.value {
        Value::Table(table) => Some(table),
        other => d.wrong_type(&node.span, "a table", other.kind()),
    }
}

pub(super) fn number(node: &Node, key: &str, min: i64, max: i64, d: &mut Diagnostics) -> Option<i64> {
    match &node.value {
        Value::Integer(number) if (min..=max).contains(number) => Some(*number),
        Value::Integer(number) => d.out_of_range(&node.span, key, *number, min, max),
        other => d.wrong_type(&node.span, "a whole number", other.kind()),
    }
}

pub(super) fn duration(node: &Node, d: &mut Diagnostics) -> Option<Duration> {
    match &node.value {
        Value::Text(text) => unit::duration(text).or_else(|| d.bad_duration(&node.span, text)),
        Value::Integer(number) => d.no_unit(&node.span, &number.to_string()),
        Value::Number(number) => d.no_unit(&node.span, &number.to_string()),
        other => d.wrong_type(&node.span, "a time such as \"1s\"", other.kind()),
    }
}

pub(super) fn address(node: &Node, d: &mut Diagnostics) -> Option<IpAddr> {
    let text = text(node, d)?;
    text.parse()
        .ok()
        .or_else(|| d.bad_address(&node.span, text, "192.0.2.1 or 2001:db8::1"))
}

pub(super) fn network(node: &Node, d: &mut Diagnostics) -> Option<IpNet> {
    let text = text(node, d)?;
    unit::network(text).or_else(|| d.bad_address(&node.span, text, "192.0.2.10/24 or 2001:db8::10/64"))
}

pub(super) fn socket(node: &Node, d: &mut Diagnostics) -> Option<SocketAddr> {
    let text = text(node, d)?;
    unit::socket(text).or_else(|| d.bad_address(&node.span, text, "192.0.2.10:80 or [2001:db8::10]:80"))
}

/// Like [`socket`], or a range of addresses with one port.
pub(super) fn sockets(node: &Node, d: &mut Diagnostics) -> Option<Vec<SocketAddr>> {
    let text = text(node, d)?;
    unit::sockets(text).or_else(|| d.bad_address(&node.span, text, "192.0.2.10:80 or [2001:db8::10]:80"))
}

pub(super) fn interface<'a>(node: &'a Node, d: &mut Diagnostics) -> Option<&'a str> {
    let name = text(node, d)?;
    if unit::interface(name) {
        Some(name)
    } else {
        d.bad_interface(&node.span, name)
    }
}

pub(super) fn user(node: &Node, d: &mut Diagnostics) -> Option<(String, Option<String>)> {
    let name = text(node, d)?;
    unit::user(name).or_else(|| d.bad_user(&node.span, name))
}

/// A list of words, or a text that is split into words without a shell.
pub(super) fn command(node: &Node, d: &mut Diagnostics) -> Option<Vec<String>> {
    let words = match &node.value {
        Value::Text(text) => match crate::words::split(text) {
            Some(words) => words,
            None => return d.open_quote(&node.span),
        },
        Value::List(_) => words(node, d)?,
        other => return d.wrong_type(&node.span, "a command as a list of words", other.kind()),
    };
    if words.first().is_none_or(String::is_empty) {
        return d.empty_command(&node.span);
    }
    Some(words)
}

/// A list of texts.
pub(super) fn words(node: &Node, d: &mut Diagnostics) -> Option<Vec<String>> {
    let words = list(node, d)?.iter();
    words.map(|node| text(node, d).map(str::to_owned)).collect()
}

pub(super) fn choice<T: Copy>(
    node: &Node,
    key: &str,
    choices: &[(&'static str, T)],
    d: &mut Diagnostics,
) -> Option<T> {
    let word = text(node, d)?;
    let found = choices
        .iter()
        .find(|(name, _)| *name == word)
        .map(|(_, value)| *value);
    found.or_else(|| {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        d.not_a_choice(&node.span, key, word, &names)
    })
}
