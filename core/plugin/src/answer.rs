//! What a guest answered, after everything in it was checked.

use std::time::Duration;

use model::probe::{REASON_MAX, Status, WEIGHT_MAX};

/// A reason of more bytes is no reason but a body that slipped in.
const NONSENSE: usize = 65_536;

/// How a run ended that was no fault of the plugin. Its words are as long as the plugin's memory lets them be until the
/// secrets in them are blacked out.
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
    /// Of a step of a resource: whether it is so now.
    Step(Result<bool, String>),
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
        if reason.len() > NONSENSE {
            return Err(format!(
                "check returned a reason of {} bytes; it must be at most {NONSENSE}, of which {REASON_MAX} are kept",
                reason.len()
            ));
        }
        Ok(Self::Verdict {
            status,
            reason: reason.to_owned(),
            weight,
        })
    }

    /// The same answer in other words.
    pub(crate) fn map_words(self, change: impl Fn(&str) -> String) -> Self {
        match self {
            Self::Verdict {
                status,
                reason,
                weight,
            } => Self::Verdict {
                status,
                reason: change(&reason),
                weight,
            },
            Self::Hook(result) => Self::Hook(result.map_err(|why| change(&why))),
            Self::Step(result) => Self::Step(result.map_err(|why| change(&why))),
        }
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
