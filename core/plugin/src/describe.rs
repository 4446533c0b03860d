//! What a plugin's code does and uses, before anybody configures it.

use std::path::Path;
use std::sync::Arc;

use model::plan::{ExecGrant, Grants, Limits, NetGrant, PluginPlan, PluginSource, SecretSource};

use crate::lua::State;
use crate::slot::{Kind, kind};
use crate::{lua, wasm};

/// Everything that the host offers to Lua.
const INTERFACES: [&str; 18] = [
    "log",
    "clock",
    "kv",
    "metric",
    "secret",
    "codec",
    "json",
    "prometheus",
    "regex",
    "tcp",
    "http",
    "udp",
    "icmp",
    "dns",
    "files",
    "node",
    "systemd",
    "process",
];

/// What a plugin can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exports {
    /// Whether it checks.
    pub checks: bool,
    /// Whether it is told of transitions.
    pub hooks: bool,
    /// Whether it makes something true while Master.
    pub keeps: bool,
}

/// What a plugin's code does and uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// `Lua` or `WebAssembly`.
    pub runtime: &'static str,
    /// What it can be asked.
    pub exports: Exports,
    /// Interfaces of the host that it names.
    pub uses: Vec<String>,
}

/// Loads code and looks at it.
///
/// # Errors
/// In words, when it does not load.
pub fn describe(file: &Path, bytes: Vec<u8>) -> Result<Description, String> {
    let bytes: Arc<[u8]> = bytes.into();
    let shown = file.display().to_string();
    match kind(&PluginSource::File(file.to_path_buf()))? {
        Kind::Lua => {
            let limits = Limits::default();
            let chunk = lua::load(shown, Arc::clone(&bytes), &limits)?;
            let exports = State::new(&chunk, &limits)?.exports();
            Ok(Description {
                runtime: "Lua",
                exports,
                uses: named(&String::from_utf8_lossy(&bytes)),
            })
        }
        Kind::Wasm => {
            let guest = wasm::load(&wasm::Engine::default(), &shown, &bytes, &all_granted())?;
            let exports = guest.exports();
            Ok(Description {
                runtime: "WebAssembly",
                exports,
                uses: guest.imports().filter(|name| name != "types").collect(),
            })
        }
    }
}

/// What stands after `host.` outside comments. A name that is put together at run time is not seen, and not granted
/// either.
fn named(source: &str) -> Vec<String> {
    let code: Vec<&str> = source
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default())
        .collect();
    let is_used = |name: &&&str| {
        code.iter().any(|line| {
            let mut found = line.match_indices("host.");
            found.any(|(at, word)| {
                line.get(at + word.len()..)
                    .is_some_and(|rest| rest.starts_with(**name))
            })
        })
    };
    INTERFACES
        .iter()
        .filter(is_used)
        .map(|name| (*name).to_owned())
        .collect()
}

fn all_granted() -> PluginPlan {
    let any = ExecGrant {
        argv: vec!["any".to_owned()],
        any_arguments: true,
        user: None,
    };
    PluginPlan {
        name: "described".into(),
        source: PluginSource::Embedded,
        grants: Grants {
            net: vec![NetGrant::Target],
            exec: vec![any],
            read: vec!["/".into()],
            secret: [("any".to_owned(), SecretSource::Environment("ANY".to_owned()))].into(),
            units: vec!["any.service".to_owned()],
        },
        limits: Limits::default(),
    }
}
