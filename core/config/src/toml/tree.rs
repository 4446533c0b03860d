//! TOML values with their places, merged from several files.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::toml::Spanned;
use ::toml::de::{DeTable, DeValue};
use model::value;

use crate::diagnostics::Diagnostics;
use crate::draft::Given;
use crate::source::{Source, Span};

/// All files as one table.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(super) root: Table,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Boolean(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    Moment(String),
    List(Vec<Node>),
    Table(Table),
}

impl Value {
    /// What it is, in the words of a message.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Boolean(_) => "true or false",
            Self::Integer(_) => "a whole number",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Moment(_) => "a date or time",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// A key with its place, and what it is set to.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) node: Node,
}

/// Entries in the order in which they were first written.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) entries: Vec<Entry>,
}

impl Table {
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn merge(&mut self, later: Self) {
        for entry in later.entries {
            match self.entries.iter_mut().find(|known| known.key == entry.key) {
                None => self.entries.push(entry),
                Some(known) => match (&mut known.node.value, entry.node.value) {
                    (Value::Table(known), Value::Table(later)) => known.merge(later),
                    (_, value) => {
                        known.key_span = entry.key_span;
                        known.node = Node {
                            span: entry.node.span,
                            value,
                        };
                    }
                },
            }
        }
    }
}

impl Tree {
    /// Adds a file. Mistakes of syntax are reported; what could be read of the file is used for further messages.
    pub(crate) fn merge(&mut self, source: &Arc<Source>, diagnostics: &mut Diagnostics) {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        for error in errors {
            let span = Span::new(source, error.span().unwrap_or(0..0));
            diagnostics.toml_syntax(&span, error.message());
        }
        self.root.merge(convert_table(source, table.get_ref()));
    }
}

fn convert_table(source: &Arc<Source>, table: &DeTable<'_>) -> Table {
    let mut entries: Vec<Entry> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().to_string(),
            key_span: Span::new(source, key.span()),
            node: convert(source, value),
        })
        .collect();
    // The parser's table is ordered by name; people expect the order of the file.
    entries.sort_by_key(|entry| entry.key_span.range.start);
    Table { entries }
}

fn convert(source: &Arc<Source>, value: &Spanned<DeValue<'_>>) -> Node {
    let converted = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => {
            match i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()) {
                Ok(number) => Value::Integer(number),
                // Too large for any of our numbers: the readers' ranges refuse it.
                Err(_) => Value::Integer(i64::MAX),
            }
        }
        DeValue::Float(number) => Value::Number(number.as_str().replace('_', "").parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(flag) => Value::Boolean(*flag),
        DeValue::Datetime(moment) => Value::Moment(moment.to_string()),
        DeValue::Array(list) => Value::List(list.iter().map(|value| convert(source, value)).collect()),
        DeValue::Table(table) => Value::Table(convert_table(source, table)),
    };
    Node {
        span: Span::new(source, value.span()),
        value: converted,
    }
}

impl Node {
    /// As a plugin's parameter.
    pub(super) fn parameter(&self) -> value::Value {
        match &self.value {
            Value::Boolean(flag) => value::Value::Boolean(*flag),
            Value::Integer(number) => value::Value::Integer(*number),
            Value::Number(number) => value::Value::Number(*number),
            Value::Text(text) | Value::Moment(text) => value::Value::Text(text.clone()),
            Value::List(list) => value::Value::List(list.iter().map(Self::parameter).collect()),
            Value::Table(table) => value::Value::Table(table.parameters()),
        }
    }
}

impl Table {
    /// As a plugin's parameters.
    pub(super) fn parameters(&self) -> value::Parameters {
        self.entries
            .iter()
            .map(|entry| (entry.key.clone(), entry.node.parameter()))
            .collect()
    }

    /// Where each key stands.
    pub(super) fn places(&self) -> BTreeMap<String, Span> {
        let entries = self.entries.iter();
        entries
            .map(|entry| (entry.key.clone(), entry.key_span.clone()))
            .collect()
    }

    /// As a plugin's parameters, each with its place.
    pub(super) fn given(&self) -> Vec<Given> {
        let given = |entry: &Entry| Given {
            name: entry.key.clone(),
            span: entry.key_span.clone(),
            value: entry.node.parameter(),
        };
        self.entries.iter().map(given).collect()
    }
}
