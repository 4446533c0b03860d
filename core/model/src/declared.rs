//! Parameters that a plugin's code declares: what whoever uses it may write, and has to.

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// A parameter that a plugin declares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
    /// Whether it has to be given.
    pub required: bool,
    /// Smallest good number.
    pub min: Option<f64>,
    /// Largest good number.
    pub max: Option<f64>,
    /// The only good texts; any when there are none.
    pub one_of: Vec<String>,
    /// What it means, for people.
    pub meaning: String,
}

/// What the values of a parameter are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A text.
    Text,
    /// Any number.
    Number,
    /// A whole number.
    Whole,
    /// true or false.
    Flag,
    /// A list.
    List,
    /// A table.
    Table,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::Number,
        Self::Whole,
        Self::Flag,
        Self::List,
        Self::Table,
    ];

    /// The word that plugins declare it by.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Whole => "whole",
            Self::Flag => "flag",
            Self::List => "list",
            Self::Table => "table",
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => matches!(value, Value::Text(_)),
            Self::Number => matches!(value, Value::Integer(_) | Value::Number(_)),
            Self::Whole => matches!(value, Value::Integer(_)),
            Self::Flag => matches!(value, Value::Boolean(_)),
            Self::List => matches!(value, Value::List(_)),
            Self::Table => matches!(value, Value::Table(_)),
        }
    }
}

impl Declared {
    /// Whether a value is as declared.
    pub fn fits(&self, value: &Value) -> bool {
        self.kind.fits(value)
            && match value {
                Value::Text(text) => self.one_of.is_empty() || self.one_of.contains(text),
                Value::Number(number) => self.is_within(*number),
                Value::Integer(number) => self.is_within(to_float(*number)),
                Value::Boolean(_) | Value::List(_) | Value::Table(_) => true,
            }
    }

    /// What its values have to be, in words.
    pub fn wanted(&self) -> String {
        let kind = match self.kind {
            Kind::Text if !self.one_of.is_empty() => {
                let words: Vec<String> = self.one_of.iter().map(|word| format!("{word:?}")).collect();
                return match words.split_last() {
                    Some((last, [])) => last.clone(),
                    Some((last, others)) => format!("{} or {last}", others.join(", ")),
                    None => String::new(),
                };
            }
            Kind::Text => "a text",
            Kind::Number => "a number",
            Kind::Whole => "a whole number",
            Kind::Flag => "true or false",
            Kind::List => "a list",
            Kind::Table => "a table",
        };
        match (self.min, self.max) {
            (None, None) => kind.to_owned(),
            (Some(min), None) => format!("{kind}, {min} at least"),
            (None, Some(max)) => format!("{kind}, {max} at most"),
            (Some(min), Some(max)) => format!("{kind} from {min} to {max}"),
        }
    }

    /// A good value, for a message that says what to add.
    pub fn example(&self) -> String {
        let value = match self.kind {
            Kind::Text => format!("{:?}", self.one_of.first().map_or("…", String::as_str)),
            Kind::Number | Kind::Whole => self.min.or(self.max).unwrap_or(1.0).to_string(),
            Kind::Flag => "true".to_owned(),
            Kind::List => "[]".to_owned(),
            Kind::Table => "{}".to_owned(),
        };
        format!("{} = {value}", self.name)
    }

    fn is_within(&self, number: f64) -> bool {
        self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
    }
}

/// Good enough for a comparison with a bound that a person wrote.
#[expect(clippy::cast_precision_loss, reason = "bounds are small numbers")]
fn to_float(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
