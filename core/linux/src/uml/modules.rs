//! The guest's modules, indexed: Debian ships them without `modules.dep`, and its directory is not ours to write.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::UmlError;

const SHIPPED: &str = "/usr/lib/uml/modules";
const PACKAGE: &str = "user-mode-linux";

/// A program in PATH, or where Debian has the ones that are not in everybody's.
pub(super) fn find(program: &str, package: &'static str) -> Result<PathBuf, UmlError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from);
    let mut candidates = std::env::split_paths(&path)
        .chain(more)
        .map(|directory| directory.join(program));
    candidates
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| UmlError::Missing {
            program: program.to_owned(),
            package,
        })
}

/// A directory for `modprobe -d`, made once for each version of the kernel.
pub(super) fn prepare(kernel: &Path, cache: &Path) -> Result<PathBuf, UmlError> {
    let depmod = find("depmod", "kmod")?;
    find("modprobe", "kmod")?;
    let output = Command::new(kernel).arg("--version").output()?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let shipped = Path::new(SHIPPED).join(&version);
    if version.is_empty() || !shipped.is_dir() {
        return Err(UmlError::Missing {
            program: shipped.display().to_string(),
            package: PACKAGE,
        });
    }
    let root = cache.join(format!("modules-{version}"));
    if !root.is_dir() {
        let made = make(&depmod, &version, &shipped, cache, &root);
        made.map_err(|cause| UmlError::Modules {
            path: root.clone(),
            cause,
        })?;
    }
    Ok(root)
}

/// Made aside and moved into place whole, so that two boots at once do not disturb each other. The modules themselves
/// are not copied: the index stands beside links to them.
fn make(depmod: &Path, version: &str, shipped: &Path, cache: &Path, root: &Path) -> io::Result<()> {
    let aside = cache.join(format!(
        "modules-{version}.{}.{:?}",
        std::process::id(),
        std::thread::current().id()
    ));
    let index = aside.join("lib/modules").join(version);
    fs::create_dir_all(&index)?;
    for entry in fs::read_dir(shipped)? {
        let entry = entry?;
        symlink(entry.path(), index.join(entry.file_name()))?;
    }
    let mut command = Command::new(depmod);
    // It warns of files that only a build of the kernel has.
    command.arg("-b").arg(&aside).arg(version).stderr(Stdio::null());
    let status = command.status()?;
    if !status.success() {
        return Err(io::Error::other(format!("depmod failed: {status}")));
    }
    match fs::rename(&aside, root) {
        Err(_) if root.is_dir() => fs::remove_dir_all(&aside),
        moved => moved,
    }
}
