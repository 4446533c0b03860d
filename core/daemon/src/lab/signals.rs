//! Takes everything away when the terminal or a service manager ends the demonstration. A panic needs none of this: it
//! unwinds.

use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::thread;

use anyhow::Result;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::net::{self, Teardown};

/// Watches for signals that end a program.
#[derive(Clone, Debug, Default)]
pub(super) struct Signals {
    teardowns: Arc<Mutex<Vec<Teardown>>>,
}

impl Signals {
    /// Watch from now on.
    pub(super) fn watch() -> Result<Self> {
        let signals = Self::default();
        let teardowns = Arc::clone(&signals.teardowns);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        let ending = {
            let _inside = runtime.enter();
            [
                SignalKind::interrupt(),
                SignalKind::terminate(),
                SignalKind::hangup(),
            ]
            .into_iter()
            .map(|kind| Ok((kind, signal(kind)?)))
            .collect::<Result<Vec<_>>>()?
        };
        thread::spawn(move || {
            let code = runtime.block_on(first(ending));
            eprintln!("\nended by a signal; taking the network away");
            let held = net::hold();
            end_children();
            for teardown in teardowns.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                teardown.run(&held);
            }
            std::process::exit(code);
        });
        Ok(signals)
    }

    /// Run this too, if it comes to that.
    pub(super) fn add(&self, teardown: Teardown) {
        self.teardowns
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(teardown);
    }
}

/// Waits for the first of them; the exit code that shells give it.
async fn first(mut signals: Vec<(SignalKind, Signal)>) -> i32 {
    std::future::poll_fn(|context| {
        let came = signals
            .iter_mut()
            .find_map(|(kind, signal)| signal.poll_recv(context).is_ready().then_some(*kind));
        came.map_or(Poll::Pending, |kind| Poll::Ready(128 + kind.as_raw_value()))
    })
    .await
}

/// End our children, each with its group: namespaces are emptied by their teardown, but a virtual machine is in none.
fn end_children() {
    let own = std::process::id().to_string();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    for process in numbers {
        let line = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // After the name, which may hold anything: state, parent, group.
        let mut fields = line
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .skip(1);
        let is_ours = fields.next() == Some(own.as_str());
        let leads = fields.next().and_then(|group| group.parse::<i32>().ok()) == Some(process);
        if let Some(group) = rustix::process::Pid::from_raw(process).filter(|_| is_ours && leads) {
            // It may have gone by itself.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}
