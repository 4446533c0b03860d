//! The tracked files of the tree.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .expect("tests/house is two below the root")
        .to_path_buf()
}

/// Every tracked file that exists, from the root. Files that are not tracked yet are no part of the house.
///
/// # Panics
/// When git is missing, or this is not a git checkout.
pub fn tracked() -> Vec<PathBuf> {
    let git = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output();
    let git = git.expect("git is needed to list the files of the house");
    assert!(
        git.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&git.stderr)
    );
    let names = String::from_utf8(git.stdout).expect("file names of the house are UTF-8");
    let files = names
        .split('\0')
        .filter(|name| !name.is_empty())
        .map(PathBuf::from);
    files.filter(|file| root().join(file).is_file()).collect()
}

/// Tracked Rust files below `folder`.
pub fn rust(folder: &str) -> Vec<PathBuf> {
    let all = tracked().into_iter();
    all.filter(|f| f.starts_with(folder) && f.extension().is_some_and(|e| e == "rs"))
        .collect()
}

/// Text of a tracked file; bytes that are not UTF-8 are replaced.
///
/// # Panics
/// When it cannot be read.
pub fn text(file: &Path) -> String {
    let bytes =
        std::fs::read(root().join(file)).unwrap_or_else(|e| panic!("cannot read {}: {e}", file.display()));
    String::from_utf8_lossy(&bytes).into_owned()
}
