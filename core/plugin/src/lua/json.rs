//! JSON for Lua, bounded on both sides: neither depth nor size may hurt the host.

use hostcall::json::{BYTES_MAX, VALUES_MAX, too_large};
use hostcall::{Code, Error};
use mlua::{Lua, Value};
use serde_json::{Map, Number};

/// Deepest nesting.
const DEPTH_MAX: usize = 64;

/// Text of a Lua value. A table with a length is a list; any other, the empty one too, is an object.
pub(super) fn encode(value: &Value) -> Result<String, Error> {
    let mut left = Budget {
        values: VALUES_MAX,
        bytes: BYTES_MAX,
    };
    Ok(left.convert(value, DEPTH_MAX)?.to_string())
}

/// Lua value of a text. `null` is nil, so it leaves no trace in a table.
pub(super) fn decode(lua: &Lua, text: &[u8]) -> Result<mlua::Result<Value>, Error> {
    Ok(to_lua(lua, &hostcall::json::parse(text)?))
}

struct Budget {
    values: usize,
    bytes: usize,
}

impl Budget {
    fn convert(&mut self, value: &Value, depth: usize) -> Result<serde_json::Value, Error> {
        self.spend(0)?;
        Ok(match value {
            Value::Nil => serde_json::Value::Null,
            Value::Boolean(flag) => (*flag).into(),
            Value::Integer(number) => (*number).into(),
            Value::Number(number) => self.number(*number)?,
            Value::String(text) => self.text(text)?.into(),
            Value::Table(table) => self.table(table, depth)?,
            other => {
                return Err(Error::invalid(format_args!(
                    "{} cannot be JSON",
                    other.type_name()
                )));
            }
        })
    }

    fn table(&mut self, table: &mlua::Table, depth: usize) -> Result<serde_json::Value, Error> {
        let depth = depth.checked_sub(1).ok_or_else(|| {
            Error::new(
                Code::TooLarge,
                format_args!("tables are nested deeper than {DEPTH_MAX}; is there a cycle?"),
            )
        })?;
        let length = table.raw_len();
        if length > 0 {
            let mut items = Vec::new();
            for item in table.sequence_values::<Value>() {
                items.push(self.convert(&item.map_err(Error::invalid)?, depth)?);
            }
            return Ok(items.into());
        }
        let mut object = Map::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, item) = pair.map_err(Error::invalid)?;
            let Value::String(key) = key else {
                return Err(Error::invalid("the keys of a JSON object are strings"));
            };
            let key = self.text(&key)?;
            object.insert(key, self.convert(&item, depth)?);
        }
        Ok(object.into())
    }

    fn text(&mut self, text: &mlua::LuaString) -> Result<String, Error> {
        self.spend(text.as_bytes().len())?;
        Ok(text.to_string_lossy())
    }

    fn number(&mut self, number: f64) -> Result<serde_json::Value, Error> {
        if number.fract() == 0.0 && number.abs() < 9e15 {
            // Without the `.0` that a float would get: Luau's numbers are all floats.
            let text = format!("{number:.0}");
            return Ok(text.parse::<i64>().map_or(serde_json::Value::Null, Into::into));
        }
        let number = Number::from_f64(number);
        number
            .map(Into::into)
            .ok_or_else(|| Error::invalid("JSON has neither infinity nor nan"))
    }

    fn spend(&mut self, bytes: usize) -> Result<(), Error> {
        self.values = self.values.checked_sub(1).ok_or_else(too_large)?;
        self.bytes = self.bytes.checked_sub(bytes).ok_or_else(too_large)?;
        Ok(())
    }
}

fn to_lua(lua: &Lua, value: &serde_json::Value) -> mlua::Result<Value> {
    Ok(match value {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(flag) => Value::Boolean(*flag),
        serde_json::Value::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(text) => Value::String(lua.create_string(text)?),
        serde_json::Value::Array(items) => {
            let table = lua.create_table()?;
            for (at, item) in items.iter().enumerate() {
                table.raw_set(at + 1, to_lua(lua, item)?)?;
            }
            Value::Table(table)
        }
        serde_json::Value::Object(object) => {
            let table = lua.create_table()?;
            for (key, item) in object {
                table.raw_set(key.as_str(), to_lua(lua, item)?)?;
            }
            Value::Table(table)
        }
    })
}
