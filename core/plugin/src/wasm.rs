//! WebAssembly: components without WASI. A fresh instance for each run, so that no run sees what another left.

mod bindings;
mod engine;
mod guest;
mod host;
mod inspect;
mod run;

pub(crate) use engine::Engine;
pub(crate) use guest::{Guest, declared, load};
pub(crate) use inspect::{VERSION, fits};
