//! The table `host`: the contract of sdk/wit under Lua names (`-` becomes `_`). What can go wrong in the world comes
//! back as `nil, err`; a plugin's own mistake (not granted, bad argument) is raised.

use std::rc::Rc;
use std::time::Duration;

use hostcall::certificate::Certificate;
use hostcall::kv::Scope;
use hostcall::log::Level;
use hostcall::tls::TlsOptions;
use hostcall::{Error, clock, http, tcp};
use mlua::{FromLua, IntoLua, Lua, LuaString, MultiValue, Table, Value};
use tokio::sync::Mutex;

use super::connection::Connection;
use super::error::Worldly;
use super::run::Run;

mod facts;
mod more;
mod pure;

/// Key of the errors' metatable in the registry.
const ERROR_META: &str = "bellwether.error";

/// Puts `host` and `print` in place. To be called before the sandbox is closed.
pub(super) fn install(lua: &Lua) -> mlua::Result<()> {
    let meta = lua.create_table()?;
    meta.raw_set(
        "__tostring",
        lua.create_function(|_, err: Table| err.raw_get::<Value>("message"))?,
    )?;
    meta.set_readonly(true);
    lua.set_named_registry_value(ERROR_META, meta)?;

    let host = lua.create_table()?;
    for (name, table) in [
        ("log", log(lua)?),
        ("clock", clock_table(lua)?),
        ("kv", kv(lua)?),
        ("metric", facts::metric(lua)?),
        ("secret", facts::secret(lua)?),
        ("codec", pure::codec(lua)?),
        ("json", pure::json(lua)?),
        ("prometheus", pure::prometheus(lua)?),
        ("regex", pure::regex(lua)?),
        ("tcp", tcp_table(lua)?),
        ("http", http_table(lua)?),
        ("udp", more::udp(lua)?),
        ("icmp", more::icmp(lua)?),
        ("dns", more::dns(lua)?),
        ("files", more::files(lua)?),
        ("node", facts::node(lua)?),
        ("systemd", facts::systemd(lua)?),
        ("process", process(lua)?),
    ] {
        table.set_readonly(true);
        host.raw_set(name, table)?;
    }
    host.set_readonly(true);
    let globals = lua.globals();
    globals.raw_set("host", host)?;
    globals.raw_set("assert", lua.create_function(assert)?)?;
    globals.raw_set("print", lua.create_function(print)?)
}

/// A host call's result as Lua sees it.
pub(super) fn give<T: IntoLua>(lua: &Lua, result: Result<T, Error>) -> mlua::Result<MultiValue> {
    match result {
        Ok(value) => Ok(MultiValue::from_vec(vec![value.into_lua(lua)?])),
        Err(error) if error.code.is_misuse() => Err(mlua::Error::external(error)),
        Err(error) => {
            let err = lua.create_table()?;
            err.raw_set("code", error.code.word())?;
            err.raw_set("message", error.message)?;
            err.set_metatable(Some(lua.named_registry_value(ERROR_META)?))?;
            Ok(MultiValue::from_vec(vec![Value::Nil, Value::Table(err)]))
        }
    }
}

/// Milliseconds.
pub(super) fn time(millis: Option<u32>) -> Option<Duration> {
    millis.map(|millis| Duration::from_millis(millis.into()))
}

/// `{server_name?, insecure?, authority?, identity?, alpn?}`.
pub(super) fn tls_options(table: Option<&Table>) -> mlua::Result<TlsOptions> {
    let Some(table) = table else {
        return Ok(TlsOptions::default());
    };
    let insecure = field::<Option<bool>>(table, "insecure")?.unwrap_or(false);
    Ok(TlsOptions {
        server_name: field(table, "server_name")?,
        insecure,
        authority: field(table, "authority")?,
        identity: field(table, "identity")?,
        alpn: field::<Option<_>>(table, "alpn")?.unwrap_or_default(),
    })
}

/// `{host, port}`.
pub(super) fn endpoint(lua: &Lua, side: &tcp::Side) -> mlua::Result<Table> {
    let (host, port) = side.endpoint();
    let table = lua.create_table()?;
    table.raw_set("host", host)?;
    table.raw_set("port", port)?;
    Ok(table)
}

/// What a server proved to be.
pub(super) fn certificate(lua: &Lua, found: Option<Certificate>) -> mlua::Result<Option<Table>> {
    let Some(found) = found else { return Ok(None) };
    let table = lua.create_table()?;
    table.raw_set("days_left", found.days_left())?;
    table.raw_set("subject", found.subject)?;
    table.raw_set("names", lua.create_sequence_from(found.names)?)?;
    table.raw_set("issuer", found.issuer)?;
    table.raw_set("valid_from", found.valid_from)?;
    table.raw_set("valid_until", found.valid_until)?;
    Ok(Some(table))
}

