//! A look into a JSON document, for guests that have no parser of their own. Bounded, as the document is a stranger's.

use serde_json::Value;

use crate::error::{Code, Error};

/// Most bytes of one document.
pub const BYTES_MAX: usize = 256 << 10;
/// Most values in one document.
pub const VALUES_MAX: usize = 20_000;

/// What stands at a place, as far as a contract without recursive types can say it.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// true or false.
    Boolean(bool),
    /// Any number.
    Number(f64),
    /// A string.
    Text(String),
    /// A list or an object, as JSON.
    Json(String),
}

/// The document in a text.
pub fn parse(text: &[u8]) -> Result<Value, Error> {
    if text.len() > BYTES_MAX {
        return Err(too_large());
    }
    serde_json::from_slice(text)
        .map_err(|error| Error::new(Code::Protocol, format_args!("not JSON: {error}")))
}

/// What a pointer (RFC 6901) leads to; `None` when nothing is there, or null.
pub fn find(text: &[u8], pointer: &str) -> Result<Option<Found>, Error> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(Error::invalid(format_args!(
            "{pointer:?} is no JSON pointer: it begins with /, such as \"/members/0/state\""
        )));
    }
    Ok(match parse(text)?.pointer(pointer) {
        None | Some(Value::Null) => None,
        Some(Value::Bool(flag)) => Some(Found::Boolean(*flag)),
        Some(Value::Number(number)) => Some(Found::Number(number.as_f64().unwrap_or(f64::NAN))),
        Some(Value::String(text)) => Some(Found::Text(text.clone())),
        Some(part @ (Value::Array(_) | Value::Object(_))) => Some(Found::Json(part.to_string())),
    })
}

/// A document over its bounds.
pub fn too_large() -> Error {
    Error::new(
        Code::TooLarge,
        format_args!("a JSON document has at most {VALUES_MAX} values and {BYTES_MAX} bytes"),
    )
}

#[cfg(test)]
mod tests;
