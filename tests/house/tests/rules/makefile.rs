//! Commands that the documents promise exist.

use std::collections::BTreeSet;

use house::{Breach, hold, tree};

/// Targets of the Makefile.
fn targets() -> BTreeSet<String> {
    let text = tree::text("Makefile".as_ref());
    let heads = text
        .lines()
        .filter_map(|line| line.split_once(':').map(|(name, _)| name));
    heads.filter(|name| is_target(name)).map(str::to_owned).collect()
}

fn is_target(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-')
}

#[test]
fn make_targets_in_documents_exist() {
    let targets = targets();
    let mut breaches = Vec::new();
    let documents = tree::tracked()
        .into_iter()
        .filter(|f| f.extension().is_some_and(|e| e == "md"));
    for file in documents {
        for (n, line) in tree::text(&file).lines().enumerate() {
            // Only as a command: in backquotes, or a line that begins with it.
            let commands = line
                .split("`make ")
                .skip(1)
                .chain(line.trim().strip_prefix("make "));
            for command in commands {
                let name: String = command
                    .chars()
                    .take_while(|c| c.is_ascii_lowercase() || *c == '-')
                    .collect();
                if is_target(&name) && !targets.contains(&name) {
                    let rule = format!("the Makefile has no target {name}");
                    breaches.push(Breach {
                        file: file.clone(),
                        line: n + 1,
                        rule,
                    });
                }
            }
        }
    }
    hold(breaches);
}
