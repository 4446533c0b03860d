//! Every message as its reader sees it: `tests/bad/NAME.toml` or `NAME.conf` draws exactly `NAME.err`.
//! A new case is a new file. `BLESS=1 cargo test -p config` writes the `.err` files; read the difference.

use std::fs;
use std::path::{Path, PathBuf};

use config::{Environment, Loaded, load};

const WIDTH: usize = 100;

fn environment() -> Environment {
    Environment {
        host_name: "lb1.example.org".to_owned(),
        variables: [("COLOUR".to_owned(), "blue".to_owned())].into(),
        ..Environment::default()
    }
}

/// Paths in messages are as given, so they are given relative to the crate, where tests are run.
fn files(directory: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(directory)
        .expect("the directory is part of the crate")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| {
            extensions
                .iter()
                .any(|wanted| path.extension().is_some_and(|found| found == *wanted))
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no cases in {directory}");
    files
}

fn same(expected: &Path, found: &str) -> bool {
    if std::env::var_os("BLESS").is_some() {
        fs::write(expected, found).expect("the crate can be written");
        return true;
    }
    let wanted = fs::read_to_string(expected).unwrap_or_default();
    if wanted != found {
        eprintln!("--- {} wants\n{wanted}\n--- found\n{found}", expected.display());
    }
    wanted == found
}

fn loaded(path: &Path) -> Loaded {
    load(&[path.to_owned()], &environment())
}

// holds VRRP-023, VRRP-031, VRRP-034, VRRP-200, VRRP-201, VRRP-220, VRRP-223, VRRP-240, VRRP-241
#[test]
fn every_mistake_draws_its_message() {
    let mut good = true;
    let mut names = std::collections::BTreeSet::new();
    for path in files("tests/bad", &["toml", "conf"]) {
        assert!(
            names.insert(path.file_stem().map(ToOwned::to_owned)),
            "{} has a namesake",
            path.display()
        );
        let loaded = loaded(&path);
        assert!(!loaded.diagnostics.is_empty(), "{} draws nothing", path.display());
        assert_eq!(
            loaded.plan.is_none(),
            loaded.diagnostics.has_errors(),
            "{}",
            path.display()
        );
        good &= same(
            &path.with_extension("err"),
            &loaded.diagnostics.render(false, WIDTH),
        );
    }
    assert!(good, "messages differ; BLESS=1 takes the new ones");
}

/// What keepalived.conf files of real shape become: `NAME.plan` holds the warnings and the plan.
// holds VRRP-076
#[test]
fn keepalived_files_become_plans() {
    let mut good = true;
    for path in files("tests/keepalived", &["conf"]) {
        let loaded = loaded(&path);
        let text = loaded.diagnostics.render(false, WIDTH);
        let plan = loaded
            .plan
            .unwrap_or_else(|| panic!("{}:\n{text}", path.display()));
        good &= same(&path.with_extension("plan"), &format!("{text}{plan:#?}\n"));
    }
    assert!(good, "plans differ; BLESS=1 takes the new ones");
}

#[test]
fn every_example_loads_without_a_word() {
    for path in files("../../conf.d", &["toml"]) {
        let loaded = loaded(&path);
        assert_eq!(loaded.diagnostics.render(false, WIDTH), "", "{}", path.display());
    }
}

#[test]
fn the_examples_load_together() {
    let loaded = load(&[PathBuf::from("../../conf.d")], &environment());
    assert_eq!(loaded.diagnostics.render(false, WIDTH), "");
    let plan = loaded.plan.expect("no error was reported");
    assert_eq!(
        (plan.instances.len(), plan.groups.len(), plan.services.len()),
        (6, 1, 3)
    );
    let plugins: Vec<&str> = plan.plugins.iter().map(|plugin| plugin.name.as_str()).collect();
    assert_eq!(
        plugins,
        ["webhook", "cloud-address", "misc", "http", "redis", "tcp"]
    );
}