/// A field of an options table. Raw, for a metamethod of the plugin must not run inside the host.
fn field<T: FromLua>(table: &Table, name: &str) -> mlua::Result<T> {
    table
        .raw_get(name)
        .map_err(|error| bad(format_args!("`{name}`: {error}")))
}

fn bad(message: impl std::fmt::Display) -> mlua::Error {
    mlua::Error::external(Error::invalid(message))
}

fn word<T>(word: &str, what: &str, find: impl FnOnce(&str) -> Option<T>) -> mlua::Result<T> {
    find(word).ok_or_else(|| bad(format_args!("{word:?} is no {what}")))
}

fn scope(name: &str) -> mlua::Result<Scope> {
    word(name, "scope: target or plugin", |name| match name {
        "target" => Some(Scope::Target),
        "plugin" => Some(Scope::Plugin),
        _ => None,
    })
}

/// As Luau's, but it takes the `err` of a host call for a message too.
fn assert(lua: &Lua, values: MultiValue) -> mlua::Result<MultiValue> {
    if !matches!(values.front(), None | Some(Value::Nil | Value::Boolean(false))) {
        return Ok(values);
    }
    let message = match values.get(1) {
        Some(Value::Table(err)) => {
            let message = err.raw_get::<Option<String>>("message")?;
            let meta = lua.named_registry_value::<Table>(ERROR_META)?;
            if let Some(message) = message.as_ref().filter(|_| err.metatable() == Some(meta)) {
                return Err(mlua::Error::external(Worldly(message.clone())));
            }
            message
        }
        Some(Value::String(text)) => Some(text.to_string_lossy()),
        _ => None,
    };
    Err(mlua::Error::runtime(
        message.unwrap_or_else(|| "assertion failed".to_owned()),
    ))
}

fn print(_: &Lua, values: MultiValue) -> mlua::Result<()> {
    let words: Result<Vec<String>, _> = values.iter().map(Value::to_string).collect();
    Run::current()?.call.log(Level::Info, &words?.join(" "));
    Ok(())
}

fn log(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let write = lua.create_function(|_, (level, message): (String, LuaString)| {
        let level = word(&level, "level: debug, info, warn or error", Level::from_word)?;
        Run::current()?.call.log(level, &message.to_string_lossy());
        Ok(())
    })?;
    table.raw_set("write", write)?;
    Ok(table)
}

fn clock_table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    // Exact: microseconds stay below 2^53 for 285 years.
    #[expect(
        clippy::cast_precision_loss,
        reason = "microseconds stay below 2^53 for 285 years"
    )]
    let number = |micros: u64| micros as f64;
    table.raw_set(
        "monotonic",
        lua.create_function(move |_, ()| Ok(number(clock::monotonic())))?,
    )?;
    table.raw_set(
        "wall",
        lua.create_function(move |_, ()| Ok(number(clock::wall())))?,
    )?;
    let remaining =
        lua.create_function(|_, ()| Ok(crate::subject::millis(Run::current()?.call.remaining())))?;
    table.raw_set("remaining", remaining)?;
    let sleep = lua.create_async_function(|_, millis: u32| async move {
        Run::current()?
            .call
            .sleep(Duration::from_millis(millis.into()))
            .await;
        Ok(())
    })?;
    table.raw_set("sleep", sleep)?;
    Ok(table)
}

fn kv(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let get = lua.create_function(|lua, (owner, key): (String, String)| {
        let value = Run::current()?.call.kv_get(scope(&owner)?, &key);
        value.map(|bytes| lua.create_string(bytes)).transpose()
    })?;
    table.raw_set("get", get)?;
    let set = lua.create_function(|lua, (owner, key, value): (String, String, LuaString)| {
        let result = Run::current()?
            .call
            .kv_set(scope(&owner)?, &key, value.as_bytes().to_vec());
        give(lua, result.map(|()| true))
    })?;
    table.raw_set("set", set)?;
    let delete = lua.create_function(|_, (owner, key): (String, String)| {
        Ok(Run::current()?.call.kv_delete(scope(&owner)?, &key))
    })?;
    table.raw_set("delete", delete)?;
    let increment = lua.create_function(|lua, (owner, key, delta): (String, String, Option<i64>)| {
        give(
            lua,
            Run::current()?
                .call
                .kv_increment(scope(&owner)?, &key, delta.unwrap_or(1)),
        )
    })?;
    table.raw_set("increment", increment)?;
    Ok(table)
}

fn tcp_table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let connect = lua.create_async_function(
        |lua: Lua, (host, port, millis): (String, u16, Option<u32>)| async move {
            let run = on_the_net("host.tcp")?;
            let opened = run.call.connect(&host, port, time(millis)).await;
            give(&lua, opened.map(|connection| hold(&run, connection)))
        },
    )?;
    table.raw_set("connect", connect)?;
    let connect_unix =
        lua.create_async_function(|lua: Lua, (path, millis): (String, Option<u32>)| async move {
            let run = on_the_net("host.tcp")?;
            let opened = run.call.connect_unix(&path, time(millis)).await;
            give(&lua, opened.map(|connection| hold(&run, connection)))
        })?;
    table.raw_set("connect_unix", connect_unix)?;
    Ok(table)
}

