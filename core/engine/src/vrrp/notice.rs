//! What the operator is told, and how often.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use model::effect::{ElectEffect, InstanceNews, News, Notice};
use model::time::Instant;

use super::Out;
use super::counters::Dropped;
use super::instance::Instance;

/// From one notice of a kind to the next. A hostile neighbour must not fill a disk.
const QUIET: Duration = Duration::from_secs(60);
/// The same for what is no mistake: some choose it.
const QUIET_ADVICE: Duration = Duration::from_secs(24 * 60 * 60);

/// Kinds of notices. Each is limited by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    /// A frame was not heard.
    Dropped(Dropped),
    /// A peer has another interval (VRRP-056).
    Interval,
    /// A peer has other addresses (VRRP-057).
    List,
    /// A second address owner (VRRP-156).
    SecondOwner,
    /// A peer sums its adverts in the other form.
    Checksum,
    /// The form of our checksum was learned.
    ChecksumLearned,
    /// Unicast from somebody who is no peer, and is heard.
    Stranger,
    /// A peer has our priority (VRRP-157).
    EqualPriority,
    /// Mastership comes and goes (VRRP-018).
    Flapping,
    /// The kernel refuses an address.
    Address,
    /// The kernel refuses a device.
    Device,
    /// The kernel refuses to drop what is not to be accepted.
    Shield,
    /// The interface below a device answers for a virtual address, too (VRRP-120).
    Twin,
    /// The kernel refuses a route or rule.
    Entry,
    /// A route or rule had been taken out by somebody else.
    Restored,
    /// No advert can be made of the plan.
    Unsendable,
}

impl Topic {
    const fn quiet(self) -> Duration {
        match self {
            Self::EqualPriority | Self::Checksum | Self::Stranger => QUIET_ADVICE,
            Self::Dropped(_)
            | Self::Interval
            | Self::List
            | Self::SecondOwner
            | Self::ChecksumLearned
            | Self::Flapping
            | Self::Address
            | Self::Device
            | Self::Shield
            | Self::Twin
            | Self::Entry
            | Self::Restored
            | Self::Unsendable => QUIET,
        }
    }
}

/// When each kind was told last, and how many were swallowed since.
#[derive(Clone, Debug, Default)]
pub(super) struct Limiter {
    told: BTreeMap<Topic, (Instant, u64)>,
}

impl Limiter {
    /// Whether to tell now: how many were swallowed since the last time.
    fn pass(&mut self, topic: Topic, now: Instant) -> Option<u64> {
        match self.told.get_mut(&topic) {
            Some((last, swallowed)) if now.since(*last) < topic.quiet() => {
                *swallowed += 1;
                None
            }
            known => {
                let swallowed = known.map_or(0, |(_, swallowed)| *swallowed);
                self.told.insert(topic, (now, 0));
                Some(swallowed)
            }
        }
    }
}

impl Instance {
    /// Tells what happened to it in its state.
    pub(super) fn tell(&self, what: News, out: &mut Out) {
        out.push(ElectEffect::News(InstanceNews {
            instance: self.plan.name.clone(),
            state: self.state(),
            priority: self.priority.get(),
            what,
        }));
    }

    /// Tells the operator, unless the kind was told a moment ago. The words are made only when they are used.
    pub(super) fn notice(
        &mut self,
        topic: Topic,
        peer: Option<IpAddr>,
        words: impl FnOnce() -> String,
        out: &mut Out,
        now: Instant,
    ) {
        if let Some(suppressed) = self.limiter.pass(topic, now) {
            out.push(ElectEffect::Notice(Notice {
                instance: Some(self.plan.name.clone()),
                link: self.link.unwrap_or_default(),
                peer,
                message: words(),
                suppressed,
            }));
        }
    }
}
