//! Tries new code, aside from the threads that run plugins.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use model::declared::Declared;

use crate::describe::bare_host;
use crate::embedded;
use crate::lua;
use crate::platform::Shared;
use crate::shadow;
use crate::slot::{Code, Kind, Loaded, Slot};
use crate::wasm;

/// How much less than others a thread that compiles matters.
const NICE: i32 = 10;

/// Code to be tried for a plugin.
pub(crate) struct Load {
    pub(crate) slot: Arc<Slot>,
    pub(crate) bytes: Arc<[u8]>,
    /// Serve it as a new version even if the bytes are the same: its limits or grants are not.
    pub(crate) anew: bool,
}

/// The threads that load. One for each runtime: Lua does not wait for a compiler.
///
/// The channels have no bound, but hold at most what the router read from files since the last load.
pub(crate) struct Loader {
    lua: Sender<Load>,
    wasm: Sender<Load>,
}

impl Loader {
    pub(crate) fn start(shared: &Arc<Shared>) -> Self {
        Self {
            lua: spawn("plugin-lua-load", shared),
            wasm: spawn("plugin-compile", shared),
        }
    }

    pub(crate) fn load(&self, load: Load) {
        let sender = match load.slot.kind() {
            Ok(Kind::Wasm) => &self.wasm,
            _ => &self.lua,
        };
        if let Err(refused) = sender.send(load) {
            refused
                .0
                .slot
                .refuse("the thread that loads plugins is gone; restart the worker".to_owned());
        }
    }
}

/// Tries code and lets it serve, or says why not.
pub(crate) fn try_load(shared: &Shared, load: Load) {
    let Load { slot, bytes, anew } = load;
    match outlived(|| tried(shared, &slot, bytes)) {
        Ok(loaded) => slot.accept(loaded, anew),
        Err(error) => slot.refuse(error),
    }
    shared.changed();
}

/// The shipped code of an embedded plugin.
pub(crate) fn embedded(slot: &Slot) -> Result<Arc<[u8]>, String> {
    let name = slot.plan.name.as_str();
    let source = embedded::source(name).ok_or_else(|| {
        format!(
            "no plugin named {name} is shipped; give its file, or one of: {}",
            embedded::names().join(", ")
        )
    })?;
    Ok(Arc::from(source.as_bytes()))
}

/// Code that could serve.
fn tried(shared: &Shared, slot: &Slot, bytes: Arc<[u8]>) -> Result<Loaded, String> {
    let began = Instant::now();
    let (code, declared) = compile(shared, slot, &bytes)?;
    if !slot.serves(&bytes) {
        shadow::run(slot, &code)?;
    }
    Ok(Loaded {
        bytes,
        code,
        declared,
        took: began.elapsed(),
    })
}

/// The code, and which parameters it declares.
fn compile(shared: &Shared, slot: &Slot, bytes: &Arc<[u8]>) -> Result<(Code, Option<Vec<Declared>>), String> {
    let file = slot.file();
    match slot.kind()? {
        Kind::Lua => {
            let chunk = lua::load(file, Arc::clone(bytes), &slot.plan.limits)?;
            let declared = chunk.declared.clone();
            Ok((Code::Lua(Arc::new(chunk)), declared))
        }
        Kind::Wasm => {
            let guest = wasm::load(&shared.wasm, &file, bytes, &slot.plan)?;
            let bare = bare_host(slot.plan.name.clone());
            let declared = wasm::declared(&guest, bare, &slot.plan.limits)?;
            Ok((Code::Wasm(Arc::new(guest)), declared))
        }
    }
}

/// What `work` gives. A panic in it is an error too: the thread has the code of others to load.
fn outlived<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // Nothing that it was making is used after a panic.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let what = words(&*panic).unwrap_or("see the log");
        Err(format!(
            "loading it failed by a mistake of bellwether's own: {what}"
        ))
    })
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> Option<&str> {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
}

fn spawn(name: &str, shared: &Arc<Shared>) -> Sender<Load> {
    let (sender, receiver) = channel();
    let weak = Arc::downgrade(shared);
    let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
        // Refused in a sandbox; then it runs with everybody's priority, which is only less polite.
        let _ = rustix::process::setpriority_process(None, NICE);
        work(&receiver, &weak);
    });
    if let Err(error) = thread {
        tracing::error!(%error, "cannot start a thread that loads plugins");
    }
    sender
}

fn work(receiver: &Receiver<Load>, shared: &std::sync::Weak<Shared>) {
    while let Ok(load) = receiver.recv() {
        let Some(shared) = shared.upgrade() else { return };
        try_load(&shared, load);
    }
}

#[cfg(test)]
mod tests;
