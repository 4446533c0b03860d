//! Reads a file of which somebody else may be the author: code, or a secret.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Largest plugin file, in bytes.
const CODE_MAX: u64 = 8 << 20;
const WRITABLE_BY_ANYBODY: u32 = 0o002;

/// Reads a plugin's code. Who can write it, runs code here: nobody may who is not trusted with that.
pub(crate) fn code(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let (file, metadata) = open(path)?;
    stays(path)?;
    if metadata.mode() & WRITABLE_BY_ANYBODY != 0 {
        return Err(format!(
            "{shown} may be written by anybody; run `chmod o-w {shown}`"
        ));
    }
    whole(path, file, &metadata, CODE_MAX)
}

/// Opens a file; what is no file, such as a pipe, is refused and not waited for.
pub(super) fn open(path: &Path) -> Result<(File, Metadata), String> {
    let shown = path.display();
    let cannot = |error: std::io::Error| format!("cannot read {shown}: {error}");
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).expect("a flag of open(2) fits");
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    if !metadata.is_file() {
        return Err(format!("cannot read {shown}: not a file"));
    }
    Ok((file, metadata))
}

/// All of it, if it is the same from beginning to end.
pub(super) fn whole(path: &Path, file: File, before: &Metadata, most: u64) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let cannot = |error: std::io::Error| format!("cannot read {shown}: {error}");
    let mut bytes = Vec::new();
    (&file).take(most + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > most {
        return Err(format!("{shown} is larger than {} KiB", most >> 10));
    }
    let after = file.metadata().map_err(cannot)?;
    let form = |metadata: &Metadata| (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
    if form(before) != form(&after) || after.len() != bytes.len() as u64 {
        return Err(format!(
            "{shown} changed while it was read; write it aside and rename it"
        ));
    }
    Ok(bytes)
}

/// A link may lead to another name in the directory, as mounted configuration does; not to where others may write.
fn stays(path: &Path) -> Result<(), String> {
    let shown = path.display();
    let cannot = |error: std::io::Error| format!("cannot read {shown}: {error}");
    let found = path.canonicalize().map_err(cannot)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).canonicalize().map_err(cannot)?;
    if found.starts_with(&folder) {
        return Ok(());
    }
    let found = found.display();
    Err(format!(
        "{shown} is a link out of its directory, to {found}; name that file in the configuration"
    ))
}

#[cfg(test)]
mod tests;
