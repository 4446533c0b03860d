//! What an advert must prove.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A secret that peers share. Its bytes are in no message.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key(Arc<[u8]>);

impl Key {
    /// A key of these bytes.
    pub fn new(bytes: &[u8]) -> Self {
        Self(Arc::from(bytes))
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} bytes)", self.0.len())
    }
}

/// Authentication of VRRPv2 (RFC 2338 §5.3.6).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Auth {
    /// Type 0.
    None,
    /// Type 1: eight bytes in clear, padded with zeros.
    Pass([u8; 8]),
    /// Type 2: an IP authentication header with HMAC-MD5-96 before the message.
    Header(Key),
}

/// The trailer of keepalived 2.4's `auth_hmac`: HMAC-SHA-256 behind adverts of any version.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HmacPlan {
    /// Keys by their ids; never empty, each id once.
    pub keys: Vec<HmacKey>,
    /// The id of the key that seals our own adverts; one of `keys`.
    pub active: u8,
    /// What is sent and asked for.
    pub mode: HmacMode,
    /// What keeps a recorded advert from being believed again.
    pub freshness: Freshness,
}

impl HmacPlan {
    /// The key of that id.
    pub fn key(&self, id: u8) -> Option<&Key> {
        self.keys
            .iter()
            .find(|known| known.id == id)
            .map(|known| &known.key)
    }

    /// Id and key that seal our own adverts, where they are sealed.
    pub fn sealing(&self) -> Option<(u8, &Key)> {
        match self.mode {
            HmacMode::ReceiveOnly => None,
            HmacMode::Permissive | HmacMode::Enforce => Some((self.active, self.key(self.active)?)),
        }
    }
}

/// One of several keys, so that a new one can be brought in while the old one is in use.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HmacKey {
    /// Its number on the wire.
    pub id: u8,
    /// The key: 32 to 64 bytes.
    pub key: Key,
}

/// Steps of bringing trailers in on all routers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum HmacMode {
    /// Sends none; checks those that come.
    ReceiveOnly,
    /// Sends them, checks those that come, and hears adverts without.
    Permissive,
    /// Sends them and hears nothing without.
    Enforce,
}

/// What keeps a recorded advert from being believed again. The sequence of each sender grows in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Freshness {
    /// The sender's wall clock and ours differ by this much at most, in whole seconds.
    Time {
        /// How much.
        window: Duration,
    },
    /// Growth alone: clocks may differ, but a recorded advert is believed after a restart of ours.
    Monotonic,
}
