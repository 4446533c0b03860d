//! What a client saw, as a line from its process to the story's.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One thing seen. Times are microseconds since the epoch: two processes agree on no other clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Answers come from somebody else than before.
    From {
        /// When the first came.
        at_us: u64,
        /// Who it is.
        name: String,
    },
    /// Nobody answers.
    Silent {
        /// When the first unanswered question was asked.
        at_us: u64,
    },
    /// Answers are back.
    Gap {
        /// When the first answered question was asked.
        at_us: u64,
        /// From the first unanswered question to the first answered one.
        lost_us: u64,
        /// Questions that remained unanswered.
        lost: u64,
    },
    /// The address has this link-layer address now.
    Neighbour {
        /// When.
        at_us: u64,
        /// The link-layer address.
        mac: String,
        /// Whether it was another one before: only a gratuitous ARP does that.
        moved: bool,
    },
    /// So many answers from one server.
    Answers {
        /// Server.
        name: String,
        /// Answers.
        count: u32,
    },
}

impl Seen {
    /// When.
    pub(super) fn at(&self) -> SystemTime {
        let us = match self {
            Self::From { at_us, .. }
            | Self::Silent { at_us }
            | Self::Gap { at_us, .. }
            | Self::Neighbour { at_us, .. } => *at_us,
            Self::Answers { .. } => return SystemTime::now(),
        };
        UNIX_EPOCH + Duration::from_micros(us)
    }

    /// Read back what [`fmt::Display`] wrote.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.trim_end().splitn(4, ' ');
        let (kind, first) = (words.next()?, words.next()?);
        let number = || first.parse::<u64>().ok();
        Some(match kind {
            "from" => Self::From {
                at_us: number()?,
                name: words.next()?.to_owned(),
            },
            "silent" => Self::Silent { at_us: number()? },
            "gap" => Self::Gap {
                at_us: number()?,
                lost_us: words.next()?.parse().ok()?,
                lost: words.next()?.parse().ok()?,
            },
            "neighbour" | "moved" => Self::Neighbour {
                at_us: number()?,
                mac: words.next()?.to_owned(),
                moved: kind == "moved",
            },
            "answers" => Self::Answers {
                count: first.parse().ok()?,
                name: line.trim_end().splitn(3, ' ').nth(2)?.to_owned(),
            },
            _ => return None,
        })
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From { at_us, name } => write!(f, "from {at_us} {name}"),
            Self::Silent { at_us } => write!(f, "silent {at_us}"),
            Self::Gap { at_us, lost_us, lost } => write!(f, "gap {at_us} {lost_us} {lost}"),
            Self::Neighbour { at_us, mac, moved } => {
                write!(f, "{} {at_us} {mac}", if *moved { "moved" } else { "neighbour" })
            }
            Self::Answers { name, count } => write!(f, "answers {count} {name}"),
        }
    }
}

#[cfg(test)]
mod tests;
