//! Which room may know which other, and which library.

use std::collections::BTreeSet;
use std::path::PathBuf;

use house::{Breach, hold, tree};

/// Rooms and what they may depend on. `daemon` connects them all.
const ROOMS: [(&str, &[&str]); 8] = [
    ("model", &[]),
    ("wire", &[]),
    ("engine", &["model", "wire"]),
    ("config", &["model"]),
    ("linux", &["model", "wire"]),
    ("hostcall", &["model"]),
    ("plugin", &["model", "hostcall"]),
    (
        "daemon",
        &["model", "wire", "engine", "config", "linux", "hostcall", "plugin"],
    ),
];

/// Libraries, by the beginning of their names, and the only rooms that may use them.
const GUARDED: [(&str, &[&str]); 14] = [
    ("wasmtime", &["plugin"]),
    ("mlua", &["plugin"]),
    ("wit-", &["plugin"]),
    ("rustls", &["hostcall"]),
    ("tokio-rustls", &["hostcall"]),
    ("openssl", &[]),
    ("native-tls", &[]),
    ("rtnetlink", &["linux"]),
    ("netlink-", &["linux"]),
    ("socket2", &["linux", "hostcall"]),
    ("libc", &["linux"]),
    ("landlock", &["linux"]),
    ("seccompiler", &["linux"]),
    ("tokio", &["linux", "hostcall", "plugin", "daemon"]),
];

/// How many libraries the innermost rooms may stand on, our own rooms not counted. Those of wire are the digests that
/// prove an advert.
const FEW: [(&str, usize); 3] = [("model", 2), ("wire", 3), ("engine", 3)];

/// Names in the dependency tables of a room's manifest; those of tests too when `with_dev`.
fn dependencies(room: &str, with_dev: bool) -> BTreeSet<String> {
    let manifest = tree::text(&manifest(room));
    let manifest: toml::Table = manifest.parse().expect("cargo read this manifest before us");
    let mut tables = vec![&manifest];
    tables.extend(
        manifest
            .get("target")
            .and_then(toml::Value::as_table)
            .into_iter()
            .flat_map(|targets| targets.values().filter_map(toml::Value::as_table)),
    );
    let kinds = ["dependencies", "build-dependencies", "dev-dependencies"];
    let kinds = &kinds[..if with_dev { 3 } else { 2 }];
    let named = tables
        .iter()
        .flat_map(|t| kinds.iter().filter_map(|kind| t.get(*kind)?.as_table()));
    named.flat_map(|table| table.keys().cloned()).collect()
}

fn manifest(room: &str) -> PathBuf {
    PathBuf::from("core").join(room).join("Cargo.toml")
}

#[test]
fn every_room_is_known() {
    let mut breaches = Vec::new();
    for file in tree::tracked() {
        let parts: Vec<_> = file.iter().map(|p| p.to_string_lossy().into_owned()).collect();
        if let [core, room, name] = parts.as_slice()
            && core == "core"
            && name == "Cargo.toml"
            && !ROOMS.iter().any(|(known, _)| known == room)
        {
            let rule = format!(
                "the room {room} has no arrows yet; write them into tests/house/tests/rules/arrows.rs"
            );
            breaches.push(Breach { file, line: 0, rule });
        }
    }
    hold(breaches);
}

#[test]
fn rooms_know_only_what_the_arrows_allow() {
    let mut breaches = Vec::new();
    for (room, allowed) in ROOMS {
        for name in dependencies(room, true) {
            let is_room = ROOMS.iter().any(|(known, _)| *known == name);
            if is_room && !allowed.contains(&name.as_str()) {
                let rule = format!("{room} may not depend on {name}; what both need belongs to model");
                breaches.push(Breach {
                    file: manifest(room),
                    line: 0,
                    rule,
                });
            }
        }
    }
    hold(breaches);
}

#[test]
fn guarded_libraries_stay_in_their_rooms() {
    let mut breaches = Vec::new();
    for (room, _) in ROOMS {
        for name in dependencies(room, false) {
            let guard = GUARDED
                .iter()
                .filter(|(library, _)| name.starts_with(library))
                .max_by_key(|(l, _)| l.len());
            if let Some((library, rooms)) = guard
                && !rooms.contains(&room)
            {
                let rule = format!("{room} may not use {name}: {library} is for {rooms:?}");
                breaches.push(Breach {
                    file: manifest(room),
                    line: 0,
                    rule,
                });
            }
        }
    }
    hold(breaches);
}

#[test]
fn inner_rooms_stand_on_few_libraries() {
    let mut breaches = Vec::new();
    for (room, most) in FEW {
        let names = dependencies(room, false);
        let libraries: Vec<_> = names
            .iter()
            .filter(|name| !ROOMS.iter().any(|(room, _)| room == *name))
            .collect();
        if libraries.len() > most {
            let rule = format!("{room} stands on {libraries:?}; {most} at most");
            breaches.push(Breach {
                file: manifest(room),
                line: 0,
                rule,
            });
        }
    }
    hold(breaches);
}

#[test]
fn versions_are_written_once() {
    let mut breaches = Vec::new();
    for file in tree::tracked()
        .into_iter()
        .filter(|f| f.ends_with("Cargo.toml") && f.starts_with("core"))
    {
        for (n, line) in tree::text(&file).lines().enumerate() {
            if line.contains("version = \"")
                || line.contains("git = \"")
                || line.trim_end().ends_with(" = \"*\"")
            {
                let rule = "versions stand in [workspace.dependencies] only".to_owned();
                breaches.push(Breach {
                    file: file.clone(),
                    line: n + 1,
                    rule,
                });
            }
        }
    }
    hold(breaches);
}
