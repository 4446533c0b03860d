//! What bytes are, and what a component wants, before anything is compiled or run.

use model::plan::{Grants, PluginPlan};
use wasmtime::component::Component;

/// Largest component, in bytes.
const SIZE_MAX: usize = 8 << 20;
const PACKAGE: &str = "bellwether:plugin/";
/// What is before the last dot of the version says whether it fits: a later 0.1.x only adds.
pub(crate) const VERSION: &str = "0.1";
/// Interfaces that everybody is granted.
const FREE: [&str; 10] = [
    "types",
    "log",
    "clock",
    "kv",
    "metric",
    "codec",
    "json",
    "prometheus",
    "regex",
    "node",
];

/// Refuses what is no component, with the cure.
pub(super) fn bytes(file: &str, bytes: &[u8]) -> Result<(), String> {
    if bytes.len() > SIZE_MAX {
        return Err(format!(
            "{file}: {} bytes are too many; a component has at most {SIZE_MAX}",
            bytes.len()
        ));
    }
    match bytes {
        [0, b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(format!(
            "{file}: this is a core module; turn it into a component with `componentize IN.wasm OUT.wasm` (sdk/componentize)"
        )),
        [0x7f, b'E', b'L', b'F', ..] => Err(format!(
            "{file}: this is native code (.cwasm); give the component it was compiled from"
        )),
        [b'(', ..] => Err(format!(
            "{file}: this is WebAssembly text; give the binary component"
        )),
        _ => Err(format!(
            "{file}: this is not a WebAssembly component ({} bytes)",
            bytes.len()
        )),
    }
}

/// Refuses a component that imports what it is not granted, or something that is not ours.
pub(super) fn imports(file: &str, component: &Component, plan: &PluginPlan) -> Result<(), String> {
    let mut missing: Vec<(&str, Vec<String>)> = Vec::new();
    let kind = component.component_type();
    for (name, _) in kind.imports(component.engine()) {
        if name.starts_with("wasi:") {
            return Err(format!(
                "{file}: it imports {name}; WASI is not offered: build for wasm32-unknown-unknown (see sdk/rust)"
            ));
        }
        let interface = name.strip_prefix(PACKAGE).and_then(|name| name.split_once('@'));
        let Some((interface, version)) = interface else {
            return Err(format!(
                "{file}: it imports {name}, which is not of bellwether; a plugin has only what sdk/wit offers"
            ));
        };
        if !fits(version) {
            return Err(format!(
                "{file}: it wants version {version} of the host API; this bellwether speaks {VERSION}: build it with \
                 the sdk of this version"
            ));
        }
        if let Some(line) = grant_for(interface, &plan.grants) {
            match missing.iter_mut().find(|(known, _)| *known == line) {
                Some((_, who)) => who.push(interface.to_owned()),
                None => missing.push((line, vec![interface.to_owned()])),
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let lines = missing
        .iter()
        .map(|(line, who)| format!("{line} for {}", who.join(", ")));
    let lines: Vec<String> = lines.collect();
    let name = &plan.name;
    Err(format!(
        "{file}: plugin {name} lacks grants: {}",
        lines.join("; ")
    ))
}

/// The grant that is missing for an interface. Secrets are asked for by name when one is wanted: a password is what
/// a check can be given, and who gives none has none to grant.
fn grant_for(interface: &str, grants: &Grants) -> Option<&'static str> {
    match interface {
        free if FREE.contains(&free) => None,
        "tcp" | "http" | "udp" | "icmp" | "dns" if grants.net.is_empty() => Some("net = [\"target\"]"),
        "process" if grants.exec.is_empty() => Some("exec = [[\"/usr/bin/PROGRAM\", \"*\"]]"),
        "files" if grants.read.is_empty() => Some("read = [\"/PATH\"]"),
        "systemd" if grants.units.is_empty() => Some("units = [\"NAME.service\"]"),
        _ => None,
    }
}

/// The host's interfaces that a component imports.
pub(super) fn interfaces(component: &Component) -> Vec<String> {
    let kind = component.component_type();
    let names = kind.imports(component.engine()).filter_map(|(name, _)| {
        let (name, _) = name.strip_prefix(PACKAGE)?.split_once('@')?;
        Some(name.to_owned())
    });
    names.collect()
}

/// Whether an interface of that version is offered.
pub(crate) fn fits(version: &str) -> bool {
    let rest = version.strip_prefix(VERSION);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
