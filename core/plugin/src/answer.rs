//! What a guest answered, after everything in it was checked.

use std::time::Duration;

use model::probe::{REASON_MAX, Status, WEIGHT_MAX};

/// How a run ended that was no fault of the plugin.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// Of a check.
    Verdict {
        status: Status,
        reason: String,
        weight: Option<u32>,
    },
    /// Of a hook.
    Hook(Result<(), String>),
}

impl Answer {
    /// A verdict in bounds, or what is wrong with it.
    pub(crate) fn verdict(status: Status, reason: &str, weight: Option<i64>) -> Result<Self, String> {
        let weight = match weight {
            None => None,
            Some(weight) => match u32::try_from(weight) {
                Ok(weight) if weight <= WEIGHT_MAX => Some(weight),
                _ => {
                    return Err(format!(
                        "check returned the weight {weight}; it must be 0 to {WEIGHT_MAX}"
                    ));
                }
            },
        };
        Ok(Self::Verdict {
            status,
            reason: bounded(reason),
            weight,
        })
    }
}

/// On one line, and cut to [`REASON_MAX`] bytes at a character's boundary.
pub(crate) fn bounded(text: &str) -> String {
    let end = text.floor_char_boundary(REASON_MAX);
    let head = text.get(..end).unwrap_or_default();
    head.trim_end()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// A duration as people write it: `3 s`, `250 ms`.
pub(crate) fn in_words(time: Duration) -> String {
    if time.subsec_nanos() == 0 {
        format!("{} s", time.as_secs())
    } else {
        format!("{} ms", time.as_millis())
    }
}
