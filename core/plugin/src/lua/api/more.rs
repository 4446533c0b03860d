//! Datagrams, echoes, names and files.

use hostcall::dns::Answer;
use mlua::{Lua, LuaString, Table, Value};

use super::super::run::Run;
use super::{give, granted, on_the_net, time};

/// The line that lets it read.
const READ: &str = "read = [\"/PATH\"]";

pub(super) fn udp(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let exchange = lua.create_async_function(
        |lua: Lua, (host, port, data, millis): (String, u16, LuaString, Option<u32>)| async move {
            let run = on_the_net("host.udp")?;
            let data = data.as_bytes().to_vec();
            match run.call.udp_exchange(&host, port, &data, time(millis)).await {
                Ok(answer) => give(&lua, Ok(lua.create_string(answer)?)),
                Err(error) => give::<Value>(&lua, Err(error)),
            }
        },
    )?;
    table.raw_set("exchange", exchange)?;
    Ok(table)
}

pub(super) fn icmp(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let ping = lua.create_async_function(
        |lua: Lua, (host, size, millis): (String, Option<u32>, Option<u32>)| async move {
            let run = on_the_net("host.icmp")?;
            let took = run.call.ping(&host, size, time(millis)).await;
            give(&lua, took.map(|took| took.as_secs_f64() * 1e6))
        },
    )?;
    table.raw_set("ping", ping)?;
    Ok(table)
}

pub(super) fn dns(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let query = lua.create_async_function(
        |lua: Lua, (host, port, name, kind, millis): (String, u16, String, String, Option<u32>)| async move {
            let run = on_the_net("host.dns")?;
            match run.call.dns_query(&host, port, &name, &kind, time(millis)).await {
                Ok(answer) => give(&lua, Ok(dns_answer(&lua, answer)?)),
                Err(error) => give::<Value>(&lua, Err(error)),
            }
        },
    )?;
    table.raw_set("query", query)?;
    Ok(table)
}

fn dns_answer(lua: &Lua, answer: Answer) -> mlua::Result<Table> {
    let entries = lua.create_table()?;
    for record in answer.records {
        let entry = lua.create_table()?;
        entry.raw_set("name", record.name)?;
        entry.raw_set("kind", record.kind)?;
        entry.raw_set("ttl", record.ttl)?;
        entry.raw_set("data", record.data)?;
        entries.raw_push(entry)?;
    }
    let table = lua.create_table()?;
    table.raw_set("code", answer.code)?;
    table.raw_set("authoritative", answer.authoritative)?;
    table.raw_set("truncated", answer.truncated)?;
    table.raw_set("entries", entries)?;
    Ok(table)
}

pub(super) fn files(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let read = lua.create_async_function(|lua: Lua, (path, max): (String, Option<u32>)| async move {
        let run = Run::current()?;
        granted(!run.call.host().grants().read.is_empty(), "host.files", READ)?;
        match run.call.read_file(&path, max).await {
            Ok(bytes) => give(&lua, Ok(lua.create_string(bytes)?)),
            Err(error) => give::<Value>(&lua, Err(error)),
        }
    })?;
    table.raw_set("read", read)?;
    let facts = lua.create_async_function(|lua: Lua, path: String| async move {
        let run = Run::current()?;
        granted(!run.call.host().grants().read.is_empty(), "host.files", READ)?;
        let facts = match run.call.file_facts(&path).await {
            Ok(Some(facts)) => facts,
            Ok(None) => return give(&lua, Ok(Value::Nil)),
            Err(error) => return give::<Value>(&lua, Err(error)),
        };
        let table = lua.create_table()?;
        table.raw_set("size", facts.size)?;
        table.raw_set("age", u64::try_from(facts.age.as_millis()).unwrap_or(u64::MAX))?;
        table.raw_set("is_directory", facts.is_directory)?;
        give(&lua, Ok(table))
    })?;
    table.raw_set("facts", facts)?;
    let processes = lua.create_async_function(|lua: Lua, name: String| async move {
        let run = Run::current()?;
        granted(!run.call.host().grants().read.is_empty(), "host.files", READ)?;
        give(&lua, run.call.processes(&name).await)
    })?;
    table.raw_set("processes", processes)?;
    Ok(table)
}
