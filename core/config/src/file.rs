//! A file's bytes. What is no regular file is refused before it is opened: a pipe waits for whoever writes it, and a
//! device need not end.

use std::fs;
use std::io;
use std::path::Path;

/// Reads a regular file of at most so many KiB.
///
/// # Errors
/// When there is none, or it cannot be read; in words that continue "cannot read FILE".
pub(crate) fn read(path: &Path, most_kib: u64) -> io::Result<Vec<u8>> {
    let meta = fs::metadata(path)?;
    let refuse = |why: String| Err(io::Error::other(why));
    if !meta.is_file() {
        return refuse("it is not a regular file".to_owned());
    }
    if meta.len() > most_kib << 10 {
        return refuse(match most_kib >> 10 {
            0 => format!("it is larger than {most_kib} KiB"),
            most => format!("it is larger than {most} MiB"),
        });
    }
    fs::read(path)
}
