//! One sandboxed Lua state with a plugin in it.

use std::cell::Cell;
use std::time::Duration;

use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, LuaOptions, StdLib, Table, Value, VmState};
use model::declared::Declared;
use model::plan::Limits;

use super::{Chunk, api, declared, error};
use crate::answer::{bounded, in_words};
use crate::describe::Exports;
use crate::meter::{self, Pace};
use crate::wasm::{self, VERSION};

/// Processor time for running the chunk itself.
const LOAD_CPU: Duration = Duration::from_millis(500);
/// Coroutines kept for reuse.
const COROUTINES_KEPT: usize = 64;
/// Globals of Luau that reach files, other code or other globals.
const REMOVED: [&str; 8] = [
    "require",
    "loadstring",
    "load",
    "getfenv",
    "setfenv",
    "collectgarbage",
    "newproxy",
    "gcinfo",
];

/// A plugin, ready to run on this thread.
pub(crate) struct State {
    pub(super) check: Option<Function>,
    pub(super) on_change: Option<Function>,
    pub(super) keeper: Option<Keeper>,
    declared: Option<Vec<Declared>>,
    pub(super) file: String,
    pub(super) memory: u64,
    /// Ran out of memory: what it holds is not known, so the next run gets a fresh one.
    pub(super) broken: Cell<bool>,
    // Last, for the functions above are in it.
    pub(super) lua: Lua,
}

/// The steps of a resource.
pub(super) struct Keeper {
    pub(super) verify: Function,
    pub(super) apply: Function,
    pub(super) undo: Function,
}

/// What is raised in a run that used up its time.
#[derive(Debug, thiserror::Error)]
#[error("stopped: it used all of its processor time")]
pub(super) struct Stopped {
    /// Where it was, when Lua can tell.
    pub(super) line: Option<usize>,
}

impl State {
    /// Runs a chunk in a fresh sandbox.
    pub(crate) fn new(chunk: &Chunk, limits: &Limits) -> Result<Self, String> {
        let file = &chunk.file;
        let lua = sandbox(limits).map_err(|error| format!("{file}: cannot set up Lua: {error}"))?;
        let returned: mlua::Result<Value> = meter::bounded(LOAD_CPU, || {
            lua.load(&*chunk.source)
                .set_name(format!("@{file}"))
                .set_mode(ChunkMode::Text)
                .eval()
        });
        let returned = returned.map_err(|error| match error::explain(&error, file) {
            text if error::is_stop(&error) => {
                format!(
                    "{text}: loading took more than {} of processor time",
                    in_words(LOAD_CPU)
                )
            }
            text if error::is_memory(&error) => format!("{text} ({} bytes)", limits.memory),
            text => text,
        })?;
        let Value::Table(exports) = returned else {
            return Err(format!(
                "{file}: it returned {}; it must return a table with the function `check` or `on_change`",
                returned.type_name()
            ));
        };
        fits(&exports, file)?;
        let check = export(&exports, file, "check")?;
        let on_change = export(&exports, file, "on_change")?;
        let keeper = keeper(&exports, file)?;
        let declared = declared::read(&exports).map_err(|why| format!("{file}: {why}"))?;
        if check.is_none() && on_change.is_none() && keeper.is_none() {
            return Err(format!(
                "{file}: the table it returned has none of `check`, `on_change`, and `verify` with `apply` and `undo`"
            ));
        }
        Ok(Self {
            check,
            on_change,
            keeper,
            declared,
            file: file.clone(),
            memory: limits.memory,
            broken: Cell::new(false),
            lua,
        })
    }

    /// What it can be asked.
    pub(crate) fn exports(&self) -> Exports {
        Exports {
            checks: self.check.is_some(),
            hooks: self.on_change.is_some(),
            keeps: self.keeper.is_some(),
        }
    }

    /// What it says that it takes; `None` when it takes anything.
    pub(crate) fn into_declared(self) -> Option<Vec<Declared>> {
        self.declared
    }

    /// Whether the next run should have a fresh one.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.get()
    }
}

/// Whether the host speaks the version that a plugin says it wants: `api = "0.1"`.
fn fits(exports: &Table, file: &str) -> Result<(), String> {
    let wanted = match exports.raw_get::<Value>("api") {
        Ok(Value::Nil) => return Ok(()),
        Ok(Value::String(wanted)) => wanted.to_string_lossy(),
        _ => return Err(format!("{file}: `api` is a text, such as api = \"{VERSION}\"")),
    };
    if wasm::fits(&wanted) {
        return Ok(());
    }
    Err(format!(
        "{file}: it wants version {} of the host API; this bellwether speaks {VERSION}",
        bounded(&wanted)
    ))
}

/// All three steps, or none.
fn keeper(exports: &Table, file: &str) -> Result<Option<Keeper>, String> {
    let step = |name| export(exports, file, name);
    match (step("verify")?, step("apply")?, step("undo")?) {
        (None, None, None) => Ok(None),
        (Some(verify), Some(apply), Some(undo)) => Ok(Some(Keeper { verify, apply, undo })),
        _ => Err(format!(
            "{file}: a resource has `verify`, `apply` and `undo`, all three"
        )),
    }
}

fn export(exports: &Table, file: &str, name: &str) -> Result<Option<Function>, String> {
    match exports.raw_get::<Value>(name) {
        Ok(Value::Nil) => Ok(None),
        Ok(Value::Function(function)) => Ok(Some(function)),
        Ok(other) => Err(format!(
            "{file}: `{name}` is {}; it must be a function",
            other.type_name()
        )),
        Err(error) => Err(error::explain(&error, file)),
    }
}

fn sandbox(limits: &Limits) -> mlua::Result<Lua> {
    let libraries = StdLib::COROUTINE
        | StdLib::TABLE
        | StdLib::STRING
        | StdLib::MATH
        | StdLib::UTF8
        | StdLib::BIT
        | StdLib::BUFFER;
    // With the other setting pcall is a function of Rust's, across which no call of the host can wait.
    let options = LuaOptions::new()
        .thread_pool_size(COROUTINES_KEPT)
        .catch_rust_panics(true);
    let lua = Lua::new_with(libraries, options)?;
    let globals = lua.globals();
    for name in REMOVED {
        globals.raw_set(name, Value::Nil)?;
    }
    api::install(&lua)?;
    lua.sandbox(true)?;
    let base = u64::try_from(lua.used_memory()).unwrap_or(0);
    lua.set_memory_limit(usize::try_from(base.saturating_add(limits.memory)).unwrap_or(usize::MAX))?;
    lua.set_interrupt(|lua| match meter::pace() {
        // No turn for others here: in a coroutine that the plugin made, a yield would return to the plugin's own
        // resume as if its code had yielded.
        Pace::Go | Pace::Yield => Ok(VmState::Continue),
        Pace::Stop => Err(mlua::Error::external(Stopped { line: line(lua) })),
    });
    Ok(lua)
}

/// The innermost line of the plugin that runs now: functions of Lua itself have none.
fn line(lua: &Lua) -> Option<usize> {
    /// Calls from the plugin's line to where it was stopped, such as a pattern in a replacement in a sort.
    const DEEP: usize = 8;
    (0..DEEP).find_map(|level| lua.inspect_stack(level, |frame| frame.current_line()).flatten())
}
