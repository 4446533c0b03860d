//! Log lines of plugins, limited in rate.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::host::Call;

/// Longest message kept, in bytes.
const MESSAGE_MAX: usize = 1024;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// For the author.
    Debug,
    /// For the operator's morning.
    Info,
    /// Might wake somebody.
    Warn,
    /// Something is broken.
    Error,
}

impl Level {
    /// By the word of the contract.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "debug" => Some(Self::Debug),
            "info" => Some(Self::Info),
            "warn" => Some(Self::Warn),
            "error" => Some(Self::Error),
            _ => None,
        }
    }
}

impl Level {
    /// The word of the contract.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// Lets a number of lines a second through and counts the rest.
pub struct Limiter {
    rate: u32,
    state: Mutex<Window>,
}

struct Window {
    began: Instant,
    passed: u32,
    suppressed: u64,
}

impl Limiter {
    /// At most `rate` lines in each second.
    pub fn new(rate: u32) -> Self {
        let state = Mutex::new(Window {
            began: Instant::now(),
            passed: 0,
            suppressed: 0,
        });
        Self { rate, state }
    }

    /// One of the same rate.
    pub(crate) fn another(&self) -> Self {
        Self::new(self.rate)
    }

    /// Whether one more line may pass at `now`: how many were suppressed since the last one, or `None`.
    fn admit(&self, now: Instant) -> Option<u64> {
        let mut window = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(window.began) >= Duration::from_secs(1) {
            window.began = now;
            window.passed = 0;
        }
        if window.passed >= self.rate {
            window.suppressed += 1;
            return None;
        }
        window.passed += 1;
        Some(std::mem::take(&mut window.suppressed))
    }
}

impl Call {
    /// Writes a line to the daemon's log, in the plugin's name.
    pub fn log(&self, level: Level, message: &str) {
        let message = &self.host.without_secrets(message);
        if let Some(observer) = &self.host.services.observer {
            observer.logged(level, &printable(message));
            return;
        }
        let Some(suppressed) = self.host.limiter.admit(Instant::now()) else {
            return;
        };
        let message = printable(message);
        let plugin = self.host.name.as_str();
        let about = self.about.as_str();
        if suppressed > 0 {
            tracing::warn!(target: "plugin", plugin, suppressed, "log lines over the plugin's rate were dropped");
        }
        match level {
            Level::Debug => tracing::debug!(target: "plugin", plugin, about, "{message}"),
            Level::Info => tracing::info!(target: "plugin", plugin, about, "{message}"),
            Level::Warn => tracing::warn!(target: "plugin", plugin, about, "{message}"),
            Level::Error => tracing::error!(target: "plugin", plugin, about, "{message}"),
        }
    }
}

/// Cut to [`MESSAGE_MAX`], and on one line: a plugin must not forge lines of the daemon.
fn printable(message: &str) -> String {
    let end = message.floor_char_boundary(MESSAGE_MAX);
    let head = message.get(..end).unwrap_or_default();
    head.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests;
