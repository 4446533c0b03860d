//! Adverts, made when something in them changes and only handed out afterwards.

use std::net::IpAddr;
use std::sync::Arc;

use model::effect::{ElectEffect, SendAdvert};
use model::ids::LinkIndex;
use model::net::Family;
use model::plan::{Auth, ChecksumForm, InstancePlan, Transport, Version};
use model::seal::Seal;
use model::time::{Instant, WallTime};
use model::units::Priority;
use wire::advert::{Checksum, Kind, Leave, Outgoing, Unsendable, encode};

use super::instance::{Instance, Phase};
use super::{Election, Out};

/// TTL and hop limit of multicast (RFC 9568 §5.1.1.3, §5.1.2.3).
pub(super) const MULTICAST_HOP_LIMIT: u8 = 255;

/// What the adverts of an instance depend on besides its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Basis {
    pub(super) link: LinkIndex,
    pub(super) source: IpAddr,
    pub(super) priority: Priority,
    pub(super) checksum: Checksum,
}

/// Adverts ready to be sent, one for each destination.
#[derive(Clone, Debug, Default)]
pub(super) struct Prepared {
    basis: Option<Basis>,
    adverts: Vec<SendAdvert>,
    farewell: Vec<SendAdvert>,
}

impl Prepared {
    /// Makes the adverts anew if something in them changed. What was made before stays when they cannot be made.
    pub(super) fn refresh(&mut self, plan: &InstancePlan, basis: Basis) -> Result<(), Unsendable> {
        if self.basis == Some(basis) {
            return Ok(());
        }
        let adverts = build(plan, basis, basis.priority.get())?;
        // Priority 0: "the current Active Router has stopped participating" (RFC 9568 §5.2.4).
        let farewell = build(plan, basis, 0)?;
        *self = Self {
            basis: Some(basis),
            adverts,
            farewell,
        };
        Ok(())
    }

    /// The plan changed: whatever was made is old.
    pub(super) fn outdate(&mut self) {
        self.basis = None;
    }

    /// Whether there is something to send.
    pub(super) fn is_ready(&self) -> bool {
        !self.adverts.is_empty()
    }
}

impl Out {
    fn send(&mut self, prepared: &SendAdvert, seal: &Seal) {
        self.push(ElectEffect::SendAdvert(SendAdvert {
            seal: seal.clone(),
            ..prepared.clone()
        }));
    }
}

impl Election {
    /// Takes that the kernel did not let an advert out: a firewall forbids it, or a queue is full. It is counted and
    /// changes no state. The RFCs know no Master without a voice, and any rule of ours would have to speak to find out
    /// that it has one again; whoever hears nothing takes over by himself.
    pub fn handle_unsent(&mut self, advert: &SendAdvert) {
        let family = Family::of(advert.destination);
        let Some(vrid) = advert.payload.get(1) else { return };
        let mut candidates = self.addressees.with((advert.link, family, *vrid));
        let sender = candidates.find(|i| {
            let instance = self.instances.get(*i);
            instance.is_some_and(|instance| instance.speaks_to(advert.destination))
        });
        if let Some(instance) = sender.and_then(|i| self.instances.get_mut(i)) {
            instance.counters.adverts_refused += 1;
        }
    }
}

impl Instance {
    /// Whether adverts of this instance go there.
    fn speaks_to(&self, destination: IpAddr) -> bool {
        match &self.plan.transport {
            Transport::Multicast(group) => *group == destination,
            Transport::Unicast { .. } => self.is_peer(destination),
        }
    }

    /// Sends an advert to every destination.
    pub(super) fn send_advert(&mut self, out: &mut Out) {
        if !self.link_up {
            return;
        }
        let seal = self.proof.seal(&self.plan, out.wall);
        self.prepared
            .adverts
            .iter()
            .for_each(|advert| out.send(advert, &seal));
        self.counters.adverts_sent += 1;
    }

