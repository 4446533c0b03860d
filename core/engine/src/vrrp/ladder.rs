//! The ladder: what must hold before an advert counts (RFC 9568 §7.1, RFC 3768 §7.1), and how the operator is told
//! which rung broke.

use std::net::IpAddr;

use model::fact::{Envelope, Frame};
use model::plan::{Auth, Hops, Lists, Transport, Version};
use model::time::WallTime;
use model::units::Priority;
use wire::advert::{Advert, Kind, decode, same_password};
use wire::ah;

use super::advert::{MULTICAST_HOP_LIMIT, leave};
use super::counters::Dropped;
use super::instance::{Instance, Phase};
use super::proof::Proven;

/// Where a frame comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// An address of our own.
    Own,
    /// A network of the interface.
    Near,
    /// Beyond a router.
    Far,
}

impl Instance {
    /// Everything that must hold before an advert counts, cheapest first.
    pub(super) fn check<'a>(
        &self,
        frame: &Frame<'a>,
        origin: Origin,
        wall: WallTime,
    ) -> Result<(Advert<'a>, Proven), Dropped> {
        self.transport_fits(frame)?;
        if origin == Origin::Own || self.source == Some(frame.source) {
            return Err(Dropped::OwnAddress);
        }
        if !self.hop_limit_fits(frame, origin) {
            return Err(Dropped::HopLimit);
        }
        let message = message(frame);
        let version = message.first().map(|byte| byte >> 4);
        match (self.plan.version, version) {
            (Version::V2, Some(3)) | (Version::V3, Some(2)) => return Err(Dropped::OtherVersion),
            (Version::V2 | Version::V3, _) => {}
        }
        let asked = matches!(self.plan.auth, Auth::Header(_));
        if asked != (frame.envelope != Envelope::Bare) {
            return Err(Dropped::AuthMismatch);
        }
        let advert =
            decode(message, frame.source, frame.destination, leave(&self.plan)).map_err(Dropped::Refused)?;
        if let Kind::V2(auth) = advert.kind {
            self.check_v2(&advert, auth)?;
        }
        if self.plan.conduct.deaf_owner && self.plan.priority.is_owner() {
            return Err(Dropped::Owner);
        }
        match self.phase {
            Phase::Initialize | Phase::Fault => Err(Dropped::NotRunning),
            // Last, since a digest costs more than all else.
            Phase::Backup(_) | Phase::Master(_) => {
                let proven = self.proof.check(&self.plan, frame, &advert, wall)?;
                Ok((advert, proven))
            }
        }
    }

    /// RFC 3768 §7.1 drops where version 3 only warns.
    fn check_v2(&self, advert: &Advert<'_>, auth: wire::advert::Auth) -> Result<(), Dropped> {
        match (&self.plan.auth, auth) {
            (Auth::None, wire::advert::Auth::None) | (Auth::Header(_), wire::advert::Auth::Header) => {}
            (Auth::Pass(ours), wire::advert::Auth::Pass(theirs)) => {
                if !same_password(ours, &theirs) {
                    return Err(Dropped::AuthFailure);
                }
            }
            (Auth::None | Auth::Pass(_) | Auth::Header(_), _) => return Err(Dropped::AuthMismatch),
        }
        if advert.interval_cs != self.plan.advert_interval.get() {
            return Err(Dropped::IntervalMismatch);
        }
        if self.plan.priority.is_owner() {
            return Err(Dropped::Owner);
        }
        // RFC 3768 §7.1: "the packet MUST be dropped" unless the owner generated it.
        if self.plan.conduct.lists == Lists::Drop
            && advert.priority != Priority::OWNER.get()
            && !self.same_list(advert)
        {
            return Err(Dropped::OtherList);
        }
        Ok(())
    }

    /// Whether it came the way that adverts of this instance come.
    pub(super) fn transport_fits(&self, frame: &Frame<'_>) -> Result<(), Dropped> {
        match &self.plan.transport {
            Transport::Multicast(group) if *group == frame.destination => Ok(()),
            Transport::Multicast(_) => Err(Dropped::Transport),
            Transport::Unicast { .. } if frame.destination.is_multicast() => Err(Dropped::Transport),
            Transport::Unicast { strangers: true, .. } => Ok(()),
            Transport::Unicast { .. } if self.is_peer(frame.source) => Ok(()),
            Transport::Unicast { .. } => Err(Dropped::NotAPeer),
        }
    }

    /// Whether it is named as a peer.
    pub(super) fn is_peer(&self, address: IpAddr) -> bool {
        match &self.plan.transport {
            Transport::Multicast(_) => false,
            Transport::Unicast { peers, .. } => peers.iter().any(|peer| peer.address == address),
        }
    }

    /// RFC 9568 §5.1.1.3 for multicast; over unicast what its peer is to arrive with.
    fn hop_limit_fits(&self, frame: &Frame<'_>, origin: Origin) -> bool {
        let is_255 = frame.hop_limit == Some(MULTICAST_HOP_LIMIT);
        let Transport::Unicast { peers, .. } = &self.plan.transport else {
            return is_255;
        };
        let peer = peers.iter().find(|peer| peer.address == frame.source);
        match peer.map_or(Hops::Any, |peer| peer.hops) {
            Hops::Any => true,
            Hops::Near => is_255 || origin != Origin::Near,
            Hops::Between(least, most) => frame.hop_limit.is_some_and(|hops| (least..=most).contains(&hops)),
        }
    }

    /// Whether an advert has our addresses in our order.
    pub(super) fn same_list(&self, advert: &Advert<'_>) -> bool {
        let ours = self.plan.addresses.iter().map(|address| address.net.addr());
        advert.addresses.iter().eq(ours)
    }

    /// Whether the list of an advert is to be compared: once for each Master, where that is asked for.
    pub(super) fn compares_list(&self, source: IpAddr) -> bool {
        match self.plan.conduct.lists {
            Lists::Tell | Lists::Drop => true,
            Lists::TellOnce => self.heard.is_none_or(|heard| heard.source != source),
        }
    }
}

