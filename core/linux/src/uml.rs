//! A second kernel in a process: boots Debian's User-Mode Linux on this host's own root file system, read-only, with
//! a shell script as its work. Many kernels lack ip_vs; this one has every module, needs no privilege, and nothing
//! that happens in it touches the host.
//!
//! The guest has its own proc, sys, `/run` and `/tmp`, a loopback interface, IPVS with its schedulers, and the
//! modules for links between network namespaces. What it writes to its console comes back line by line.

mod modules;

use std::collections::VecDeque;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

const PRELUDE: &str = include_str!("uml/prelude.sh");
/// Lets the guest save its registers on a processor that has more of them than it knows; see `uml/registers.c`. Empty
/// where it is not needed.
const REGISTERS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/registers.so"));
/// Lines of the console that an error shows.
const TAIL: usize = 20;
/// Lines read ahead; the guest waits when the callback is slow.
const LINES: usize = 256;
/// For the guest to power off after its script has ended.
const POWER_OFF: Duration = Duration::from_secs(10);

/// One boot.
#[derive(Clone, Debug)]
pub struct Boot {
    /// What the guest runs, by bash, in an empty directory. Its exit code is that of [`run`](Self::run).
    pub script: String,
    /// Environment of the script.
    pub environment: Vec<(String, String)>,
    /// Memory of the guest in MiB.
    pub memory_mib: u32,
    /// The guest is ended after this long.
    pub deadline: Duration,
    /// Where the modules are prepared once for all boots; [`cache_directory`] gives a good place.
    pub cache: PathBuf,
}

/// Why a guest gave no exit code.
#[derive(Debug, thiserror::Error)]
pub enum UmlError {
    /// A program of the host is missing.
    #[error("cannot boot User-Mode Linux: {program} is missing; install it with `apt install {package}`")]
    Missing {
        /// Program or directory.
        program: String,
        /// Debian's package.
        package: &'static str,
    },
    /// Its modules could not be copied and indexed.
    #[error("cannot prepare User-Mode Linux's modules in {}: {cause}", path.display())]
    Modules {
        /// Directory.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It could not be started.
    #[error("cannot start User-Mode Linux: {0}")]
    Start(#[from] io::Error),
    /// It took too long.
    #[error("User-Mode Linux did not finish within {after:?}; it was ended. Its last words:\n{tail}")]
    Deadline {
        /// The deadline.
        after: Duration,
        /// Its last lines.
        tail: String,
    },
    /// It ended without a word from the script.
    #[error("User-Mode Linux ended before its script did. Its last words:\n{tail}")]
    Died {
        /// Its last lines.
        tail: String,
    },
}

/// Where modules are kept between boots: below `XDG_CACHE_HOME`, or `/var/cache` for root, or `~/.cache`.
pub fn cache_directory() -> PathBuf {
    let from = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let home = || {
        from("HOME")
            .filter(|home| home != Path::new("/root"))
            .map(|home| home.join(".cache"))
    };
    let base = from("XDG_CACHE_HOME")
        .or_else(home)
        .unwrap_or_else(|| PathBuf::from("/var/cache"));
    base.join("bellwether")
}

impl Boot {
    /// A boot of `script` with 512 MiB and two minutes.
    pub fn new(script: impl Into<String>) -> Self {
        Self {
            script: script.into(),
            environment: Vec::new(),
            memory_mib: 512,
            deadline: Duration::from_secs(120),
            cache: cache_directory(),
        }
    }

    /// Boots, hands each console line to `on_line`, and returns the script's exit code.
    pub fn run(&self, mut on_line: impl FnMut(&str)) -> Result<i32, UmlError> {
        let kernel = modules::find("linux.uml", "user-mode-linux")?;
        modules::find("ip", "iproute2")?;
        let root = modules::prepare(&kernel, &self.cache)?;
        let mark = format!(
            "uml-exit-{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let files = Files::write(self, &root, &mark)?;
        let mut guest = Guest::start(&kernel, self.memory_mib, &files)?;
        let lines = guest.lines();
        let end = Instant::now() + self.deadline;
        let mut tail = VecDeque::with_capacity(TAIL);
        // What the kernel says before it runs the script is for the case that it fails.
        let mut begun = false;
        loop {
            match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    if let Some(word) = line.strip_prefix(&mark) {
                        if let Ok(code) = word.trim().parse() {
                            guest.wait(POWER_OFF);
                            return Ok(code);
                        }
                        begun = true;
                        continue;
                    }
                    if begun {
                        on_line(&line);
                    }
                    if tail.len() == TAIL {
                        tail.pop_front();
                    }
                    tail.push_back(line);
                }
                Err(RecvTimeoutError::Timeout) => {
                    let after = self.deadline;
                    let tail = join(&tail);
                    return Err(UmlError::Deadline { after, tail });
                }
                Err(RecvTimeoutError::Disconnected) => return Err(UmlError::Died { tail: join(&tail) }),
            }
        }
    }
}

/// Tells boots of one process apart.
static NUMBER: AtomicU32 = AtomicU32::new(0);

fn join(tail: &VecDeque<String>) -> String {
    tail.iter().map(|line| format!("  {line}\n")).collect()
}

/// The guest's init and script on the host's disk, while it runs.
struct Files {
    directory: PathBuf,
    init: PathBuf,
    registers: Option<PathBuf>,
}

impl Files {
    fn write(boot: &Boot, modules: &Path, mark: &str) -> io::Result<Self> {
        let directory = boot.cache.join(mark);
        fs::create_dir_all(&directory)?;
        let (init, script) = (directory.join("init"), directory.join("script"));
        fs::write(&script, &boot.script)?;
        let mut text = String::from("#!/bin/bash\n");
        let mut export = |name: &str, value: &str| {
            text.push_str(&format!("export {name}={}\n", quote(value)));
        };
        for (name, value) in &boot.environment {
            export(name, value);
        }
        export("UML_MODULES", &modules.to_string_lossy());
        export("UML_SCRIPT", &script.to_string_lossy());
        export("UML_MARK", mark);
        let in_tmp = |value: &str| value.starts_with("/tmp/");
        let keep =
            in_tmp(&directory.to_string_lossy()) || boot.environment.iter().any(|(_, value)| in_tmp(value));
        export("UML_KEEP_TMP", if keep { "1" } else { "" });
        text.push_str(PRELUDE);
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&init)?;
        file.write_all(text.as_bytes())?;
        fs::set_permissions(&init, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        let registers = (!REGISTERS.is_empty()).then(|| directory.join("registers.so"));
        if let Some(path) = &registers {
            fs::write(path, REGISTERS)?;
        }
        Ok(Self {
            directory,
            init,
            registers,
        })
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory); // a file left in a cache harms nobody
    }
}

