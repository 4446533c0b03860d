//! A host that forgets who has an address, and asks again.

use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::net::Node;
use crate::wait::until;

/// Between two questions: 200 in a second are no flood.
const PAUSE: Duration = Duration::from_millis(5);

/// Asks the segment of `eth0` who has each of some addresses, again and again: by ARP, or by neighbour solicitations.
/// Ends when dropped.
#[derive(Debug)]
pub struct Asker {
    asked: Arc<AtomicUsize>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Asker {
    /// Begins to ask.
    ///
    /// # Panics
    /// When there is no `ip`.
    pub fn start(node: &Node, addresses: &[&str]) -> Self {
        let lines = |of: fn(&str) -> String| addresses.iter().map(|address| of(address)).collect::<String>();
        // An entry that is made in use, with nothing in it, is a question (NTF_USE).
        let ask = lines(|address| format!("neigh replace {address} dev eth0 nud none use\n"));
        let forget = lines(|address| format!("neigh del {address} dev eth0\n"));
        let mut command = node.command("ip");
        command.args(["-batch", "-"]).stdin(Stdio::piped());
        let mut ip = command.spawn().expect("ip runs");
        let (asked, ends) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let (count, end) = (Arc::clone(&asked), Arc::clone(&ends));
        let thread = thread::spawn(move || {
            let mut input = ip.stdin.take().expect("it was asked for");
            while !end.load(Ordering::Relaxed) && input.write_all(ask.as_bytes()).is_ok() {
                thread::sleep(PAUSE);
                if input.write_all(forget.as_bytes()).is_ok() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
            drop(input);
            // It ends with its input.
            let _ = ip.wait();
        });
        Self {
            asked,
            ends,
            thread: Some(thread),
        }
    }

    /// Waits until each address was asked for so many more times.
    ///
    /// # Panics
    /// When that does not happen.
    #[track_caller]
    pub fn asks(&self, times: usize) {
        let end = self.asked.load(Ordering::Relaxed) + times;
        until(&format!("{times} questions"), || {
            match self.asked.load(Ordering::Relaxed) {
                asked if asked >= end => Ok(()),
                asked => Err(format!("{} are left", end - asked)),
            }
        });
    }
}

impl Drop for Asker {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // A thread that panicked has said so.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
