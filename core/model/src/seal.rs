//! What is put around an advert so that it proves who sent it, and when.

use serde::{Deserialize, Serialize};

use crate::plan::Key;
use crate::time::WallTime;

/// 2020-01-01, from which the sequences of authentication headers count. With two steps a second they last until 2088.
const HEADER_EPOCH_S: u64 = 1_577_836_800;
/// How far a seal that is made long after its advert reaches ahead: adverts may have left meanwhile.
const AHEAD: u32 = 64;

/// What proves an advert. The key is in it, so that whoever sends the advert has nothing to ask.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seal {
    /// Nothing.
    #[default]
    Bare,
    /// An IP authentication header before the message (IP protocol 51).
    Header {
        /// Key.
        key: Key,
        /// Greater than those before.
        sequence: u32,
    },
    /// A trailer behind the message.
    Trailer {
        /// Which of the keys.
        key_id: u8,
        /// Key.
        key: Key,
        /// Greater than those before.
        sequence: u64,
    },
}

impl Seal {
    /// The seal for an advert that was prepared long ago and leaves now.
    #[must_use]
    pub fn renewed(self, wall: WallTime) -> Self {
        match self {
            Self::Bare => Self::Bare,
            Self::Header { key, sequence } => Self::Header {
                key,
                sequence: sequence.max(header_clock(wall)).saturating_add(AHEAD),
            },
            Self::Trailer {
                key_id,
                key,
                sequence,
            } => Self::Trailer {
                key_id,
                key,
                sequence: sequence.max(trailer_clock(wall)).wrapping_add(1),
            },
        }
    }
}

/// Where the sequence of an authentication header begins: half seconds. A router that starts again is ahead of what
/// it sent before, without having kept it, since it sends an advert a second at most.
pub fn header_clock(wall: WallTime) -> u32 {
    let half_seconds = (wall.as_nanos() / 500_000_000).saturating_sub(HEADER_EPOCH_S * 2);
    u32::try_from(half_seconds).unwrap_or(u32::MAX)
}

/// Where the sequence of a trailer begins: seconds since the Unix epoch in the upper half, then 1/65536 of them, then
/// a counter from 0.
pub const fn trailer_clock(wall: WallTime) -> u64 {
    let (seconds, nanos) = (wall.as_nanos() / 1_000_000_000, wall.as_nanos() % 1_000_000_000);
    let fraction = (nanos << 16) / 1_000_000_000;
    // The seconds wrap in 2106, and so does the order of sequences (RFC 1982).
    (seconds << 32) | (fraction << 16)
}

#[cfg(test)]
mod tests;
