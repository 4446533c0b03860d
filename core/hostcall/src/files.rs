//! Files, and what /proc says of processes. Only to be read, and only below what is granted: a link that leads out of
//! a granted directory is not followed.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

use crate::error::{Code, Error};
use crate::host::Call;
use crate::trace;

/// Most bytes of a file that are read.
pub const READ_MAX: u32 = 64 << 10;
/// Processes that are told of one name.
const FOUND_MAX: usize = 1024;
/// What to grant for looking at processes.
const PROC: &str = "/proc";

/// What is known of a file without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Bytes in it.
    pub size: u64,
    /// Since it was last written.
    pub age: Duration,
    /// Whether it is a directory.
    pub is_directory: bool,
}

impl Call {
    /// The beginning of a file: `max` bytes of it, [`READ_MAX`] when absent.
    pub async fn read_file(&self, path: &str, max: Option<u32>) -> Result<Vec<u8>, Error> {
        let max = u64::from(max.unwrap_or(READ_MAX).min(READ_MAX));
        let work = self.with_file(path, move |file, path| {
            let mut bytes = Vec::new();
            let read = file.take(max).read_to_end(&mut bytes);
            read.map(|_| bytes).map_err(|error| failed(path, &error))
        });
        self.traced(|| format!("files.read {path}"), trace::bytes, work)
            .await
    }

    /// What is known of a file; `None` when there is none.
    pub async fn file_facts(&self, path: &str) -> Result<Option<Facts>, Error> {
        let shown = |facts: &Option<Facts>| match facts {
            Some(facts) => format!("{} bytes", facts.size),
            None => "no such file".to_owned(),
        };
        let work = async {
            let facts = self.with_file(path, |file, path| {
                let meta = file.metadata().map_err(|error| failed(path, &error))?;
                let written = meta.modified().unwrap_or(UNIX_EPOCH);
                Ok(Some(Facts {
                    size: meta.len(),
                    // A file from the future is as fresh as can be.
                    age: written.elapsed().unwrap_or_default(),
                    is_directory: meta.is_dir(),
                }))
            });
            match facts.await {
                Err(error) if error.code == Code::NameNotFound => Ok(None),
                other => other,
            }
        };
        self.traced(|| format!("files.facts {path}"), shown, work).await
    }

    /// Numbers of the processes whose program has this name, in order: as `pidof` finds them.
    pub async fn processes(&self, name: &str) -> Result<Vec<u32>, Error> {
        let shown = |found: &Vec<u32>| format!("{} found", found.len());
        let work = async {
            root_for(&self.host.grants.read, Path::new(PROC))?;
            let wanted = name.to_owned();
            self.blocking(PROC.to_owned(), move || {
                find(&wanted).map_err(|error| failed(Path::new(PROC), &error))
            })
            .await
        };
        self.traced(|| format!("files.processes {name}"), shown, work)
            .await
    }

    async fn with_file<T: Send + 'static>(
        &self,
        path: &str,
        work: impl FnOnce(File, &Path) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let path = PathBuf::from(path);
        let root = root_for(&self.host.grants.read, &path)?;
        let shown = path.display().to_string();
        self.blocking(shown, move || {
            let file = open(&root, &path).map_err(|error| failed(&path, &error))?;
            work(file, &path)
        })
        .await
    }

    /// A dead file server must cost this run and no other.
    async fn blocking<T: Send + 'static>(
        &self,
        what: String,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let work = async {
            let done = tokio::task::spawn_blocking(work).await;
            done.unwrap_or_else(|error| Err(Error::new(Code::Io, error)))
        };
        self.within(None, || what, work).await
    }
}

/// The granted file or directory that `path` is, or is below.
fn root_for(granted: &[PathBuf], path: &Path) -> Result<PathBuf, Error> {
    let plain = path
        .components()
        .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    if !path.is_absolute() || !plain {
        return Err(Error::invalid(format_args!(
            "{} is not a path from / without `..`",
            path.display()
        )));
    }
    let root = granted.iter().find(|root| path.starts_with(root));
    root.cloned().ok_or_else(|| {
        Error::new(
            Code::Denied,
            format_args!(
                "reading {0} is not granted; add \"{0}\" to read in the plugin's grants",
                path.display()
            ),
        )
    })
}

/// The granted root may be a link, for the operator named it; what is below it may not lead out.
fn open(root: &Path, path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let below = path.strip_prefix(root).unwrap_or(Path::new(""));
    let at = |from: &dyn Fn(OFlags) -> rustix::io::Result<OwnedFd>| from(flags).map_err(io::Error::from);
    let file = if below.as_os_str().is_empty() {
        at(&|flags| openat2(CWD, root, flags, Mode::empty(), ResolveFlags::NO_MAGICLINKS))?
    } else {
        let directory = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = openat2(CWD, root, directory, Mode::empty(), ResolveFlags::NO_MAGICLINKS)?;
        at(&|flags| openat2(&directory, below, flags, Mode::empty(), ResolveFlags::BENEATH))?
    };
    let file = File::from(file);
    let kind = file.metadata()?.file_type();
    if kind.is_file() || kind.is_dir() {
        return Ok(file);
    }
    Err(io::Error::other("it is neither a file nor a directory"))
}

fn find(name: &str) -> io::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(PROC)? {
        let entry = entry?;
        let Some(pid) = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok())
        else {
            continue;
        };
        // One that ends while we look is not there.
        let Ok(status) = std::fs::read(entry.path().join("cmdline")) else {
            continue;
        };
        if is_named(&status, &entry.path(), name) {
            found.push(pid);
        }
        if found.len() == FOUND_MAX {
            break;
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// By the first word of the command line, as a path or its last part; what has none (a thread of the kernel) and who
/// has written over his by `comm`, which the kernel cuts to 15 bytes.
fn is_named(command: &[u8], process: &Path, name: &str) -> bool {
    let program = command.split(|byte| *byte == 0).next().unwrap_or_default();
    let last = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if !program.is_empty() && (program == name.as_bytes() || last == name.as_bytes()) {
        return true;
    }
    let end = name.floor_char_boundary(15);
    std::fs::read_to_string(process.join("comm"))
        .is_ok_and(|comm| Some(comm.trim_end_matches('\n')) == name.get(..end))
}

fn failed(path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    match (
        error.kind(),
        error.raw_os_error().map(rustix::io::Errno::from_raw_os_error),
    ) {
        (io::ErrorKind::NotFound, _) => Error::new(Code::NameNotFound, format_args!("{path}: no such file")),
        (_, Some(rustix::io::Errno::XDEV | rustix::io::Errno::LOOP)) => Error::new(
            Code::Denied,
            format_args!("{path}: a link in it leads out of what is granted; grant the file it leads to"),
        ),
        (io::ErrorKind::PermissionDenied, _) => Error::new(
            Code::Io,
            format_args!("{path}: permission denied; the worker's user has to be able to read it"),
        ),
        _ => Error::from_io(path, error),
    }
}

#[cfg(test)]
mod tests;
