//! One virtual router.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use model::ids::{GroupName, LinkIndex};
use model::plan::{InstancePlan, TrackLink, TrackTracker, Version};
use model::time::Instant;
use model::transition::{Cause, Fault, State};
use model::units::{Centis, Priority};
use wire::advert::Checksum;

use super::advert::{Prepared, planned_checksum};
use super::bucket::Bucket;
use super::counters::Counters;
use super::holding::Holding;
use super::notice::Limiter;
use super::proof::Proof;
use super::timer;

/// A virtual router and all that is known of it.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) plan: InstancePlan,
    /// Whom it moves with, by place.
    pub(super) unit: usize,
    /// Its group and what it tracks, the group's trackers included.
    pub(super) group: Option<GroupName>,
    pub(super) track: Vec<TrackTracker>,
    pub(super) track_links: Vec<TrackLink>,

    pub(super) phase: Phase,
    pub(super) since: Instant,
    pub(super) cause: Option<Cause>,
    /// When it became Master the last times.
    pub(super) risings: [Option<Instant>; 3],

    /// Derived from links and trackers.
    pub(super) faults: BTreeSet<Fault>,
    pub(super) priority: Priority,
    pub(super) link: Option<LinkIndex>,
    pub(super) link_up: bool,
    pub(super) source: Option<IpAddr>,
    pub(super) prepared: Prepared,

    /// What the checksum of adverts covers: the plan's, or what a Master was heard to send.
    pub(super) checksum: Checksum,
    /// The last advert that counted.
    pub(super) heard: Option<Heard>,
    /// While set, it may go on as the Master that its predecessor was.
    pub(super) inherits_until: Option<Instant>,
    /// It was Master before a restart, so a tracker that has not answered yet was good then.
    pub(super) trusting: bool,

    pub(super) holding: Holding,
    pub(super) bucket: Bucket,
    pub(super) limiter: Limiter,
    pub(super) counters: Counters,
    pub(super) proof: Proof,
}

/// State with what only that state has. A timer of another state cannot exist (VRRP-074).
#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    Initialize,
    Backup(Backup),
    Master(Master),
    Fault,
}

/// What a Backup knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backup {
    /// When the Down timer was set last.
    pub(super) armed: Instant,
    /// To what.
    pub(super) wait: Wait,
    /// The Master's interval: Active_Adver_Interval (RFC 9568 §6.1).
    pub(super) learned: Centis,
    /// The last advert that did not count, because its priority is lower than ours.
    pub(super) lower: Option<Heard>,
    /// Since when a lower Master is heard, for a delayed preemption.
    pub(super) lower_since: Option<Instant>,
}

/// What the Down timer is set to. Kept as a word, so that a changed priority moves a running timer (VRRP-079).
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    /// The Down interval.
    Down,
    /// Skew_Time, because a Master left.
    Skew { left: IpAddr },
}

/// What a Master knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Master {
    /// When its next advert leaves.
    pub(super) advert_at: Instant,
    /// When its last one left.
    pub(super) spoke_at: Instant,
    /// Until when its peers believe in it if they hear no more. Kept, because the peers learned the interval that was
    /// ours then.
    pub(super) believed_until: Instant,
    /// When its addresses were announced anew last because of a lower Master.
    pub(super) healed_at: Instant,
}

/// An advert that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) source: IpAddr,
    pub(super) priority: u8,
    pub(super) at: Instant,
}

impl Instance {
    pub(super) fn new(plan: InstancePlan, inherits_until: Option<Instant>, now: Instant) -> Self {
        Self {
            unit: 0,
            group: None,
            track: Vec::new(),
            track_links: Vec::new(),
            phase: Phase::Initialize,
            since: now,
            cause: None,
            risings: [None; 3],
            faults: BTreeSet::new(),
            priority: plan.priority,
            link: None,
            link_up: false,
            source: None,
            prepared: Prepared::default(),
            checksum: planned_checksum(&plan).unwrap_or(Checksum::MessageOnly),
            heard: None,
            inherits_until,
            trusting: inherits_until.is_some(),
            holding: Holding::of_instance(&plan),
            bucket: Bucket::default(),
            limiter: Limiter::default(),
            counters: Counters::default(),
            proof: Proof::default(),
            plan,
        }
    }

