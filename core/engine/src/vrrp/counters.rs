//! What is counted for each instance (VRRP-060).

use std::collections::BTreeMap;
use std::time::Duration;

use wire::advert::Refused;
use wire::ah::Unproven;

/// Why a frame for one of our virtual routers was not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dropped {
    /// It is no advert.
    Refused(Refused),
    /// It came from another link, or the kernel did not tell (VRRP-005, VRRP-011).
    HopLimit,
    /// The other version of VRRP (VRRP-050).
    OtherVersion,
    /// Multicast for a unicast instance, or the reverse (VRRP-246).
    Transport,
    /// Unicast from somebody who is no peer (VRRP-245).
    NotAPeer,
    /// From our own address (VRRP-058).
    OwnAddress,
    /// Another type of authentication than ours (VRRP-207).
    AuthMismatch,
    /// The wrong password (VRRP-222).
    AuthFailure,
    /// Its authentication header proves nothing (VRRP-222).
    Header(Unproven),
    /// Its sequence was heard already.
    Replayed,
    /// It has no trailer, and we ask for one.
    NoTrailer,
    /// Its trailer names a key that we have not.
    UnknownKey,
    /// Its trailer proves nothing.
    WrongHmac,
    /// Its trailer is of another time.
    Stale,
    /// Version 2: another interval than ours (VRRP-206).
    IntervalMismatch,
    /// The address owner hears nobody: in version 2 (VRRP-209), and where it was asked for.
    Owner,
    /// Version 2, where it was asked for: another list of addresses, and not the owner's (VRRP-208).
    OtherList,
    /// The instance takes no part now (VRRP-059).
    NotRunning,
}

impl Dropped {
    /// Name of its counter.
    pub(super) const fn counter(self) -> &'static str {
        match self {
            Self::Refused(Refused::TooShort) => "dropped_too_short",
            Self::Refused(Refused::TooLong) => "dropped_too_long",
            Self::Refused(Refused::Version) => "dropped_version",
            Self::Refused(Refused::Type) => "dropped_type",
            Self::Refused(Refused::Vrid) => "dropped_vrid",
            Self::Refused(Refused::NoAddresses) => "dropped_no_addresses",
            Self::Refused(Refused::ZeroInterval) => "dropped_zero_interval",
            Self::Refused(Refused::Checksum) => "dropped_checksum",
            Self::Refused(Refused::FirstAddress) => "dropped_first_address",
            Self::Refused(Refused::AuthType) => "dropped_auth_type",
            Self::Refused(Refused::Trailer) => "dropped_hmac_type",
            Self::HopLimit => "dropped_hop_limit",
            Self::OtherVersion => "dropped_other_version",
            Self::Transport => "dropped_transport",
            Self::NotAPeer => "dropped_not_a_peer",
            Self::OwnAddress => "dropped_own_address",
            Self::AuthMismatch => "dropped_auth_mismatch",
            Self::AuthFailure | Self::Header(_) => "dropped_auth_failure",
            Self::Replayed => "dropped_replayed",
            Self::NoTrailer => "dropped_hmac_missing",
            Self::UnknownKey => "dropped_hmac_unknown_key",
            Self::WrongHmac => "dropped_hmac_wrong",
            Self::Stale => "dropped_hmac_stale",
            Self::IntervalMismatch => "dropped_interval_mismatch",
            Self::Owner => "dropped_owner",
            Self::OtherList => "dropped_other_list",
            Self::NotRunning => "dropped_not_running",
        }
    }
}

/// Counters of one instance.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    pub(super) adverts_sent: u64,
    /// Of these to one destination each: the kernel did not take them.
    pub(super) adverts_refused: u64,
    pub(super) adverts_received: u64,
    pub(super) priority_zero_sent: u64,
    pub(super) priority_zero_received: u64,
    pub(super) became_master: u64,
    pub(super) released_master: u64,
    pub(super) checksum_message_only: u64,
    pub(super) checksum_pseudo_header: u64,
    pub(super) interval_mismatch: u64,
    pub(super) list_mismatch: u64,
    /// Unicast from others than the peers, that counted.
    pub(super) from_no_peer: u64,
    /// Times that it was Master and slept for longer than its peers wait.
    pub(super) stalls: u64,
    late_max: Duration,
    dropped: BTreeMap<&'static str, u64>,
}

impl Counters {
    pub(super) fn drop(&mut self, why: Dropped) {
        *self.dropped.entry(why.counter()).or_default() += 1;
    }

    /// One of its timers was handled this long after its time.
    pub(super) fn late(&mut self, by: Duration) {
        self.late_max = self.late_max.max(by);
    }

    /// All of them by name; reasons that never occurred are left out.
    pub(super) fn by_name(&self) -> BTreeMap<String, u64> {
        let fixed = [
            ("adverts_sent", self.adverts_sent),
            ("adverts_refused", self.adverts_refused),
            ("adverts_received", self.adverts_received),
            ("priority_zero_sent", self.priority_zero_sent),
            ("priority_zero_received", self.priority_zero_received),
            ("became_master", self.became_master),
            ("released_master", self.released_master),
            ("checksum_message_only", self.checksum_message_only),
            ("checksum_pseudo_header", self.checksum_pseudo_header),
            ("interval_mismatch", self.interval_mismatch),
            ("list_mismatch", self.list_mismatch),
            ("from_no_peer", self.from_no_peer),
            ("stalls", self.stalls),
            (
                "late_ms_max",
                u64::try_from(self.late_max.as_millis()).unwrap_or(u64::MAX),
            ),
        ];
        let dropped = self.dropped.iter().map(|(name, count)| (*name, *count));
        let all = fixed.into_iter().chain(dropped);
        all.map(|(name, count)| (name.to_owned(), count)).collect()
    }
}
