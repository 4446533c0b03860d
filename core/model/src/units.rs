//! Numbers with a range or a unit. None can be built out of range, so no later reader has to ask.

use std::fmt;
use std::num::NonZeroU8;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A number that is outside the range of its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfRange {
    /// The number that was refused.
    pub found: u64,
    /// Smallest number allowed.
    pub min: u64,
    /// Largest number allowed.
    pub max: u64,
}

impl fmt::Display for OutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is outside {}..={}", self.found, self.min, self.max)
    }
}

impl std::error::Error for OutOfRange {}

/// Virtual router identifier, 1..=255 (RFC 9568 §5.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vrid(NonZeroU8);

impl Vrid {
    /// The number on the wire.
    pub const fn get(self) -> u8 {
        self.0.get()
    }
}

impl TryFrom<u64> for Vrid {
    type Error = OutOfRange;

    fn try_from(found: u64) -> Result<Self, OutOfRange> {
        let refused = OutOfRange {
            found,
            min: 1,
            max: 255,
        };
        let byte = u8::try_from(found).map_err(|_| refused)?;
        NonZeroU8::new(byte).map(Self).ok_or(refused)
    }
}

impl fmt::Display for Vrid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Priority of a virtual router on this node, 1..=255; 255 is the address owner (RFC 9568 §5.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Priority(NonZeroU8);

impl Priority {
    /// The address owner's priority.
    pub const OWNER: Self = Self(NonZeroU8::MAX);
    /// What RFC 9568 §5.2.4 gives to a router that names none: 100.
    pub const DEFAULT: Self = Self(match NonZeroU8::new(100) {
        Some(hundred) => hundred,
        None => unreachable!(),
    });

    /// The number on the wire.
    pub const fn get(self) -> u8 {
        self.0.get()
    }

    /// Whether this is the address owner's.
    pub const fn is_owner(self) -> bool {
        self.get() == 255
    }

    /// This priority moved by `by`. Never leaves 1..=254, and the owner's is not moved at all (KA-057).
    #[must_use]
    pub fn moved_by(self, by: i32) -> Self {
        if self.is_owner() {
            return self;
        }
        let moved = (i32::from(self.get()).saturating_add(by)).clamp(1, 254);
        u8::try_from(moved)
            .ok()
            .and_then(NonZeroU8::new)
            .map_or(self, Self)
    }
}

impl TryFrom<u64> for Priority {
    type Error = OutOfRange;

    fn try_from(found: u64) -> Result<Self, OutOfRange> {
        let refused = OutOfRange {
            found,
            min: 1,
            max: 255,
        };
        let byte = u8::try_from(found).map_err(|_| refused)?;
        NonZeroU8::new(byte).map(Self).ok_or(refused)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A time in centiseconds, the unit in which VRRPv3 states its advertisement interval (RFC 9568 §5.2.7). VRRPv2's
/// whole seconds are kept in it too, so it reaches beyond the 12 bits of the wire; the configuration checks those.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Centis(u16);

impl Centis {
    /// `centis` hundredths of a second.
    pub const fn new(centis: u16) -> Self {
        Self(centis)
    }

    /// The number of hundredths.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The same time as a [`Duration`].
    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.0 as u64 * 10)
    }
}

impl fmt::Display for Centis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_duration())
    }
}

#[cfg(test)]
mod tests;
