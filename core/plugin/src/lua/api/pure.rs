//! What only computes.

use hostcall::codec::Algorithm;
use hostcall::json::Found;
use hostcall::{codec, prometheus};
use mlua::{Lua, LuaString, Table, Value};

use super::super::json;
use super::super::run::Run;
use super::{give, word};

pub(super) fn codec(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let algorithm = |name: &str| word(name, "digest: md5, sha1, sha256 or sha512", Algorithm::from_word);
    let digest = lua.create_function(move |_, (name, data): (String, LuaString)| {
        Ok(codec::digest(algorithm(&name)?, &data.as_bytes()))
    })?;
    table.raw_set("digest", digest)?;
    let hmac = lua.create_function(move |_, (name, key, data): (String, LuaString, LuaString)| {
        Ok(codec::hmac(algorithm(&name)?, &key.as_bytes(), &data.as_bytes()))
    })?;
    table.raw_set("hmac", hmac)?;
    let pbkdf2 = lua.create_function(
        move |lua, (name, password, salt, rounds): (String, LuaString, LuaString, u32)| {
            let (password, salt) = (password.as_bytes(), salt.as_bytes());
            give(lua, codec::pbkdf2(algorithm(&name)?, &password, &salt, rounds))
        },
    )?;
    table.raw_set("pbkdf2", pbkdf2)?;
    let encode = lua.create_function(|_, data: LuaString| Ok(codec::base64_encode(&data.as_bytes())))?;
    table.raw_set("base64_encode", encode)?;
    let decode = lua.create_function(|lua, text: String| match codec::base64_decode(&text) {
        Ok(bytes) => give(lua, Ok(lua.create_string(bytes)?)),
        Err(error) => give::<Value>(lua, Err(error)),
    })?;
    table.raw_set("base64_decode", decode)?;
    Ok(table)
}

pub(super) fn json(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set(
        "encode",
        lua.create_function(|lua, value: Value| give(lua, json::encode(&value)))?,
    )?;
    let decode = lua.create_function(|lua, text: LuaString| match json::decode(lua, &text.as_bytes()) {
        Ok(value) => give(lua, Ok(value?)),
        Err(error) => give::<Value>(lua, Err(error)),
    })?;
    table.raw_set("decode", decode)?;
    let find = lua.create_function(|lua, (text, pointer): (LuaString, String)| {
        let found = match hostcall::json::find(&text.as_bytes(), &pointer) {
            Ok(found) => found,
            Err(error) => return give::<Value>(lua, Err(error)),
        };
        let value = match found {
            None => Value::Nil,
            Some(Found::Boolean(flag)) => Value::Boolean(flag),
            Some(Found::Number(number)) => Value::Number(number),
            Some(Found::Text(text) | Found::Json(text)) => Value::String(lua.create_string(text)?),
        };
        give(lua, Ok(value))
    })?;
    table.raw_set("find", find)?;
    Ok(table)
}

pub(super) fn prometheus(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let find = lua.create_function(|lua, (text, name): (LuaString, String)| {
        let samples = match prometheus::find(&text.as_bytes(), &name) {
            Ok(samples) => samples,
            Err(error) => return give::<Value>(lua, Err(error)),
        };
        let list = lua.create_table()?;
        for sample in samples {
            let one = lua.create_table()?;
            one.raw_set("labels", lua.create_table_from(sample.labels)?)?;
            one.raw_set("value", sample.value)?;
            list.raw_push(one)?;
        }
        give(lua, Ok(list))
    })?;
    table.raw_set("find", find)?;
    Ok(table)
}

pub(super) fn regex(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let find = lua.create_function(|lua, (pattern, text): (String, LuaString)| {
        let found = Run::current()?.call.regex_find(&pattern, &text.as_bytes());
        let groups = match found {
            Ok(Some(groups)) => groups,
            Ok(None) => return give(lua, Ok(Value::Nil)),
            Err(error) => return give::<Value>(lua, Err(error)),
        };
        let list = lua.create_table()?;
        for group in groups {
            list.raw_push(lua.create_string(group)?)?;
        }
        give(lua, Ok(list))
    })?;
    table.raw_set("find", find)?;
    Ok(table)
}
