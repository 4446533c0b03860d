//! A process that ends with the value that stands for it.

use std::process::{Child, Command, ExitStatus};

use anyhow::{Context as _, Result};

use super::net;

/// A child. Ended and taken off the kernel's list when dropped.
#[derive(Debug)]
pub(super) struct Process(Child);

impl Process {
    /// Start `command`.
    pub(super) fn start(command: &mut Command) -> Result<Self> {
        let _held = net::hold();
        command
            .spawn()
            .map(Self)
            .with_context(|| format!("cannot run {command:?}"))
    }

    /// Its number.
    pub(super) fn id(&self) -> i32 {
        i32::try_from(self.0.id()).expect("the kernel's process numbers are positive and below 2^22")
    }

    /// How it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        // Nobody else waits for it, so that an error cannot be.
        self.0.try_wait().ok().flatten()
    }

    /// Its standard output, once.
    pub(super) fn stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.0.stdout.take()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have gone by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
