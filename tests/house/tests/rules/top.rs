//! What may lie at the top of the tree: it is the map.

use std::collections::BTreeSet;
use std::path::PathBuf;

use house::{Breach, hold, tree};

/// Everything that may lie there.
const ALLOWED: [&str; 22] = [
    ".ci",
    ".gitignore",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "Makefile",
    "README.md",
    "clippy.toml",
    "conf.d",
    "core",
    "deny.toml",
    "docs",
    "packaging",
    "plugins",
    "rustfmt.toml",
    "scripts",
    "sdk",
    "tests",
    "rust-toolchain.toml",
];

#[test]
fn the_top_is_the_map() {
    let files = tree::tracked();
    let top: BTreeSet<_> = files
        .iter()
        .filter_map(|f| f.iter().next())
        .map(PathBuf::from)
        .collect();
    let strange = top
        .into_iter()
        .filter(|entry| !ALLOWED.iter().any(|name| entry.as_os_str() == *name));
    let rule = "not one of the entries of the house; move it into a room";
    hold(
        strange
            .map(|file| Breach {
                file,
                line: 0,
                rule: rule.to_owned(),
            })
            .collect(),
    );
}
