//! The contract of sdk/wit, Lua's stubs and what Lua really has are in step.

use super::kit::{ask, plan, platform, settled};

const CONTRACT: &str = include_str!("../../../../sdk/wit/bellwether.wit");
const STUBS: &str = include_str!("../../../../sdk/lua/bellwether.lua");

/// All that the host offers, in the contract's words: `codec.digest`, `tcp.connection.read`.
pub(super) fn host_functions() -> Vec<String> {
    let mut all = Vec::new();
    let mut interface = "";
    for line in CONTRACT.lines() {
        if let Some(name) = line.strip_prefix("interface ") {
            interface = name.trim_end_matches(" {");
        }
        let Some((name, _)) = line.split_once(": func(") else {
            continue;
        };
        match (interface, name.len() - name.trim_start().len()) {
            ("described" | "checker" | "hook" | "keeper", _) => {}
            (_, 2) => all.push(format!("{interface}.{}", name.trim_start())),
            _ => all.push(format!("{interface}.connection.{}", name.trim_start())),
        }
    }
    all
}

/// The same under Lua names; methods of `connection` as `Connection:read`.
fn functions() -> Vec<String> {
    let lua = |name: &String| match name.replace('-', "_").strip_prefix("tcp.connection.") {
        Some(method) => format!("Connection:{method}"),
        None => format!("host.{}", name.replace('-', "_")),
    };
    host_functions().iter().map(lua).collect()
}

#[test]
fn every_function_has_its_stub_and_no_stub_is_alone() {
    let wanted = functions();
    assert!(wanted.len() > 20, "{wanted:?}");
    for name in &wanted {
        assert!(
            STUBS.contains(&format!("function {name}(")),
            "sdk/lua lacks {name}"
        );
    }
    // The one thing without a twin in the contract, which has no value of any type.
    let only_lua = ["host.json.encode", "host.json.decode"];
    for line in STUBS.lines().filter_map(|line| line.strip_prefix("function ")) {
        let name = line.split('(').next().unwrap_or_default();
        let is_known = wanted.iter().any(|known| known == name) || only_lua.contains(&name);
        assert!(is_known, "{name} of sdk/lua is not in sdk/wit");
    }
}

#[tokio::test]
async fn every_function_is_there() {
    let functions = functions();
    let lines = functions.iter().filter(|name| name.starts_with("host."));
    let looks: String = lines
        .map(|name| format!("  assert(type({name}) == 'function', '{name}')\n"))
        .collect();
    let source = format!("return {{ check = function()\n{looks}  return 'up'\nend }}");
    let platform = platform();
    platform.set_plugins(vec![plan("it", "it.lua")]);
    platform.set_code("it".into(), Ok(source.into()));
    settled(&platform, |status| status.generation == 1).await;
    let verdict = platform.ask(ask("it", None, Default::default())).await;
    assert_eq!(verdict.status.word(), "up", "{}", verdict.reason);
}
