//! Reads `conf.d/*.toml` and `keepalived.conf`, reports every mistake of all files in one run, and lowers both
//! languages to one [`model::plan::Plan`].
//!
//! A text goes through three steps, and each adds to the same [`Diagnostics`]:
//!
//! 1. [`toml`] or [`keepalived`] reads its language into a draft: plan values beside the places they were written.
//! 2. `check` judges drafts, whichever language they came from: names that refer to nothing, VRIDs used twice.
//! 3. `plugins` finds the plugins that the plan uses and what each has to be granted.
//!
//! A plan is handed out only when there is no error. What exists on this machine (interfaces, users, programs) is
//! not asked here: it can change while the daemon runs, so it is a Fault of an instance and no mistake of a file.

mod load;
pub use load::{Declares, Environment, Loaded, Looks, load};

mod diagnostics;
pub use diagnostics::{Diagnostic, Diagnostics, Severity};

mod keepalived;
mod toml;

mod iproute;
pub use iproute::RouteNames;

mod check;
mod draft;
mod plugins;
mod secret;
pub use plugins::{EMBEDDED, grants_of, needs, net_grant};

mod file;
mod source;
mod unit;
mod vmac;
mod words;
