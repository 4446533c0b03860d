use super::*;

#[test]
fn the_edited_plugin_says_other_words_and_the_broken_one_breaks_at_its_line() {
    let (good, edited, broken) = (plugin("is well"), plugin("is new"), broken_plugin("is well"));
    assert!(good.contains("\" is well\"") && edited.contains("\" is new\""));
    let differs = |n: &usize| good.lines().nth(*n) != broken.lines().nth(*n);
    let lines: Vec<usize> = (0..20).filter(differs).map(|n| n + 1).collect();
    assert_eq!(lines, [usize::try_from(BROKEN_LINE).expect("a small number")]);
}

/// What the directors are given has no mistake in it.
#[test]
fn the_configuration_is_good() {
    for machine in [Machine::Lb1, Machine::Lb2] {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path();
        let shape = Shape {
            advert: Duration::from_millis(10),
            weights: [3, 2, 1],
        };
        fs::write(path.join("10.toml"), elections(machine, path, shape)).expect("written");
        fs::write(path.join("20.toml"), balancing(path, shape)).expect("written");
        assert_good(path);
    }
}

/// The README's TOML is a configuration, taken together.
#[test]
fn the_readme_is_good() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(readme).expect("a README");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let blocks: Vec<&str> = readme
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(blocks.len() >= 2, "a configuration and a plugin's");
    for (n, block) in blocks.iter().enumerate() {
        fs::write(directory.path().join(format!("{n}.toml")), block).expect("written");
    }
    assert_good(directory.path());
}

fn assert_good(path: &Path) {
    let loaded = config::load(&[path.to_owned()], &config::Environment::default());
    let found: Vec<String> = loaded
        .diagnostics
        .iter()
        .map(|diagnostic| format!("{diagnostic:?}"))
        .collect();
    assert!(loaded.plan.is_some() && found.is_empty(), "{found:#?}");
}
