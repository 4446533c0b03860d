//! Adverts from others: whom each is for, and what it means in each state once it passed the ladder of checks.

use std::net::IpAddr;
use std::time::Duration;

use model::effect::News;
use model::fact::Frame;
use model::ids::LinkIndex;
use model::net::Family;
use model::plan::{ChecksumForm, Preempt, Transport, Version};
use model::time::Instant;
use model::units::Centis;
use wire::advert::{Advert, Checksum, Kind};

use super::advert::planned_checksum;
use super::counters::Dropped;
use super::instance::{Backup, Heard, Instance, Master, Phase, Wait};
use super::ladder::{Origin, explain, message};
use super::notice::Topic;
use super::timer;
use super::{Election, Out};

/// What adverts may be late by on a segment in good order.
const DELAY: Duration = Duration::from_millis(2);

/// What a Master does about an advert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Nothing,
    /// A better Master is there.
    Yield,
    /// A lower Master is there and may have been believed.
    Heal,
}

/// Which instances hear what.
#[derive(Clone, Debug, Default)]
pub(super) struct Addressees {
    /// Sorted.
    all: Vec<(Key, usize)>,
}

/// By what an instance is found: link, family, VRID.
pub(super) type Key = (LinkIndex, Family, u8);

impl Addressees {
    /// After plans or links changed.
    pub(super) fn find(&mut self, instances: &[Instance]) {
        self.all.clear();
        let found = instances.iter().enumerate().filter_map(|(i, instance)| {
            let plan = &instance.plan;
            Some(((instance.link?, plan.family, plan.vrid.get()), i))
        });
        self.all.extend(found);
        self.all.sort_unstable();
    }

    pub(super) fn with(&self, key: Key) -> impl Iterator<Item = usize> + Clone {
        let from = self.all.partition_point(|(known, _)| *known < key);
        let rest = self.all.iter().skip(from);
        rest.take_while(move |(known, _)| *known == key).map(|(_, i)| *i)
    }
}

impl Election {
    /// Takes a VRRP message. A frame that fails a check changes nothing but counters.
    pub fn handle_frame(&mut self, frame: Frame<'_>, now: Instant) {
        let Some(i) = self.addressee(&frame) else {
            self.strangers = self.strangers.saturating_add(1);
            return;
        };
        let origin = self.origin(&frame);
        let Some(instance) = self.instances.get_mut(i) else {
            return;
        };
        let (advert, proven) = match instance.check(&frame, origin, self.out.wall) {
            Ok(checked) => checked,
            Err(why) => {
                instance.counters.drop(why);
                // Who takes no part ignores everything; that is no news.
                if why != Dropped::NotRunning {
                    let text = || format!("ignored an advert from {}: {}", frame.source, explain(why));
                    instance.notice(Topic::Dropped(why), Some(frame.source), text, &mut self.out, now);
                }
                return;
            }
        };
        instance.proof.believe(&instance.plan, frame.source, proven);
        self.compare(i, &advert, frame.source, now);
        // What waited in the socket while we slept must not make us answer as the Master that we may not be any more.
        self.end_stall(i, now);
        self.hear(i, &advert, &frame, now);
        self.touch(i);
        self.schedule_touched();
    }

    /// The instance that a frame is for: by link, family, VRID, and, where several share these, by transport.
    fn addressee(&self, frame: &Frame<'_>) -> Option<usize> {
        let key = (frame.link, Family::of(frame.source), *message(frame).get(1)?);
        let candidates = self.addressees.with(key);
        let of = |i: &usize| self.instances.get(*i);
        let fits = |i: &usize| of(i).is_some_and(|instance| instance.transport_fits(frame).is_ok());
        let named = |i: &usize| fits(i) && of(i).is_some_and(|instance| instance.is_peer(frame.source));
        let by_name = candidates.clone().find(named);
        by_name
            .or_else(|| candidates.clone().find(fits))
            .or(candidates.min())
    }

    /// VRRP-058: our own packet, come back, or somebody with our address. A virtual address is not ours, even while we
    /// carry it: its owner speaks from it.
    fn origin(&self, frame: &Frame<'_>) -> Origin {
        let Some(link) = self.links.at(frame.link) else {
            return Origin::Far;
        };
        let source = frame.source;
        let is_own = link.addresses.iter().any(|net| net.addr() == source)
            && !self
                .instances
                .iter()
                .any(|instance| instance.stands_in_for(source));
        if is_own {
            Origin::Own
        } else if link.addresses.iter().any(|net| net.contains(&source)) {
            Origin::Near
        } else {
            Origin::Far
        }
    }

