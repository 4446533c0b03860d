//! What an advert must prove: authentication headers of version 2 (KA-094) and trailers with an HMAC (KA-100,
//! KA-101). The digests are `wire`'s; here is what must be remembered, so that no recorded advert is believed again.

use std::net::IpAddr;
use std::time::Duration;

use model::fact::{Envelope, Frame};
use model::plan::{Auth, Freshness, HmacMode, HmacPlan, InstancePlan, Transport};
use model::seal::{Seal, header_clock, trailer_clock};
use model::time::WallTime;
use wire::advert::Advert;
use wire::ah::{self, Cover};
use wire::trailer::Trailer;

use super::counters::Dropped;

/// Senders remembered where nobody is named: on a segment only routers that contend speak at once.
const SENDERS: usize = 4;

/// What one instance remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct Proof {
    /// Highest sequence of an authentication header: sent, and heard from anybody. keepalived counts all routers of a
    /// VRID together, and who becomes Master goes on where the last one stopped.
    header_sent: u32,
    header_heard: u32,
    /// Last sequence of a trailer sent.
    trailer_sent: u64,
    /// What was heard last of each sender of trailers, the latest last.
    senders: Vec<(IpAddr, u64)>,
}

/// What an advert that counts has proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proven {
    Nothing,
    Header { sequence: u32 },
    Trailer { sequence: u64 },
}

impl Proof {
    /// Goes on after what a predecessor sealed last.
    pub(super) fn inherit(&mut self, last: &Seal) {
        match last {
            Seal::Bare => {}
            Seal::Header { sequence, .. } => self.header_sent = *sequence,
            Seal::Trailer { sequence, .. } => self.trailer_sent = *sequence,
        }
    }

    /// The seal of the next advert. All copies of one advert have the same.
    pub(super) fn seal(&mut self, plan: &InstancePlan, wall: WallTime) -> Seal {
        let seal = self.next(plan, wall);
        self.inherit(&seal);
        seal
    }

    /// The same without having sent it.
    pub(super) fn next(&self, plan: &InstancePlan, wall: WallTime) -> Seal {
        if let Some(hmac) = &plan.hmac {
            return hmac.sealing().map_or(Seal::Bare, |(key_id, key)| Seal::Trailer {
                key_id,
                key: key.clone(),
                sequence: self.next_trailer(hmac, wall),
            });
        }
        match &plan.auth {
            Auth::None | Auth::Pass(_) => Seal::Bare,
            Auth::Header(key) => Seal::Header {
                key: key.clone(),
                sequence: self
                    .header_sent
                    .max(self.header_heard)
                    .saturating_add(1)
                    .max(header_clock(wall)),
            },
        }
    }

    fn next_trailer(&self, hmac: &HmacPlan, wall: WallTime) -> u64 {
        let clock = trailer_clock(wall);
        let next = self.trailer_sent.wrapping_add(1);
        let began = self.trailer_sent != 0;
        match hmac.freshness {
            // A clock that went back: what is ahead by more is heard by nobody.
            Freshness::Time { window } if is_after(next, clock) && apart(next, clock) > window => clock,
            Freshness::Time { .. } | Freshness::Monotonic if began && is_after(next, clock) => next,
            Freshness::Time { .. } | Freshness::Monotonic => clock,
        }
    }

    /// Checks what an advert that passed everything else proves.
    pub(super) fn check(
        &self,
        plan: &InstancePlan,
        frame: &Frame<'_>,
        advert: &Advert<'_>,
        wall: WallTime,
    ) -> Result<Proven, Dropped> {
        if let Auth::Header(key) = &plan.auth {
            return self.check_header(frame, key.bytes());
        }
        match (&plan.hmac, advert.trailer) {
            (None, _) => Ok(Proven::Nothing),
            (Some(hmac), Some(trailer)) => self.check_trailer(hmac, &trailer, frame, wall),
            (Some(hmac), None) => match hmac.mode {
                HmacMode::ReceiveOnly | HmacMode::Permissive => Ok(Proven::Nothing),
                HmacMode::Enforce => Err(Dropped::NoTrailer),
            },
        }
    }

    fn check_header(&self, frame: &Frame<'_>, key: &[u8]) -> Result<Proven, Dropped> {
        let (Envelope::Authenticated { identification }, IpAddr::V4(source), IpAddr::V4(destination)) =
            (frame.envelope, frame.source, frame.destination)
        else {
            return Err(Dropped::AuthMismatch);
        };
        let cover = Cover {
            identification,
            hop_limit: frame.hop_limit.unwrap_or_default(),
            source,
            destination,
        };
        let opened = ah::open(frame.payload, key, &cover).map_err(Dropped::Header)?;
        if opened.sequence <= self.header_heard {
            return Err(Dropped::Replayed);
        }
        Ok(Proven::Header {
            sequence: opened.sequence,
        })
    }

    /// The cheap checks first: what was recorded long ago costs no digest.
    fn check_trailer(
        &self,
        hmac: &HmacPlan,
        trailer: &Trailer,
        frame: &Frame<'_>,
        wall: WallTime,
    ) -> Result<Proven, Dropped> {
        let clock = trailer_clock(wall);
        let is_fresh = |sequence| match hmac.freshness {
            Freshness::Time { window } => apart(sequence, clock) <= window,
            Freshness::Monotonic => true,
        };
        let sequence = trailer.sequence;
        if !is_fresh(sequence) {
            return Err(Dropped::Stale);
        }
        let key = hmac.key(trailer.key_id).ok_or(Dropped::UnknownKey)?;
        if !trailer.proves(frame.payload, key.bytes(), frame.source) {
            return Err(Dropped::WrongHmac);
        }
        let heard = self.senders.iter().find(|(sender, _)| *sender == frame.source);
        match heard {
            // A mark that is stale itself keeps nothing out, and a sender whose clock was set back would never be
            // heard again.
            Some((_, last)) if is_fresh(*last) && !is_after(sequence, *last) => Err(Dropped::Replayed),
            Some(_) | None => Ok(Proven::Trailer { sequence }),
        }
    }

    /// Remembers what was proved, so that it is not believed again.
    pub(super) fn believe(&mut self, plan: &InstancePlan, source: IpAddr, proven: Proven) {
        match proven {
            Proven::Nothing => {}
            Proven::Header { sequence } => self.header_heard = sequence,
            Proven::Trailer { sequence } => {
                let room = match &plan.transport {
                    Transport::Multicast(_) => SENDERS,
                    Transport::Unicast { peers, strangers, .. } if *strangers => peers.len() + SENDERS,
                    Transport::Unicast { peers, .. } => peers.len(),
                };
                self.senders.retain(|(sender, _)| *sender != source);
                // Whoever was silent for longest makes room.
                let surplus = (self.senders.len() + 1).saturating_sub(room.max(1));
                self.senders.drain(..surplus);
                self.senders.push((source, sequence));
            }
        }
    }
}

/// Serial number arithmetic (RFC 1982): seconds wrap in 2106.
const fn is_after(one: u64, other: u64) -> bool {
    one.wrapping_sub(other).cast_signed() > 0
}

/// How far apart two sequences are, in whole seconds, as keepalived counts them.
fn apart(one: u64, other: u64) -> Duration {
    let seconds = |sequence: u64| u32::try_from(sequence >> 32).unwrap_or(u32::MAX);
    let difference = seconds(one).wrapping_sub(seconds(other)).cast_signed();
    Duration::from_secs(u64::from(difference.unsigned_abs()))
}