    /// Sends an advert as Master: its peers believe in it anew.
    pub(super) fn speak(&mut self, out: &mut Out, now: Instant) {
        self.send_advert(out);
        let believed_until = self.believed_until(now);
        if let Phase::Master(master) = &mut self.phase {
            (master.spoke_at, master.believed_until) = (now, believed_until);
        }
    }

    /// The same for somebody else to send, who is to renew the seals.
    pub(super) fn farewell(&self, wall: WallTime) -> Vec<SendAdvert> {
        let seal = self.proof.next(&self.plan, wall);
        let mut adverts = self.prepared.farewell.clone();
        adverts.iter_mut().for_each(|advert| advert.seal = seal.clone());
        adverts
    }

    /// Says to every destination that this Master leaves.
    pub(super) fn send_farewell(&mut self, out: &mut Out) {
        if !self.link_up {
            return;
        }
        let seal = self.proof.seal(&self.plan, out.wall);
        self.prepared
            .farewell
            .iter()
            .for_each(|advert| out.send(advert, &seal));
        self.counters.priority_zero_sent += 1;
    }
}

/// Where the operator's own list of addresses leaves the letter of the RFC; his peers' lists do the same.
pub(super) fn leave(plan: &InstancePlan) -> Leave {
    Leave {
        trailer: plan.hmac.is_some(),
        summed_to: match plan.transport {
            Transport::Multicast(_) => None,
            Transport::Unicast { old_checksum, .. } => old_checksum,
        },
        empty_list: plan.addresses.is_empty(),
        any_first_address: plan
            .addresses
            .first()
            .is_some_and(|first| match first.net.addr() {
                IpAddr::V4(_) => false,
                IpAddr::V6(v6) => !v6.is_unicast_link_local(),
            }),
    }
}

fn build(plan: &InstancePlan, basis: Basis, priority: u8) -> Result<Vec<SendAdvert>, Unsendable> {
    let addresses: Vec<IpAddr> = plan
        .addresses
        .iter()
        .map(|virtual_address| virtual_address.net.addr())
        .collect();
    let outgoing = Outgoing {
        vrid: plan.vrid.get(),
        priority,
        interval_cs: plan.advert_interval.get(),
        kind: kind(plan, basis.checksum),
        addresses: &addresses,
        leave: leave(plan),
    };
    let to = |destination: IpAddr, hop_limit| {
        Ok(SendAdvert {
            link: basis.link,
            source: basis.source,
            destination,
            hop_limit,
            mac: plan.advert_mac(),
            payload: Arc::from(encode(&outgoing, basis.source, destination)?),
            seal: Seal::Bare,
        })
    };
    match &plan.transport {
        Transport::Multicast(group) => Ok(vec![to(*group, MULTICAST_HOP_LIMIT)?]),
        Transport::Unicast { peers, hop_limit, .. } => {
            peers.iter().map(|peer| to(peer.address, *hop_limit)).collect()
        }
    }
}

fn kind(plan: &InstancePlan, checksum: Checksum) -> Kind {
    match plan.version {
        Version::V2 => Kind::V2(match plan.auth {
            Auth::None => wire::advert::Auth::None,
            Auth::Pass(password) => wire::advert::Auth::Pass(password),
            Auth::Header(_) => wire::advert::Auth::Header,
        }),
        Version::V3 => Kind::V3(checksum),
    }
}

/// What the checksum of version 3 has to cover, where that is not to be learned.
pub(super) fn planned_checksum(plan: &InstancePlan) -> Option<Checksum> {
    match (plan.family, plan.checksum) {
        // RFC 9568 §5.2.8: IPv6 has no other form.
        (Family::V6, _) | (Family::V4, ChecksumForm::PseudoHeader) => Some(Checksum::PseudoHeader),
        (Family::V4, ChecksumForm::MessageOnly) => Some(Checksum::MessageOnly),
        (Family::V4, ChecksumForm::Auto) => None,
    }
}
