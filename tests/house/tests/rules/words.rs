//! The tree speaks of the product alone: nothing of the place where it was made, no secrets, no leftovers.

use house::{Breach, hold, tree};

/// Text that no tracked file may hold, and why. Written in halves, so that this file does not hold it itself.
fn forbidden() -> Vec<(String, &'static str)> {
    let machine = "a path of the machine it was written on";
    let leftover = "a leftover of editing";
    let parts: [(&[&str], &str); 9] = [
        (&["/wo", "rk/"], machine),
        (&["/var/tmp", "/t-"], machine),
        (&["/root", "/.cargo"], machine),
        (&["<<<<", "<<< "], leftover),
        (&[">>>>", ">>> "], leftover),
        (&["FIX", "ME"], "either it is right or it is not here"),
        (&["XX", "X:"], "either it is right or it is not here"),
        (&["BEGIN PRIVATE", " KEY"], "a private key"),
        (&["BEGIN RSA PRIVATE", " KEY"], "a private key"),
    ];
    parts
        .into_iter()
        .map(|(halves, why)| (halves.concat(), why))
        .collect()
}

#[test]
fn nothing_of_the_workshop_is_left_in_it() {
    let forbidden = forbidden();
    let mut breaches = Vec::new();
    for file in tree::tracked() {
        for (n, line) in tree::text(&file).lines().enumerate() {
            for (text, why) in forbidden.iter().filter(|(text, _)| line.contains(text.as_str())) {
                breaches.push(Breach {
                    file: file.clone(),
                    line: n + 1,
                    rule: format!("`{text}`: {why}"),
                });
            }
        }
    }
    hold(breaches);
}

#[test]
fn files_are_text_of_reasonable_size() {
    let rule = "above 1 MiB; a test fixture is made, not kept";
    let root = tree::root();
    let large =
        |file: &std::path::PathBuf| std::fs::metadata(root.join(file)).is_ok_and(|m| m.len() > 1 << 20);
    let files = tree::tracked().into_iter().filter(large);
    hold(
        files
            .map(|file| Breach {
                file,
                line: 0,
                rule: rule.to_owned(),
            })
            .collect(),
    );
}