/// Its run closes it.
fn hold(run: &Run, connection: tcp::Connection) -> Connection {
    let shared = Rc::new(Mutex::new(connection));
    run.open.borrow_mut().push(Rc::clone(&shared));
    Connection(shared)
}

fn http_table(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let send = lua.create_async_function(|lua: Lua, request: Table| async move {
        let run = on_the_net("host.http")?;
        let answer = run.call.http(http_request(&request)?).await;
        match answer {
            Ok(response) => give(&lua, Ok(http_response(&lua, response)?)),
            Err(error) => give::<Value>(&lua, Err(error)),
        }
    })?;
    table.raw_set("send", send)?;
    Ok(table)
}

fn http_request(table: &Table) -> mlua::Result<http::Request> {
    let connect_to = match field::<Option<Table>>(table, "connect_to")? {
        None => None,
        Some(place) => Some((field(&place, "host")?, field(&place, "port")?)),
    };
    let mut headers = Vec::new();
    if let Some(given) = field::<Option<Table>>(table, "headers")? {
        for pair in given.pairs::<String, String>() {
            headers.push(
                pair.map_err(|error| {
                    bad(format_args!("`headers` is a table of names and strings: {error}"))
                })?,
            );
        }
    }
    let body: Option<LuaString> = field(table, "body")?;
    Ok(http::Request {
        method: field(table, "method")?,
        url: field(table, "url")?,
        headers,
        body: body.map(|body| body.as_bytes().to_vec()).unwrap_or_default(),
        timeout: time(field(table, "timeout")?),
        connect_to,
        unix: field::<Option<String>>(table, "unix")?.map(Into::into),
        redirects: field::<Option<u32>>(table, "redirects")?.unwrap_or(0),
        tls: tls_options(field::<Option<Table>>(table, "tls")?.as_ref())?,
        max_body: field(table, "max_body")?,
        http2: field::<Option<bool>>(table, "http2")?.unwrap_or(false),
    })
}

fn http_response(lua: &Lua, response: http::Response) -> mlua::Result<Table> {
    let timings = lua.create_table()?;
    timings.raw_set("connect", crate::subject::millis(response.timings.connect))?;
    timings.raw_set("tls", response.timings.tls.map(crate::subject::millis))?;
    timings.raw_set("first_byte", crate::subject::millis(response.timings.first_byte))?;
    timings.raw_set("total", crate::subject::millis(response.timings.total))?;
    let table = lua.create_table()?;
    table.raw_set("status", response.status)?;
    table.raw_set("headers", fields(lua, response.headers)?)?;
    table.raw_set("body", lua.create_string(response.body)?)?;
    table.raw_set("truncated", response.truncated)?;
    table.raw_set("trailers", fields(lua, response.trailers)?)?;
    table.raw_set("timings", timings)?;
    table.raw_set("certificate", certificate(lua, response.certificate)?)?;
    Ok(table)
}

/// By name, in lower case. Of one that comes twice the last counts.
fn fields(lua: &Lua, all: Vec<(String, Vec<u8>)>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (name, value) in all {
        table.raw_set(name, lua.create_string(value)?)?;
    }
    Ok(table)
}

fn process(lua: &Lua) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let run = lua.create_async_function(
        |lua: Lua, (argv, millis): (Vec<String>, Option<u32>)| async move {
            let run = Run::current()?;
            granted(
                !run.call.host().grants().exec.is_empty(),
                "host.process",
                "exec = [[\"/usr/bin/PROGRAM\", \"*\"]]",
            )?;
            let outcome = run.call.run(argv, time(millis)).await;
            let outcome = match outcome {
                Ok(outcome) => outcome,
                Err(error) => return give::<Value>(&lua, Err(error)),
            };
            let table = lua.create_table()?;
            table.raw_set("code", outcome.code)?;
            table.raw_set("signal", outcome.signal)?;
            table.raw_set("timed_out", outcome.timed_out)?;
            table.raw_set("stdout", lua.create_string(outcome.stdout)?)?;
            table.raw_set("took", crate::subject::millis(outcome.took))?;
            give(&lua, Ok(table))
        },
    )?;
    table.raw_set("run", run)?;
    Ok(table)
}

/// The run, if it may use the network at all; where to is looked at later.
fn on_the_net(what: &str) -> mlua::Result<Rc<Run>> {
    let run = Run::current()?;
    granted(
        !run.call.host().grants().net.is_empty(),
        what,
        "net = [\"target\"]",
    )?;
    Ok(run)
}

fn granted(yes: bool, what: &str, line: &str) -> mlua::Result<()> {
    if yes {
        return Ok(());
    }
    let message = format!("{what} is not granted; add {line} to the plugin's grants");
    Err(mlua::Error::external(Error::new(hostcall::Code::Denied, message)))
}
