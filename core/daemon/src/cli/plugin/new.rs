//! Skeletons that work as they are.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{Kind, Language};

const LUA_CHECK: &str = include_str!("../../../../../sdk/templates/check.lua");
const LUA_HOOK: &str = include_str!("../../../../../sdk/templates/hook.lua");
const LUA_RESOURCE: &str = include_str!("../../../../../sdk/templates/resource.lua");
const RUST_CHECK: &str = include_str!("../../../../../sdk/templates/rust/check.rs");
const RUST_HOOK: &str = include_str!("../../../../../sdk/templates/rust/hook.rs");
const RUST_RESOURCE: &str = include_str!("../../../../../sdk/templates/rust/resource.rs");
const RUST_MANIFEST: &str = include_str!("../../../../../sdk/templates/rust/manifest.toml");
const CHECK_TESTS: &str = include_str!("../../../../../sdk/templates/check.test.toml");
const HOOK_TESTS: &str = include_str!("../../../../../sdk/templates/hook.test.toml");
const LUA_RESOURCE_TESTS: &str = include_str!("../../../../../sdk/templates/resource.test.toml");
const RUST_RESOURCE_TESTS: &str = include_str!("../../../../../sdk/templates/rust/resource.test.toml");
/// What guests are written with comes along: one directory holds all that is needed.
const SDK_LIBRARY: &str = include_str!("../../../../../sdk/rust/src/lib.rs");
const SDK_MANIFEST: &str = include_str!("../../../../../sdk/rust/Cargo.toml");
const CONTRACT: &str = include_str!("../../../../../sdk/wit/bellwether.wit");
const STUBS: &str = include_str!("../../../../../sdk/lua/bellwether.lua");

/// What the templates call themselves.
const NAME: &str = "example";

/// Writes the files, and says what to do next.
pub(super) fn make(language: Language, kind: Kind, name: &str, dir: &Path) -> anyhow::Result<String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(fits) {
        bail!("{name:?} is no name for a plugin: lower-case letters, digits and -, and a letter first");
    }
    let (made, first) = match language {
        Language::Lua => lua(kind, name, dir)?,
        Language::Rust => rust(kind, name, dir)?,
    };
    let mut text = String::new();
    for file in &made {
        text += &format!("made {}\n", file.display());
    }
    let first = first.display();
    text += match language {
        Language::Lua => "",
        Language::Rust => {
            "build it: cargo build --release --target wasm32-unknown-unknown, then turn the .wasm into a component with \
             sdk/componentize or `wasm-tools component new`\n"
        }
    };
    text += &format!("test it: bellwether plugin test {first}\n");
    text += &match kind {
        Kind::Check => format!("try it: bellwether plugin run {first} --target 127.0.0.1:80 --trace\n"),
        Kind::Hook => format!("try it: bellwether plugin run {first} --event master --trace\n"),
        Kind::Resource => format!("try it: bellwether plugin run {first} --step verify --trace\n"),
    };
    Ok(text)
}

fn lua(kind: Kind, name: &str, dir: &Path) -> anyhow::Result<(Vec<PathBuf>, PathBuf)> {
    let template = match kind {
        Kind::Check => LUA_CHECK,
        Kind::Hook => LUA_HOOK,
        Kind::Resource => LUA_RESOURCE,
    };
    let file = dir.join(format!("{name}.lua"));
    write(&file, &template.replace(NAME, name))?;
    // For the editor: completion and types of `host`.
    let stubs = dir.join("bellwether.d.lua");
    let tests = file.with_extension("test.toml");
    write(&tests, &tests_of(Language::Lua, kind, name))?;
    let mut made = vec![file.clone(), tests];
    if !stubs.exists() {
        write(&stubs, STUBS)?;
        made.push(stubs);
    }
    Ok((made, file))
}

/// What `plugin test` does with it.
fn tests_of(language: Language, kind: Kind, name: &str) -> String {
    let template = match (kind, language) {
        (Kind::Check, _) => CHECK_TESTS,
        (Kind::Hook, _) => HOOK_TESTS,
        (Kind::Resource, Language::Lua) => LUA_RESOURCE_TESTS,
        (Kind::Resource, Language::Rust) => RUST_RESOURCE_TESTS,
    };
    template.replace(NAME, name)
}

fn rust(kind: Kind, name: &str, dir: &Path) -> anyhow::Result<(Vec<PathBuf>, PathBuf)> {
    let template = match kind {
        Kind::Check => RUST_CHECK,
        Kind::Hook => RUST_HOOK,
        Kind::Resource => RUST_RESOURCE,
    };
    let root = dir.join(name);
    let files = [
        (root.join("Cargo.toml"), RUST_MANIFEST.replace(NAME, name)),
        (root.join("src/lib.rs"), template.replace(NAME, name)),
        (
            root.join(format!("{name}.test.toml")),
            tests_of(Language::Rust, kind, name),
        ),
        (root.join("bellwether-plugin/Cargo.toml"), sdk_manifest()),
        (root.join("bellwether-plugin/src/lib.rs"), SDK_LIBRARY.to_owned()),
        (root.join("wit/bellwether.wit"), CONTRACT.to_owned()),
    ];
    for (file, text) in &files {
        write(file, text)?;
    }
    let made = files.into_iter().map(|(file, _)| file).collect();
    Ok((made, root.join(format!("{name}.wasm"))))
}

/// Without what it says of the tree it comes from.
fn sdk_manifest() -> String {
    let at = SDK_MANIFEST.find("[package]").unwrap_or(0);
    let text = SDK_MANIFEST.get(at..).unwrap_or(SDK_MANIFEST);
    let end = text.find("[profile").unwrap_or(text.len());
    text.get(..end).unwrap_or(text).trim_end().to_owned() + "\n"
}

/// A new file: what is there already is never written over.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let failed = || format!("cannot make {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(failed)?;
    }
    let mut file = fs::File::create_new(path).with_context(failed)?;
    file.write_all(text.as_bytes()).with_context(failed)
}
