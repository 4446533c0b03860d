//! What authors and operators read.

use super::kit::{does, guest, load_error, loaded, plan, platform, settled};

async fn lua(source: &str) -> String {
    load_error("/etc/bellwether/plugins/mine.lua", source.as_bytes()).await
}

async fn wasm(bytes: &[u8]) -> String {
    load_error("/etc/bellwether/plugins/mine.wasm", bytes).await
}

#[tokio::test]
async fn lua_that_does_not_load() {
    let mut all = Vec::new();
    for source in [
        "local x =\n\nreturn {",
        "return 7",
        "return {}",
        "return { check = 7 }",
        "local t = nil\nreturn t.x",
        "while true do end",
        "local t = {} while true do table.insert(t, string.rep('x', 100000) .. #t) end",
        "host.clock.sleep(1)",
        "\0binary",
    ] {
        all.push(lua(source).await);
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    /etc/bellwether/plugins/mine.lua:3: Expected identifier when parsing expression, got 'return'
    /etc/bellwether/plugins/mine.lua: it returned integer; it must return a table with the function `check` or `on_change`
    /etc/bellwether/plugins/mine.lua: the table it returned has none of `check`, `on_change`, and `verify` with `apply` and `undo`
    /etc/bellwether/plugins/mine.lua: `check` is integer; it must be a function
    /etc/bellwether/plugins/mine.lua:2: attempt to index nil with 'x'
    /etc/bellwether/plugins/mine.lua:1: stopped: it used all of its processor time: loading took more than 500 ms of processor time
    /etc/bellwether/plugins/mine.lua: it needed more memory than its limit (16777216 bytes)
    /etc/bellwether/plugins/mine.lua:1: the host can only be called from `check` and `on_change`, not while loading
    /etc/bellwether/plugins/mine.lua: it returned nil; it must return a table with the function `check` or `on_change`
    "#);
}

#[tokio::test]
async fn lua_that_says_odd_things_of_itself() {
    let with = |fields: &str| format!("return {{ check = print, {fields} }}");
    let mut all = Vec::new();
    for fields in [
        "api = '0.9'",
        "api = 0.1",
        "parameters = 'lag'",
        "parameters = { 'lag' }",
        "parameters = { { kind = 'text' } }",
        "parameters = { { name = 'lag', kind = 'seconds' } }",
        "parameters = { { name = 'lag', kind = 'number', least = 1 } }",
        "parameters = { { name = 'lag', kind = 'number', min = 'one' } }",
        "parameters = { { name = 'Lag', kind = 'number' } }",
        "parameters = { { name = 'lag', kind = 'number' }, { name = 'lag', kind = 'text' } }",
        "parameters = { { name = 'lag', kind = 'number', min = 2, max = 1 } }",
        "parameters = { { name = 'lag', kind = 'number', min = 0/0 } }",
    ] {
        all.push(load_error("mine.lua", with(fields).as_bytes()).await);
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    mine.lua: it wants version 0.9 of the host API; this bellwether speaks 0.1
    mine.lua: `api` is a text, such as api = "0.1"
    mine.lua: `parameters` is a list of tables, each with a name and a kind
    mine.lua: parameters[1] is no table with a name and a kind
    mine.lua: parameters[1]: `name` is a text
    mine.lua: parameters[1]: "seconds" is no kind; text, number, whole, flag, list, table
    mine.lua: parameters[1]: its fields are name, kind, required, min, max, one_of, meaning
    mine.lua: parameters[1]: `min` is a number
    mine.lua: it declares a parameter "Lag"; a name has lower-case letters, digits and _
    mine.lua: it declares the parameter lag twice
    mine.lua: it declares the parameter lag within bounds that no number is in
    mine.lua: it declares the parameter lag within bounds that no number is in
    "#);
}

#[tokio::test]
async fn a_component_of_another_version_does_not_load() {
    let mut bytes = guest("probe");
    let (old, new) = (b"@0.1.0", b"@0.9.0");
    for at in 0..bytes.len() - old.len() {
        if bytes[at..].starts_with(old) {
            bytes[at..at + new.len()].copy_from_slice(new);
        }
    }
    insta::assert_snapshot!(load_error("mine.wasm", &bytes).await, @"mine.wasm: it wants version 0.9.0 of the host API; this bellwether speaks 0.1: build it with the sdk of this version");
}

#[tokio::test]
async fn verdicts_that_are_nonsense_are_unknown() {
    let source = r#"
local odd = {
  nothing = function() end,
  maybe = function() return "maybe" end,
  nan = function() return "up", "", 0/0 end,
  half = function() return "up", "", 0.5 end,
  negative = function() return "up", "", -1 end,
  huge = function() return "up", "", 65536 end,
  infinite = function() return "up", "", math.huge end,
  list = function() return "up", {} end,
  book = function() return "down", string.rep("x", 70000) end,
}
return { check = function(target) return odd[target.parameters.act]() end }"#;
    let platform = loaded("mine.lua", source.into()).await;
    let mut all = Vec::new();
    for act in [
        "nothing", "maybe", "nan", "half", "negative", "huge", "infinite", "list", "book",
    ] {
        let verdict = does(&platform, None, act).await;
        all.push(format!("{}: {}", verdict.status.word(), verdict.reason));
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    unknown: mine.lua: check returned nil as its status; it must be up, down or unknown
    unknown: mine.lua: check returned the status "maybe"; it must be up, down or unknown
    unknown: mine.lua: check returned number as its weight; it must be a whole number
    unknown: mine.lua: check returned number as its weight; it must be a whole number
    unknown: mine.lua: check returned the weight -1; it must be 0 to 65535
    unknown: mine.lua: check returned the weight 65536; it must be 0 to 65535
    unknown: mine.lua: check returned number as its weight; it must be a whole number
    unknown: mine.lua: check returned table as its reason; it must be a string
    unknown: mine.lua: check returned a reason of 70000 bytes; it must be at most 65536, of which 512 are kept
    "#);
}

#[tokio::test]
async fn components_that_do_not_load() {
    let good = guest("probe");
    let core = b"\0asm\x01\0\0\0";
    let empty = b"\0asm\x0d\0\x01\0";
    let mut all = Vec::new();
    for bytes in [
        &core[..],
        empty,
        b"\x7fELF\x02",
        b"(component)",
        b"#!/bin/sh",
        b"",
    ] {
        all.push(wasm(bytes).await);
    }
    let truncated = wasm(&good[..good.len() - 100]).await;
    let place = truncated.find("(at offset").unwrap_or(truncated.len());
    all.push(truncated[..place].trim_end().to_owned());
    insta::assert_snapshot!(all.join("\n"), @r#"
    /etc/bellwether/plugins/mine.wasm: this is a core module; turn it into a component with `componentize IN.wasm OUT.wasm` (sdk/componentize)
    /etc/bellwether/plugins/mine.wasm: it exports none of checker, hook and keeper of bellwether:plugin, version 0.1
    /etc/bellwether/plugins/mine.wasm: this is native code (.cwasm); give the component it was compiled from
    /etc/bellwether/plugins/mine.wasm: this is WebAssembly text; give the binary component
    /etc/bellwether/plugins/mine.wasm: this is not a WebAssembly component (9 bytes)
    /etc/bellwether/plugins/mine.wasm: this is not a WebAssembly component (0 bytes)
    /etc/bellwether/plugins/mine.wasm: not a valid component: failed to parse WebAssembly module: unexpected end-of-file
    "#);
}

#[tokio::test]
async fn grants_that_are_missing() {
    let mut all = Vec::new();
    let platform = platform();
    let mut bare = plan("it", "mine.wasm");
    bare.grants = model::plan::Grants::default();
    platform.set_plugins(vec![bare]);
    platform.set_code("it".into(), Ok(guest("probe")));
    all.extend(settled(&platform, |status| status.error.is_some()).await.error);
    let mut bare = plan("it", "mine.lua");
    bare.grants = model::plan::Grants::default();
    platform.set_plugins(vec![bare]);
    let source = "return { check = function(t)\n  return host[t.parameters.act].send({})\nend }";
    platform.set_code("it".into(), Ok(source.into()));
    settled(&platform, |status| status.generation == 1).await;
    all.push(does(&platform, None, "http").await.reason);
    insta::assert_snapshot!(all.join("\n"), @r#"
    mine.wasm: plugin it lacks grants: net = ["target"] for tcp, http, udp, icmp, dns; read = ["/PATH"] for files; units = ["NAME.service"] for systemd; exec = [["/usr/bin/PROGRAM", "*"]] for process
    mine.lua:2: host.http is not granted; add net = ["target"] to the plugin's grants
    "#);
}

#[tokio::test]
async fn runs_that_fail() {
    let source = "local function deep(t)\n  return t.x.y\nend\nreturn { check = function(target)\n  local act = target.parameters.act\n  if act == 'nil' then return deep({}) end\n  if act == 'spin' then\n    while true do end\n  end\n  if act == 'argument' then return host.kv.get(7) end\n  if act == 'scope' then return host.kv.get('world', 'k') end\n  if act == 'url' then return host.http.send({ url = 'ftp://x' }) end\nend }";
    let platform = loaded("mine.lua", source.into()).await;
    let mut all = Vec::new();
    for act in ["nil", "spin", "argument", "scope", "url", "none"] {
        all.push(does(&platform, None, act).await.reason);
    }
    insta::assert_snapshot!(all.join("\n"), @r#"
    mine.lua:2: attempt to index nil with 'y'
    mine.lua:8: stopped: it used all of its processor time (500 ms)
    mine.lua:10: bad argument 2 to the function: expected string, got nil
    mine.lua:11: "world" is no scope: target or plugin
    mine.lua:12: "ftp://x" is no URL for http: it does not begin with http:// or https://
    mine.lua: check returned nil as its status; it must be up, down or unknown
    "#);
}