    /// What an advert should have in common with us. It counts even if it has not.
    fn compare(&mut self, i: usize, advert: &Advert<'_>, source: IpAddr, now: Instant) {
        let Some(instance) = self.instances.get_mut(i) else {
            return;
        };
        let out = &mut self.out;
        instance.compare_way(advert, source, out, now);
        let own = instance.plan.advert_interval;
        if advert.interval_cs != own.get() {
            instance.counters.interval_mismatch += 1;
            let theirs = Centis::new(advert.interval_cs);
            let words = || format!("{source} advertises every {theirs}, we every {own}; set both the same");
            instance.notice(Topic::Interval, Some(source), words, out, now);
        }
        if instance.compares_list(source) && !instance.same_list(advert) {
            instance.counters.list_mismatch += 1;
            let words =
                || format!("{source} advertises other virtual addresses than ours; set both the same");
            instance.notice(Topic::List, Some(source), words, out, now);
        }
        if advert.priority == instance.priority.get() && !instance.priority.is_owner() {
            let gap = timer::gap(own, DELAY);
            let priority = advert.priority;
            let words = || {
                let apart = match gap {
                    0 | 1 => String::new(),
                    _ => format!(", {gap} or more apart: {DELAY:?} of delay must not make two Masters"),
                };
                format!("{source} has our priority, {priority}; give each router its own{apart}")
            };
            instance.notice(Topic::EqualPriority, Some(source), words, out, now);
        }
        if advert.priority == 255 && instance.plan.priority.is_owner() {
            let words = || format!("{source} has priority 255 as well; only one router can own an address");
            instance.notice(Topic::SecondOwner, Some(source), words, out, now);
        }
    }

    fn hear(&mut self, i: usize, advert: &Advert<'_>, frame: &Frame<'_>, now: Instant) {
        let Some(instance) = self.instances.get_mut(i) else {
            return;
        };
        let heard = Heard {
            source: frame.source,
            priority: advert.priority,
            // The kernel's time counts: an advert that waited for us was in time.
            at: frame.received.min(now),
        };
        let interval = Centis::new(advert.interval_cs);
        instance.counters.adverts_received += 1;
        if heard.priority == 0 {
            instance.counters.priority_zero_received += 1;
        }
        match instance.phase {
            Phase::Initialize | Phase::Fault => {}
            Phase::Backup(backup) => {
                instance.hear_as_backup(backup, heard, interval);
                if instance.heard == Some(heard) {
                    instance.learn_checksum(advert.kind, &mut self.out, now);
                }
            }
            Phase::Master(master) => match self.hear_as_master(i, master, heard, now) {
                Answer::Nothing => {}
                Answer::Yield => {
                    if let Some(instance) = self.instances.get_mut(i) {
                        if instance.plan.conduct.last_word {
                            instance.speak(&mut self.out, now);
                        }
                        instance.heard = Some(heard);
                    }
                    self.yield_unit(i, heard, interval, now);
                }
                Answer::Heal => self.heal_unit(i, heard, now),
            },
        }
    }

    /// Hosts may have believed a lower Master, and its group with it (KA-044).
    fn heal_unit(&mut self, i: usize, lower: Heard, now: Instant) {
        let Some(unit) = self.instances.get(i).map(|instance| instance.unit) else {
            return;
        };
        for n in 0.. {
            let Some(member) = self.member(unit, n) else {
                return;
            };
            if let Some(instance) = self.instances.get_mut(member)
                && instance.heal(now)
            {
                let (master, priority) = (lower.source, lower.priority);
                instance.tell(News::LowerMaster { master, priority }, &mut self.out);
            }
            self.reconcile(member, now);
        }
    }

    fn hear_as_master(&mut self, i: usize, master: Master, heard: Heard, now: Instant) -> Answer {
        let Some(instance) = self.instances.get_mut(i) else {
            return Answer::Nothing;
        };
        let interval = instance.interval();
        if heard.priority == 0 {
            // RFC 9568 §6.4.3: "Send an ADVERTISEMENT. Reset the Adver_Timer to Advertisement_Interval". Bounded, or
            // a forger could draw any number of adverts.
            if instance.bucket.take(interval, now) {
                instance.phase = Phase::Master(Master {
                    advert_at: now + interval,
                    ..master
                });
                instance.speak(&mut self.out, now);
            }
            return Answer::Nothing;
        }
        let own = instance.priority.get();
        // RFC 9568 §6.4.3: greater, or equal from a greater address, as unsigned integers in network order.
        let higher_address = instance.source.is_some_and(|source| heard.source > source);
        if heard.priority > own || (heard.priority == own && higher_address) {
            return Answer::Yield;
        }
        // §6.4.3: "Discard ADVERTISEMENT. Send an ADVERTISEMENT immediately". The Adver_Timer is left alone. Version
        // 2 only discards (RFC 3768 §6.4.3).
        let answers = match instance.plan.version {
            Version::V2 => false,
            Version::V3 => instance.plan.answer_lower,
        };
        if answers && instance.bucket.take(interval, now) {
            instance.speak(&mut self.out, now);
        }
        Answer::Heal
    }
}

