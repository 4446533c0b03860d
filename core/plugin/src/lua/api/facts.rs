//! What the host knows: secrets, this node, its instances, systemd's units; and what a plugin tells of itself.

use hostcall::node;
use mlua::{Lua, Table, Value};
use model::link::InstanceFacts;

use super::super::run::Run;
use super::{give, granted};

pub(super) fn metric(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let count = lua.create_function(|lua, (name, delta): (String, Option<f64>)| {
        let counted = Run::current()?.call.metric_count(&name, delta);
        give(lua, counted.map(|()| true))
    })?;
    table.raw_set("count", count)?;
    let set = lua.create_function(|lua, (name, value): (String, f64)| {
        let set = Run::current()?.call.metric_set(&name, value);
        give(lua, set.map(|()| true))
    })?;
    table.raw_set("set", set)?;
    Ok(table)
}

pub(super) fn secret(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let get = lua.create_function(|lua, name: String| give(lua, Run::current()?.call.secret(&name)))?;
    table.raw_set("get", get)?;
    Ok(table)
}

pub(super) fn systemd(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let unit = lua.create_async_function(|lua: Lua, name: String| async move {
        let run = Run::current()?;
        granted(
            !run.call.host().grants().units.is_empty(),
            "host.systemd",
            "units = [\"NAME.service\"]",
        )?;
        let unit = match run.call.unit(&name).await {
            Ok(unit) => unit,
            Err(error) => return give::<Value>(&lua, Err(error)),
        };
        let table = lua.create_table()?;
        table.raw_set("active", unit.active)?;
        table.raw_set("sub", unit.sub)?;
        give(&lua, Ok(table))
    })?;
    table.raw_set("unit", unit)?;
    Ok(table)
}

pub(super) fn node(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let load = lua.create_function(|lua, ()| {
        let load = match Run::current()?.call.node_load() {
            Ok(load) => load,
            Err(error) => return give::<Value>(lua, Err(error)),
        };
        let table = lua.create_table()?;
        table.raw_set("one", load.one)?;
        table.raw_set("five", load.five)?;
        table.raw_set("fifteen", load.fifteen)?;
        give(lua, Ok(table))
    })?;
    table.raw_set("load", load)?;
    let memory = lua.create_function(|lua, ()| {
        let memory = match Run::current()?.call.node_memory() {
            Ok(memory) => memory,
            Err(error) => return give::<Value>(lua, Err(error)),
        };
        let table = lua.create_table()?;
        table.raw_set("total", memory.total)?;
        table.raw_set("available", memory.available)?;
        give(lua, Ok(table))
    })?;
    table.raw_set("memory", memory)?;
    let uptime = lua.create_function(|lua, ()| {
        let uptime = Run::current()?.call.node_uptime();
        give(lua, uptime.map(|time| time.as_secs_f64() * 1e6))
    })?;
    table.raw_set("uptime", uptime)?;
    let instances = lua.create_function(|lua, ()| {
        let all = Run::current()?.call.node_instances();
        let list = lua.create_table()?;
        for facts in &*all {
            list.raw_push(instance(lua, facts)?)?;
        }
        Ok(list)
    })?;
    table.raw_set("instances", instances)?;
    let one = lua.create_function(|lua, name: String| {
        let all = Run::current()?.call.node_instances();
        let found = all.iter().find(|facts| facts.name == name);
        found.map(|facts| instance(lua, facts)).transpose()
    })?;
    table.raw_set("instance", one)?;
    Ok(table)
}

fn instance(lua: &Lua, facts: &InstanceFacts) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("name", facts.name.as_str())?;
    table.raw_set("state", facts.state.word())?;
    table.raw_set("previous", facts.previous.word())?;
    table.raw_set("cause", facts.cause.as_str())?;
    table.raw_set("since", crate::subject::whole_millis(node::since(facts.since)))?;
    table.raw_set("priority", facts.priority)?;
    table.raw_set("network_interface", facts.interface.as_str())?;
    let addresses = facts.addresses.iter().map(ToString::to_string);
    table.raw_set("addresses", lua.create_sequence_from(addresses)?)?;
    let peers = facts.peers.iter().map(ToString::to_string);
    table.raw_set("peers", lua.create_sequence_from(peers)?)?;
    Ok(table)
}
