//! The field `parameters` of what a chunk returns: a list of tables, each a parameter of sdk/wit.

use mlua::{FromLua, Table, Value};
use model::declared::{Declared, Kind};

use crate::answer::bounded;
use crate::declared;

const FIELDS: [&str; 7] = ["name", "kind", "required", "min", "max", "one_of", "meaning"];

/// What is declared; `None` when nothing is.
pub(super) fn read(exports: &Table) -> Result<Option<Vec<Declared>>, String> {
    let list = match exports.raw_get::<Value>("parameters") {
        Ok(Value::Nil) => return Ok(None),
        Ok(Value::Table(list)) => list,
        _ => return Err("`parameters` is a list of tables, each with a name and a kind".to_owned()),
    };
    let mut all = Vec::new();
    for at in 1..=list.raw_len() {
        match list.raw_get::<Value>(at) {
            Ok(Value::Table(one)) => {
                all.push(parameter(&one).map_err(|why| format!("parameters[{at}]: {why}"))?);
            }
            _ => return Err(format!("parameters[{at}] is no table with a name and a kind")),
        }
    }
    declared::checked(all).map(Some)
}

fn parameter(one: &Table) -> Result<Declared, String> {
    for pair in one.pairs::<Value, Value>() {
        let known = match pair {
            Ok((Value::String(name), _)) => FIELDS.iter().any(|known| name == *known),
            _ => false,
        };
        if !known {
            return Err(format!("its fields are {}", FIELDS.join(", ")));
        }
    }
    let word: String = field(one, "kind", "a text")?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.word() == word);
    let kind = kind.ok_or_else(|| {
        let all: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        format!("{:?} is no kind; {}", bounded(&word), all.join(", "))
    })?;
    Ok(Declared {
        name: field(one, "name", "a text")?,
        kind,
        required: field::<Option<bool>>(one, "required", "true or false")?.unwrap_or(false),
        min: field(one, "min", "a number")?,
        max: field(one, "max", "a number")?,
        one_of: field::<Option<Vec<String>>>(one, "one_of", "a list of texts")?.unwrap_or_default(),
        meaning: field::<Option<String>>(one, "meaning", "a text")?.unwrap_or_default(),
    })
}

fn field<T: FromLua>(one: &Table, name: &str, wanted: &str) -> Result<T, String> {
    one.raw_get(name).map_err(|_| format!("`{name}` is {wanted}"))
}
