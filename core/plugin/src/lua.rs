//! Lua: Luau, the one dialect that can be stopped everywhere. One state for each plugin and thread; its runs are
//! coroutines in it. Anything worth keeping is the host's (kv), so a state may be thrown away at any time.

mod api;
mod connection;
mod convert;
mod declared;
mod error;
mod json;
mod run;
mod state;

use std::sync::Arc;

use model::declared::Declared;
use model::plan::Limits;

pub(crate) use run::Run;
pub(crate) use state::State;

/// Source that was found good, or is to be tried.
pub(crate) struct Chunk {
    /// How messages name it.
    pub(crate) file: String,
    source: Arc<[u8]>,
    /// What it says that it takes; `None` when it takes anything.
    pub(crate) declared: Option<Vec<Declared>>,
}

/// Largest source, in bytes.
const SOURCE_MAX: usize = 1 << 20;

/// Tries source in a state of its own: runs the chunk and looks at what it returns.
pub(crate) fn load(file: String, source: Arc<[u8]>, limits: &Limits) -> Result<Chunk, String> {
    if source.len() > SOURCE_MAX {
        return Err(format!(
            "{file}: {} bytes are too many; a Lua plugin has at most {SOURCE_MAX}",
            source.len()
        ));
    }
    if std::str::from_utf8(&source).is_err() {
        return Err(format!(
            "{file}: not text in UTF-8; Lua plugins are loaded from source, not from bytecode"
        ));
    }
    let mut chunk = Chunk {
        file,
        source,
        declared: None,
    };
    chunk.declared = State::new(&chunk, limits)?.into_declared();
    Ok(chunk)
}
