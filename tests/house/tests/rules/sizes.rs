//! One screen, one thought: how long files and functions may be. Only lines with code count.

use std::path::{Path, PathBuf};

use house::{Breach, hold, mask, tree};

/// A file above this is a smell, and must be listed.
const SMELL: usize = 400;
/// No file is above this.
const STOP: usize = 600;
/// No function is above this.
const FUNCTION: usize = 70;
/// Tests hold tables, which are easy to read at length. Their files know only the stop.
const TEST_FUNCTION: usize = 120;

/// Files above [`SMELL`] and their size when they were listed. Sizes may only shrink; a file that is short enough
/// again leaves the list.
const LISTED: [(&str, usize); 0] = [];

fn rust() -> Vec<PathBuf> {
    ["core", "sdk", "plugins", "tests"]
        .iter()
        .flat_map(|folder| tree::rust(folder))
        .collect()
}

/// `foo/tests.rs`, `tests/foo.rs` in a crate; the folder `tests` at the top is a room like any other.
fn is_test(file: &Path) -> bool {
    file.iter()
        .skip(1)
        .any(|part| part == "tests" || part == "tests.rs")
}

#[test]
fn files_are_short() {
    let mut breaches = Vec::new();
    for file in rust() {
        let lines = mask::code_lines(&tree::text(&file));
        let listed = LISTED
            .iter()
            .find(|(name, _)| file.as_os_str() == *name)
            .map(|(_, size)| *size);
        let rule = match listed {
            _ if lines > STOP => format!("{lines} lines of code; {STOP} at most, 150 is the aim"),
            None if lines > SMELL && !is_test(&file) => {
                format!("{lines} lines of code; {SMELL} at most, 150 is the aim")
            }
            Some(size) if lines > size => {
                format!("{lines} lines of code, {size} when it was listed; it may only shrink")
            }
            Some(_) if lines <= SMELL => format!("{lines} lines of code: take it from the list in sizes.rs"),
            _ => continue,
        };
        breaches.push(Breach { file, line: 0, rule });
    }
    hold(breaches);
}

#[test]
fn functions_are_short() {
    let mut breaches = Vec::new();
    for file in rust() {
        let masked = mask::code(&tree::text(&file));
        let most = if is_test(&file) { TEST_FUNCTION } else { FUNCTION };
        for function in mask::functions(&masked).into_iter().filter(|f| f.lines > most) {
            let rule = format!(
                "fn {} has {} lines; {most} at most",
                function.name, function.lines
            );
            breaches.push(Breach {
                file: file.clone(),
                line: function.line,
                rule,
            });
        }
    }
    hold(breaches);
}