/// One word for a shell.
fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// The running kernel. Ended when dropped.
struct Guest(Child);

impl Guest {
    fn start(kernel: &Path, memory_mib: u32, files: &Files) -> io::Result<Self> {
        let mut command = Command::new(kernel);
        if let Some(registers) = &files.registers {
            command.env("LD_PRELOAD", registers);
        }
        command
            .args([
                "root=/dev/root",
                "rootfstype=hostfs",
                "rootflags=/",
                "ro",
                "quiet",
            ])
            .args(["con=null", "con0=null,fd:1"])
            .arg(format!("mem={memory_mib}M"))
            .arg(format!("init={}", files.init.display()));
        // Its own process group: it is many processes, and they end together.
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0);
        command.spawn().map(Self)
    }

    fn lines(&mut self) -> Receiver<String> {
        let (send, receive) = mpsc::sync_channel(LINES);
        if let Some(console) = self.0.stdout.take() {
            thread::spawn(move || read_lines(BufReader::new(console), &send));
        }
        receive
    }

    fn wait(&mut self, longest: Duration) {
        let end = Instant::now() + longest;
        while Instant::now() < end && matches!(self.0.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let group = i32::try_from(self.0.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group.filter(|_| matches!(self.0.try_wait(), Ok(None))) {
            // Already gone is what we want.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.wait(); // it is reaped, or was before
    }
}

fn read_lines(mut console: impl BufRead, lines: &SyncSender<String>) {
    let mut bytes = Vec::new();
    while console.read_until(b'\n', &mut bytes).is_ok_and(|count| count > 0) {
        let line = String::from_utf8_lossy(&bytes);
        if lines
            .send(line.trim_end_matches(['\r', '\n']).to_owned())
            .is_err()
        {
            return;
        }
        bytes.clear();
    }
}

#[cfg(test)]
mod tests;
