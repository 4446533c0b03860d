//! What a plugin's code does and uses, before anybody configures it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hostcall::node::Instances;
use hostcall::{Broker, Host, Roots, Services};
use model::declared::Declared;
use model::ids::PluginName;
use model::link::ExecOutcome;
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
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// `Lua` or `WebAssembly`.
    pub runtime: &'static str,
    /// What it can be asked.
    pub exports: Exports,
    /// Interfaces of the host that it names.
    pub uses: Vec<String>,
    /// Parameters that it declares; `None` when it takes any.
    pub declared: Option<Vec<Declared>>,
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
                declared: chunk.declared,
            })
        }
        Kind::Wasm => {
            let plan = all_granted();
            let guest = wasm::load(&wasm::Engine::default(), &shown, &bytes, &plan)?;
            let exports = guest.exports();
            Ok(Description {
                runtime: "WebAssembly",
                exports,
                uses: guest.imports().filter(|name| name != "types").collect(),
                declared: wasm::declared(&guest, bare_host(plan.name), &plan.limits)?,
            })
        }
    }
}

/// A host that grants nothing: for saying what it takes, a plugin needs none.
pub(crate) fn bare_host(name: PluginName) -> Host {
    let services = Services {
        broker: Arc::new(Nobody),
        roots: Roots::from_der([]),
        observer: None,
        instances: Instances::default(),
    };
    let (grants, limits) = (Grants::default(), Limits::default());
    Host::new(name, grants, limits, services, Arc::default())
}

/// Runs nothing.
struct Nobody;

impl Broker for Nobody {
    fn run(&self, _: Vec<String>, _: Duration, _: u32) -> BoxFuture<'static, Result<ExecOutcome, String>> {
        Box::pin(std::future::ready(Err(
            "nothing is run while a plugin is looked at".to_owned(),
        )))
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
