//! A file that grows.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

/// A file, and how much of it was read.
#[derive(Debug)]
pub(super) struct Tail {
    path: PathBuf,
    read: u64,
}

impl Tail {
    /// From the beginning of `path`, which need not exist yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, read: 0 }
    }

    /// Whole lines that came since the last call.
    pub(super) fn lines(&mut self) -> Vec<String> {
        let Ok(mut file) = File::open(&self.path) else {
            return Vec::new();
        };
        let mut bytes = Vec::new();
        if file
            .seek(SeekFrom::Start(self.read))
            .and_then(|_| file.read_to_end(&mut bytes))
            .is_err()
        {
            return Vec::new();
        }
        // Half a line waits for its end.
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        self.read += whole as u64;
        String::from_utf8_lossy(&bytes[..whole])
            .lines()
            .map(str::to_owned)
            .collect()
    }
}

#[cfg(test)]
mod tests;