/// The VRRP message of a frame, unchecked.
pub(super) fn message<'a>(frame: &Frame<'a>) -> &'a [u8] {
    match frame.envelope {
        Envelope::Bare => frame.payload,
        Envelope::Authenticated { .. } => ah::message(frame.payload).unwrap_or_default(),
    }
}

/// What the operator is told of a dropped frame.
pub(super) fn explain(why: Dropped) -> String {
    let words = match why {
        Dropped::Refused(refused) => return refused.to_string(),
        Dropped::Header(unproven) => return unproven.to_string(),
        Dropped::Replayed => "its sequence was heard already: it was recorded, or its router lost count",
        Dropped::NoTrailer => "it has no trailer with an HMAC, and mode enforce asks for one",
        Dropped::UnknownKey => {
            "its trailer is sealed with a key id that we have not; give all routers the same keys"
        }
        Dropped::WrongHmac => "its HMAC is wrong: another key, or a changed packet",
        Dropped::Stale => {
            "its trailer is of another time: it was recorded, or the clocks of the routers differ"
        }
        Dropped::NotRunning => "this node takes no part now",
        Dropped::HopLimit => {
            "its hop limit is not 255, or not what min_ttl and max_ttl of the peer allow, so it may come from another link"
        }
        Dropped::OtherVersion => "it speaks the other version of VRRP; set both the same",
        Dropped::Transport => "multicast and unicast do not mix; set both the same",
        Dropped::NotAPeer => "it is not among the peers; add it, or give its router another VRID",
        Dropped::OwnAddress => {
            "it comes from an address of our own; the network sends our packets back, or another node has our address"
        }
        Dropped::AuthMismatch => "its type of authentication is not ours; set both the same",
        Dropped::AuthFailure => "its password is wrong",
        Dropped::IntervalMismatch => "version 2 needs one interval on all routers; set both the same",
        Dropped::Owner => "we own the address",
        Dropped::OtherList => "its virtual addresses are not ours; set both the same",
    };
    words.to_owned()
}
