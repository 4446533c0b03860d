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
    mine.wasm: plugin it lacks grants: secret = { NAME = "/PATH" } for secret; net = ["target"] for tcp, http, udp, icmp, dns; read = ["/PATH"] for files; units = ["NAME.service"] for systemd; exec = [["/usr/bin/PROGRAM", "*"]] for process
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
