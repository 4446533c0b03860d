//! What the house is built of: licences, sources and duplicates of every library, read from cargo itself.

use std::collections::BTreeMap;
use std::process::Command;

use house::{Breach, hold, tree};
use serde_json::Value;

/// Licences that fit under Apache-2.0 OR MIT, in a program that is given away.
const LICENCES: [&str; 13] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
    "0BSD",
    "CC0-1.0",
];

/// Also fine for what they are: certificates and their formats, read as data.
const DATA_LICENCES: [(&str, &str); 1] = [("webpki-roots", "CDLA-Permissive-2.0")];

fn packages() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let args = [
        "metadata",
        "--locked",
        "--format-version",
        "1",
        "--filter-platform",
    ];
    let output = Command::new(cargo)
        .args(args)
        .arg("x86_64-unknown-linux-gnu")
        .current_dir(tree::root())
        .output();
    let output = output.expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    // `packages` lists other platforms' libraries too; the resolved graph does not.
    let nodes = metadata["resolve"]["nodes"].as_array().expect("resolved");
    let used: Vec<&str> = nodes.iter().filter_map(|node| node["id"].as_str()).collect();
    let all = metadata["packages"].as_array().expect("packages").iter();
    all.filter(|package| package["id"].as_str().is_some_and(|id| used.contains(&id)))
        .cloned()
        .collect()
}

fn breach(package: &Value, rule: String) -> Breach {
    let line = 0;
    let rule = format!("{} {}: {rule}", text(package, "name"), text(package, "version"));
    Breach {
        file: "Cargo.lock".into(),
        line,
        rule,
    }
}

fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or("")
}

/// Whether one may choose only licences of the list: `A OR B` needs one, `A AND B` both.
fn fits(expression: &str, extra: &[&str]) -> bool {
    let plain = expression.replace(['(', ')'], " ").replace('/', " OR ");
    // Parentheses matter only where AND binds tighter than written; then each part is asked for.
    let alone = |licence: &str| LICENCES.contains(&licence.trim()) || extra.contains(&licence.trim());
    if expression.contains('(') {
        let groups = plain.split(" AND ");
        return groups.into_iter().all(|group| group.split(" OR ").any(alone));
    }
    plain.split(" OR ").any(|choice| choice.split(" AND ").all(alone))
}

#[test]
fn licences_fit() {
    let mut breaches = Vec::new();
    for package in packages() {
        let name = text(&package, "name");
        let extra: Vec<_> = DATA_LICENCES
            .iter()
            .filter(|(n, _)| *n == name)
            .map(|(_, licence)| *licence)
            .collect();
        if !fits(text(&package, "license"), &extra) {
            breaches.push(breach(
                &package,
                format!("its licence `{}` is not in the list", text(&package, "license")),
            ));
        }
    }
    hold(breaches);
}

#[test]
fn everything_comes_from_the_registry() {
    let registry = "registry+https://github.com/rust-lang/crates.io-index";
    let all = packages().into_iter();
    let strange = all.filter(|package| !package["source"].is_null() && text(package, "source") != registry);
    hold(
        strange
            .map(|package| breach(&package, "not from crates.io".to_owned()))
            .collect(),
    );
}

#[test]
fn our_own_choices_are_not_duplicated() {
    let manifest: toml::Table = tree::text("Cargo.toml".as_ref()).parse().expect("a manifest");
    let chosen = manifest["workspace"]["dependencies"]
        .as_table()
        .expect("one table of dependencies");
    let mut versions: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for package in packages() {
        versions
            .entry(text(&package, "name").to_owned())
            .or_default()
            .push(package);
    }
    let twice = versions
        .into_iter()
        .filter(|(name, all)| all.len() > 1 && chosen.contains_key(name));
    let rule =
        "compiled in more than one version; bring the users of the older one up to date, or list it here";
    let unlisted = twice.filter(|(name, _)| !KNOWN_TWICE.contains(&name.as_str()));
    hold(
        unlisted
            .flat_map(|(_, all)| all)
            .map(|package| breach(&package, rule.to_owned()))
            .collect(),
    );
}

/// Libraries of ours that something else still pins in an older version.
const KNOWN_TWICE: [&str; 0] = [];
