//! WebAssembly: components without WASI. A check may find the instance of its own last run; no run sees what a run about
//! something else left.

mod bindings;
mod engine;
mod guest;
mod host;
mod inspect;
mod run;
mod shelf;

pub(crate) use engine::Engine;
pub(crate) use guest::{Guest, declared, load};
pub(crate) use inspect::{VERSION, fits};
pub(crate) use run::After;
