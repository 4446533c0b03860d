//! Reads what watches look at: numbers in files, and how many processes there are.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use linux::process::census::Census;
use model::plan::ProcessPattern;
use tokio::sync::mpsc;

use super::Event;

/// Processes that begin are seen within this time; the end of one is seen at once.
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// Files are read again this often even if no change of them is told: not every file system tells.
pub(super) const READ_EVERY: Duration = Duration::from_secs(5);
/// More than a number has.
const FILE_MAX: u64 = 64;

/// How many processes of each kind there are.
pub(super) type Counts = BTreeMap<ProcessPattern, u32>;

/// Starts the thread that counts processes of the kinds last sent to it. The channel holds one list for each plan, and
/// the thread takes all of them at each turn.
pub(super) fn start(events: mpsc::Sender<Event>) -> io::Result<Sender<Vec<ProcessPattern>>> {
    let (plans, wanted) = channel();
    thread::Builder::new()
        .name("processes".into())
        .spawn(move || count(&wanted, &events))?;
    Ok(plans)
}

fn count(wanted: &Receiver<Vec<ProcessPattern>>, events: &mpsc::Sender<Event>) {
    let mut census = Census::default();
    let mut patterns = Vec::new();
    let mut told: Option<Counts> = None;
    loop {
        // Nothing to count: sleeps until there is.
        let next = if patterns.is_empty() {
            match wanted.recv() {
                Ok(next) => Some(next),
                Err(_) => return,
            }
        } else {
            wanted.try_iter().last()
        };
        if let Some(next) = next {
            patterns = next;
            told = None;
            continue;
        }
        let counted = census.count(&patterns);
        match counted {
            Ok(counts) if told.as_ref() == Some(&counts) => {}
            Ok(counts) => {
                told = Some(counts.clone());
                if events.blocking_send(Event::Processes(counts)).is_err() {
                    return;
                }
            }
            Err(error) => tracing::warn!(%error, "cannot count processes"),
        }
        if census.wait(COUNT_EVERY).is_err() {
            thread::sleep(COUNT_EVERY);
        }
    }
}

/// What is in a file; `None` when there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<String>, String> {
    let cannot = |error: io::Error| format!("cannot read {}: {error}", path.display());
    // Without waiting: a pipe that nobody writes to must not hold up the router.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let opened = OpenOptions::new().read(true).custom_flags(nonblocking).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(error)),
    };
    if !file.metadata().map_err(cannot)?.is_file() {
        return Err(format!("cannot read {}: not a file", path.display()));
    }
    let mut text = String::new();
    file.take(FILE_MAX).read_to_string(&mut text).map_err(cannot)?;
    Ok(Some(text))
}
