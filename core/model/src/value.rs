//! Parameters of a plugin: whatever the operator wrote, without the syntax it was written in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One parameter, or a table of them. Both front doors and both runtimes can say all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// true or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Number(f64),
    /// Text.
    Text(String),
    /// Several, in order.
    List(Vec<Value>),
    /// Several, by name.
    Table(Parameters),
}

/// Parameters by name.
pub type Parameters = BTreeMap<String, Value>;

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}
