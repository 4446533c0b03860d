//! What a run is about, for both runtimes.

use std::time::Duration;

use model::probe::Subject;
use model::value::{Parameters, Value};

/// In words; the same for the same check.
pub(crate) fn about(subject: &Subject) -> String {
    match subject {
        Subject::Server {
            service,
            server,
            check,
        } => format!("{service} {server} #{check}"),
        Subject::Tracker(name) => format!("tracker {name}"),
    }
}

/// Milliseconds as the contract counts them.
pub(crate) fn millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// The same, where days have to fit.
pub(crate) fn whole_millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Parameters as JSON text.
pub(crate) fn json(parameters: &Parameters) -> String {
    object(parameters).to_string()
}

fn object(parameters: &Parameters) -> serde_json::Value {
    parameters
        .iter()
        .map(|(name, value)| (name.clone(), one(value)))
        .collect()
}

fn one(value: &Value) -> serde_json::Value {
    match value {
        Value::Boolean(flag) => (*flag).into(),
        Value::Integer(number) => (*number).into(),
        Value::Number(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(one).collect(),
        Value::Table(inner) => object(inner),
    }
}