impl Instance {
    /// How an advert came and was summed.
    fn compare_way(&mut self, advert: &Advert<'_>, source: IpAddr, out: &mut Out, now: Instant) {
        let unicast = matches!(self.plan.transport, Transport::Unicast { .. });
        if unicast && !self.is_peer(source) {
            self.counters.from_no_peer += 1;
            let words = || {
                format!(
                    "{source} is no peer, and its adverts count; name it as a peer, or write check_unicast_src to \
                     hear peers alone"
                )
            };
            self.notice(Topic::Stranger, Some(source), words, out, now);
        }
        let theirs = match advert.kind {
            Kind::V3(theirs) => theirs,
            Kind::V2(_) => return,
        };
        match theirs {
            Checksum::MessageOnly => self.counters.checksum_message_only += 1,
            Checksum::PseudoHeader => self.counters.checksum_pseudo_header += 1,
        }
        // Both are heard here. Where only one is, each router takes itself for the only one.
        if self.plan.checksum != ChecksumForm::Auto && theirs != self.checksum {
            let (theirs, cure) = match theirs {
                Checksum::MessageOnly => ("the message alone (RFC 9568 §5.2.8)", "checksum = \"message\""),
                Checksum::PseudoHeader => ("a pseudo-header too", "checksum = \"pseudo-header\""),
            };
            let words = || {
                format!(
                    "{source} uses the other checksum form: its adverts sum {theirs}. We hear both forms, it may \
                     hear one; if it does not hear us, write {cure}, or checksum = \"auto\""
                )
            };
            self.notice(Topic::Checksum, Some(source), words, out, now);
        }
    }

    /// Takes over the form of the Master's checksum, to use it when we are one. A Master never changes its own.
    fn learn_checksum(&mut self, kind: Kind, out: &mut Out, now: Instant) {
        let Kind::V3(theirs) = kind else { return };
        if planned_checksum(&self.plan).is_some() || theirs == self.checksum {
            return;
        }
        self.checksum = theirs;
        self.prepare(out, now);
        let form = match theirs {
            Checksum::MessageOnly => "the message alone",
            Checksum::PseudoHeader => "a pseudo-header too",
        };
        let words = || format!("the Master's adverts sum {form}; ours will, too");
        self.notice(Topic::ChecksumLearned, None, words, out, now);
    }

    /// Whether `address` is one of its virtual ones, and no own one.
    fn stands_in_for(&self, address: IpAddr) -> bool {
        let mut all = self.plan.addresses.iter().chain(&self.plan.excluded);
        !self.plan.priority.is_owner() && all.any(|of| of.net.addr() == address)
    }

    /// RFC 9568 §6.4.2.
    fn hear_as_backup(&mut self, before: Backup, heard: Heard, interval: Centis) {
        // A Down timer never goes back, whatever the order in which frames come.
        let armed = before.armed.max(heard.at);
        if heard.priority == 0 {
            // "Set the Active_Down_Timer to Skew_Time."
            self.phase = Phase::Backup(Backup {
                armed,
                wait: Wait::Skew { left: heard.source },
                ..before
            });
            return;
        }
        let lower = heard.priority < self.priority.get();
        let lower_since = lower.then(|| before.lower_since.unwrap_or(heard.at));
        if lower && self.preempts(lower_since, heard.at) {
            // "Discard ADVERTISEMENT": the timer runs on, and with it the time of the lower Master.
            self.phase = Phase::Backup(Backup {
                lower: Some(heard),
                lower_since,
                ..before
            });
            return;
        }
        self.heard = Some(heard);
        self.phase = Phase::Backup(Backup {
            armed,
            wait: Wait::Down,
            learned: interval,
            lower: None,
            lower_since,
        });
    }

    /// Whether a lower Master, heard since `lower_since`, is to be replaced. The owner always preempts (VRRP-075).
    fn preempts(&self, lower_since: Option<Instant>, now: Instant) -> bool {
        match self.plan.preempt {
            Preempt::Yes => true,
            Preempt::No | Preempt::After(_) if self.priority.is_owner() => true,
            Preempt::No => false,
            Preempt::After(delay) => lower_since.is_some_and(|since| now.since(since) >= delay),
        }
    }

    /// Hosts may have believed a lower Master: tells them again, not more often than once in a Down interval. Whether
    /// it does now.
    fn heal(&mut self, now: Instant) -> bool {
        let pause = self.down_interval(self.plan.advert_interval);
        let Phase::Master(master) = &mut self.phase else {
            return false;
        };
        if now.since(master.healed_at) < pause {
            return false;
        }
        master.healed_at = now;
        self.announce_again(now);
        true
    }
}
