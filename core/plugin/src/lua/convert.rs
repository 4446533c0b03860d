//! Between the house's values and Lua's. What comes out of Lua is checked here and turned into plain values at once.

use hostcall::Call;
use mlua::{Lua, MultiValue, Table, Value};
use model::link::HookEvent;
use model::probe::{Ask, Status};
use model::value::{self, Parameters};

use crate::answer::{Answer, bounded};
use crate::subject;

/// What `check` is given.
pub(super) fn target(lua: &Lua, ask: &Ask, call: &Call) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("about", call.about())?;
    if let Some(address) = ask.target {
        table.raw_set("host", address.ip().to_string())?;
        table.raw_set("port", address.port())?;
    }
    table.raw_set("timeout", subject::millis(call.remaining()))?;
    table.raw_set("parameters", parameters(lua, &ask.parameters)?)?;
    Ok(table)
}

/// What `on_change` and the steps of a resource are given.
pub(super) fn event(lua: &Lua, event: &HookEvent, given: &Parameters) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("is_group", event.is_group)?;
    table.raw_set("name", event.name.as_str())?;
    table.raw_set("state", event.phase.state().word())?;
    table.raw_set("previous", event.previous.word())?;
    table.raw_set("cause", event.cause.as_str())?;
    table.raw_set("priority", event.priority)?;
    table.raw_set("network_interface", event.interface.as_str())?;
    let addresses = event.addresses.iter().map(ToString::to_string);
    table.raw_set("addresses", lua.create_sequence_from(addresses)?)?;
    table.raw_set("parameters", parameters(lua, given)?)?;
    Ok(table)
}

/// A verdict, as `check` may say it: a table, or status, reason and weight one after the other.
pub(super) fn verdict(returned: &MultiValue) -> Result<Answer, String> {
    let mut values = returned.iter();
    let first = values.next().unwrap_or(&Value::Nil);
    if let Value::Table(table) = first {
        let field = |name: &str| table.raw_get::<Value>(name).unwrap_or(Value::Nil);
        return build(&field("status"), &field("reason"), &field("weight"));
    }
    let reason = values.next().unwrap_or(&Value::Nil);
    build(first, reason, values.next().unwrap_or(&Value::Nil))
}

/// What a function that does something returned: `nil, message` or `false, message` is a failure.
pub(super) fn hook_result(function: &str, returned: &MultiValue) -> Result<(), String> {
    match outcome(returned) {
        (Value::Nil | Value::Boolean(false), Some(why)) => Err(why),
        (Value::Boolean(false), None) => Err(format!("{function} returned false without a reason")),
        _ => Ok(()),
    }
}

/// What `verify` returned: whether it is so, or `nil, message`.
pub(super) fn verified(returned: &MultiValue) -> Result<bool, String> {
    match outcome(returned) {
        (Value::Boolean(is_so), _) => Ok(*is_so),
        (Value::Nil, Some(why)) => Err(why),
        (other, _) => Err(format!(
            "verify returned {}; it must be true, false, or nil and a reason",
            other.type_name()
        )),
    }
}

/// The first value, and the second when it is words or an error of the host.
fn outcome(returned: &MultiValue) -> (&Value, Option<String>) {
    let mut values = returned.iter();
    let first = values.next().unwrap_or(&Value::Nil);
    let why = match values.next() {
        Some(Value::String(text)) => Some(text.to_string_lossy()),
        Some(Value::Table(error)) => error.raw_get::<String>("message").ok(),
        _ => None,
    };
    (first, why)
}

fn build(status: &Value, reason: &Value, weight: &Value) -> Result<Answer, String> {
    let status = match status {
        Value::String(word) => match &*word.as_bytes() {
            b"up" => Status::Up,
            b"down" => Status::Down,
            b"unknown" => Status::Unknown,
            other => {
                let other = bounded(&String::from_utf8_lossy(other));
                return Err(format!(
                    "check returned the status {other:?}; it must be up, down or unknown"
                ));
            }
        },
        other => {
            let other = other.type_name();
            return Err(format!(
                "check returned {other} as its status; it must be up, down or unknown"
            ));
        }
    };
    let reason = match reason {
        Value::Nil => String::new(),
        Value::String(text) => text.to_string_lossy(),
        other => {
            return Err(format!(
                "check returned {} as its reason; it must be a string",
                other.type_name()
            ));
        }
    };
    let weight = match weight {
        Value::Nil => None,
        Value::Integer(weight) => Some(*weight),
        Value::Number(weight) if weight.fract() == 0.0 && weight.abs() < 1e15 => Some(whole(*weight)),
        other => {
            return Err(format!(
                "check returned {} as its weight; it must be a whole number",
                other.type_name()
            ));
        }
    };
    Answer::verdict(status, &reason, weight)
}

/// A number without fraction and below 10^15, which is exact in both types.
#[expect(clippy::cast_possible_truncation, reason = "the caller looked at its size")]
fn whole(number: f64) -> i64 {
    number as i64
}

fn parameters(lua: &Lua, parameters: &value::Parameters) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, value) in parameters {
        table.raw_set(name.as_str(), to_lua(lua, value)?)?;
    }
    Ok(table)
}

fn to_lua(lua: &Lua, value: &value::Value) -> mlua::Result<Value> {
    Ok(match value {
        value::Value::Boolean(flag) => Value::Boolean(*flag),
        // Luau has one kind of number, exact to 2^53.
        value::Value::Integer(number) => Value::Integer(*number),
        value::Value::Number(number) => Value::Number(*number),
        value::Value::Text(text) => Value::String(lua.create_string(text)?),
        value::Value::List(items) => {
            let table = lua.create_table()?;
            for item in items {
                table.raw_push(to_lua(lua, item)?)?;
            }
            Value::Table(table)
        }
        value::Value::Table(inner) => Value::Table(parameters(lua, inner)?),
    })
}
