//! Takes the network away, with every process in it: at the end, at a panic, at a signal.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::run_held;

/// Held by whoever changes the network or starts a process in it. A signal's teardown never lets go of it again, so
/// that nothing comes after it.
#[derive(Debug)]
pub(in super::super) struct Held {
    _guard: MutexGuard<'static, ()>,
}

/// Wait for it.
pub(in super::super) fn hold() -> Held {
    static GATE: Mutex<()> = Mutex::new(());
    Held {
        _guard: GATE.lock().unwrap_or_else(PoisonError::into_inner),
    }
}

/// Takes the network away, with every process in it.
#[derive(Clone, Debug)]
pub(in super::super) struct Teardown {
    names: Arc<[String]>,
    files: Arc<Mutex<Option<PathBuf>>>,
}

impl Teardown {
    /// Of these namespaces, and of a directory.
    pub(super) fn new(names: Vec<String>, directory: &Path) -> Self {
        let files = Arc::new(Mutex::new(Some(directory.to_owned())));
        Self {
            names: names.into(),
            files,
        }
    }

    /// Leave the files.
    pub(super) fn keep_files(&self) {
        *self.files.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Do it. Goes on whatever fails, and says what is left behind.
    pub(in super::super) fn run(&self, _held: &Held) {
        for name in self.names.iter() {
            remove(name);
        }
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(files) = files.filter(|files| files.exists())
            && let Err(error) = fs::remove_dir_all(&files)
        {
            eprintln!("cannot remove {}: {error}; remove it by hand", files.display());
        }
    }
}

/// End everything in the namespace `name` and delete it.
fn remove(name: &str) {
    if !Path::new(NAMESPACES).join(name).exists() {
        return;
    }
    // A guardian may be restarting something between our look and our blow, hence more than once.
    for _ in 0..20 {
        let processes = processes_in(name);
        if processes.is_empty() {
            break;
        }
        kill(&processes);
        thread::sleep(Duration::from_millis(20));
    }
    if let Err(error) = run_held(Command::new("ip").args(["netns", "del", name]), "") {
        eprintln!(
            "cannot delete the network namespace {name}: {error:#}; delete it with `ip netns del {name}`"
        );
    }
}

/// Remove what a demonstration left that was killed without mercy: its number says that it lives no more.
pub(super) fn remove_leftovers() {
    let is_dead = |rest: &str| {
        let owner = rest.split('-').next().unwrap_or_default();
        owner.parse::<u32>().is_ok() && !Path::new("/proc").join(owner).exists()
    };
    for name in names_in(NAMESPACES).filter(|name| name.strip_prefix(PREFIX).is_some_and(is_dead)) {
        remove(&name);
    }
    for name in names_in(RUN).filter(|name| name.strip_prefix(PREFIX).is_some_and(is_dead)) {
        // It is in nobody's way.
        let _ = fs::remove_dir_all(Path::new(RUN).join(name));
    }
}

fn names_in(directory: &str) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}

/// SIGKILL to each of `processes`, in this order.
pub(in super::super) fn kill(processes: &[i32]) {
    for process in processes
        .iter()
        .filter_map(|process| rustix::process::Pid::from_raw(*process))
    {
        // It may have gone by itself.
        let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
    }
}

pub(super) fn processes_in(namespace: &str) -> Vec<i32> {
    let output = Command::new("ip")
        .args(["netns", "pids", namespace])
        .stderr(Stdio::null())
        .output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

/// Begins the name of each of our namespaces; our process id follows.
pub(super) const PREFIX: &str = "bellwether-lab-";
/// Where our files are.
pub(super) const RUN: &str = "/run";
/// Where `ip netns` keeps names.
const NAMESPACES: &str = "/run/netns";