    pub(super) fn state(&self) -> State {
        match self.phase {
            Phase::Initialize => State::Initialize,
            Phase::Backup(_) => State::Backup,
            Phase::Master(_) => State::Master,
            Phase::Fault => State::Fault,
        }
    }

    pub(super) fn is_master(&self) -> bool {
        matches!(self.phase, Phase::Master(_))
    }

    /// Own interval between two adverts; never zero, whatever the plan says.
    pub(super) fn interval(&self) -> Duration {
        self.plan
            .advert_interval
            .as_duration()
            .max(Centis::new(1).as_duration())
    }

    /// A Backup that begins to wait at `armed` for a Master with this interval.
    pub(super) fn fresh_backup(&self, armed: Instant, learned: Centis) -> Backup {
        Backup {
            armed,
            wait: Wait::Down,
            learned,
            lower: None,
            lower_since: None,
        }
    }

    /// The Down interval towards a Master with this interval.
    pub(super) fn down_interval(&self, learned: Centis) -> Duration {
        timer::down(
            self.plan.version,
            self.priority,
            self.master_interval(learned),
            self.plan.down_adverts,
        )
    }

    /// When a Backup takes over if nothing more is heard.
    pub(super) fn down_at(&self) -> Option<Instant> {
        let Phase::Backup(backup) = self.phase else {
            return None;
        };
        Some(match backup.wait {
            Wait::Down => backup.armed + self.down_interval(backup.learned),
            Wait::Skew { .. } => {
                let learned = self.master_interval(backup.learned);
                backup.armed + timer::skew(self.plan.version, self.priority, learned)
            }
        })
    }

    /// Version 2 learns nothing: its routers all have one interval (RFC 3768 §6.1).
    fn master_interval(&self, learned: Centis) -> Centis {
        match self.plan.version {
            Version::V2 => self.plan.advert_interval,
            Version::V3 => learned,
        }
    }

    /// Why this Backup takes over now.
    pub(super) fn takeover_cause(&self, now: Instant) -> Cause {
        let Phase::Backup(backup) = self.phase else {
            return Cause::NoMaster;
        };
        if let Wait::Skew { left } = backup.wait {
            return Cause::MasterLeft { master: left };
        }
        match (backup.lower, self.heard) {
            (Some(lower), _) if now.since(lower.at) < self.down_interval(backup.learned) => Cause::Preempts {
                master: lower.source,
                priority: lower.priority,
            },
            (Some(last), None) | (_, Some(last)) => Cause::MasterSilent {
                silence: now.since(last.at),
            },
            (None, None) => Cause::NoMaster,
        }
    }

    /// Something is missing without which it cannot take part.
    pub(super) fn is_broken(&self) -> bool {
        self.faults.iter().any(|fault| !is_pending(fault))
    }

    /// Nothing is missing to begin. What has begun does not end because a tracker is still to answer: a tracker added
    /// by a reload must not cause a failover.
    pub(super) fn can_begin(&self) -> bool {
        self.faults.is_empty() && self.prepared.is_ready()
    }
}

/// Whether a fault only means that an answer is awaited.
fn is_pending(fault: &Fault) -> bool {
    match fault {
        Fault::TrackerPending(_) | Fault::DevicePending(_) => true,
        Fault::LinkMissing(_)
        | Fault::LinkDown(_)
        | Fault::LinkUp(_)
        | Fault::NoSource(_)
        | Fault::NoPeers
        | Fault::SourceGone(..)
        | Fault::Device(_)
        | Fault::Tracker(_)
        | Fault::TrackerGood(_)
        | Fault::TrackerNumber(..) => false,
    }
}
