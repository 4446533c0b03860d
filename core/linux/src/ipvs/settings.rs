//! What IPVS has once for a network namespace: time-outs, sysctls and sync daemons.
//!
//! The kernel leaves some requests of sync daemons without any answer (DEL_DAEMON soon after NEW_DAEMON ends in EINTR,
//! which netlink swallows). So they have a short deadline, and what counts is what is read back.

use std::time::Duration;

use model::ids::LinkName;
use model::ipvs::{Settings, SyncAttributes, SyncDaemon, SyncRole, Timeouts};

use super::decode::Attributes;
use super::encode::{self, attribute, nest};
use super::uapi::{self, command, daemon};
use super::{Client, IpvsError, sysctl};
use crate::netlink::{Message, NLMSG_ERROR};

/// For one request of a sync daemon.
const PATIENCE: Duration = Duration::from_secs(1);

impl Client {
    /// Makes time-outs, sysctls and sync daemons as wanted, what is so already not being touched. Gives time-outs and
    /// sysctls as they were found.
    ///
    /// # Errors
    /// The kernel refused something, or it is not as wanted when it is read back.
    pub fn configure(&mut self, wanted: &Settings) -> (Option<Settings>, Result<(), IpvsError>) {
        let timeouts = match self.timeouts() {
            Ok(found) => found,
            Err(error) => return (None, Err(error)),
        };
        let before = Settings {
            timeouts,
            sysctls: sysctl::read(),
            daemons: None,
        };
        let result = self
            .set_timeouts(wanted.timeouts, timeouts)
            .and_then(|()| sysctl::set(&wanted.sysctls, &before.sysctls))
            .and_then(|()| match &wanted.daemons {
                Some(daemons) => self.set_daemons(daemons),
                None => Ok(()),
            });
        (Some(before), result)
    }

    /// Time-outs of connections.
    pub fn timeouts(&mut self) -> Result<Timeouts, IpvsError> {
        let mut found = Timeouts::default();
        self.ask(
            command::GET_CONFIG,
            "read",
            super::DEADLINE,
            |_| (),
            |top| {
                found = Timeouts {
                    tcp_s: top.u32(uapi::TIMEOUT_TCP),
                    tcp_fin_s: top.u32(uapi::TIMEOUT_TCP_FIN),
                    udp_s: top.u32(uapi::TIMEOUT_UDP),
                };
            },
        )?;
        Ok(found)
    }

    fn set_timeouts(&mut self, wanted: Timeouts, found: Timeouts) -> Result<(), IpvsError> {
        if wanted.or(found) == found {
            return Ok(());
        }
        let attributes = |out: &mut Vec<u8>| {
            let all = [
                (uapi::TIMEOUT_TCP, wanted.tcp_s),
                (uapi::TIMEOUT_TCP_FIN, wanted.tcp_fin_s),
                (uapi::TIMEOUT_UDP, wanted.udp_s),
            ];
            for (kind, seconds) in all {
                if let Some(seconds) = seconds {
                    attribute(out, kind, &seconds.to_ne_bytes());
                }
            }
        };
        self.counts.writes += 1;
        self.ask(command::SET_CONFIG, "write", super::DEADLINE, attributes, |_| ())
    }

    /// The sync daemons that run.
    pub fn daemons(&mut self) -> Result<Vec<SyncDaemon>, IpvsError> {
        let mut found = Vec::new();
        self.dump(command::GET_DAEMON, None, |message| {
            found.extend(decode(message.attributes()));
        })?;
        Ok(found)
    }

    fn set_daemons(&mut self, wanted: &[SyncDaemon]) -> Result<(), IpvsError> {
        let found = self.daemons()?;
        let mut touched = false;
        for old in &found {
            if !wanted.iter().any(|daemon| fits(daemon, old)) {
                touched = true;
                let state = |out: &mut Vec<u8>| {
                    nest(out, uapi::DAEMON, |out| {
                        attribute(out, daemon::STATE, &role(old.role).to_ne_bytes())
                    });
                };
                self.tell(command::DEL_DAEMON, old, state)?;
            }
        }
        for new in wanted {
            if !found.iter().any(|daemon| fits(new, daemon)) {
                touched = true;
                self.tell(command::NEW_DAEMON, new, |out| encode_daemon(out, new))?;
            }
        }
        if !touched {
            return Ok(());
        }
        let found = self.daemons()?;
        let is_so = found.len() == wanted.len()
            && wanted
                .iter()
                .all(|new| found.iter().any(|daemon| fits(new, daemon)));
        if is_so {
            Ok(())
        } else {
            Err(IpvsError::SyncUnlike {
                found: found.iter().map(|daemon| daemon.to_string()).collect(),
            })
        }
    }

    /// A request for a sync daemon. That it stays without an answer is no error.
    fn tell(
        &mut self,
        command: u8,
        daemon: &SyncDaemon,
        attributes: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), IpvsError> {
        let verb = if command == command::NEW_DAEMON {
            "start"
        } else {
            "stop"
        };
        self.counts.writes += 1;
        match self.ask(command, verb, PATIENCE, attributes, |_| ()) {
            Ok(()) | Err(IpvsError::Deadline { .. }) => Ok(()),
            // Gone already.
            Err(IpvsError::Refused {
                errno: libc::ESRCH, ..
            }) if command == command::DEL_DAEMON => Ok(()),
            Err(IpvsError::Refused { errno, .. }) => Err(IpvsError::Sync {
                verb,
                daemon: daemon.clone(),
                errno,
            }),
            Err(other) => Err(other),
        }
    }

    /// One request that is acknowledged, and perhaps answered.
    fn ask(
        &mut self,
        command: u8,
        verb: &'static str,
        patience: Duration,
        attributes: impl FnOnce(&mut Vec<u8>),
        mut take: impl FnMut(Attributes<'_>),
    ) -> Result<(), IpvsError> {
        let sequence = self.socket.take_sequences(1);
        let mut bytes = Vec::new();
        encode::request(
            &mut bytes,
            self.family,
            uapi::NLM_F_ACK,
            sequence,
            command,
            attributes,
        );
        self.socket
            .send(&bytes)
            .map_err(|cause| IpvsError::of_io(verb, cause))?;
        let mut errno = 0;
        let mut sort = |message: Message<'_>| match message.kind {
            NLMSG_ERROR => errno = message.errno(),
            _ => take(message.attributes()),
        };
        self.socket
            .receive_within(patience, sequence, sequence, &mut sort)
            .map_err(|cause| IpvsError::of_io(verb, cause))?;
        IpvsError::of_errno(verb, errno)
    }
}

/// Whether a running daemon is as wanted, as far as anything is wanted.
fn fits(wanted: &SyncDaemon, found: &SyncDaemon) -> bool {
    let (want, have) = (&wanted.attributes, &found.attributes);
    let same = |want: Option<u16>, have: Option<u16>| want.is_none() || want == have;
    wanted.role == found.role
        && want.link == have.link
        && want.id == have.id
        // The kernel may take less than was asked for, by the interface's MTU.
        && (want.max_length.is_none() || have.max_length <= want.max_length)
        && same(want.port, have.port)
        && (want.ttl.is_none() || want.ttl == have.ttl)
        && (want.group.is_none() || want.group == have.group)
}

fn role(role: SyncRole) -> u32 {
    match role {
        SyncRole::Master => 1,
        SyncRole::Backup => 2,
    }
}

pub(super) fn encode_daemon(out: &mut Vec<u8>, wanted: &SyncDaemon) {
    let SyncAttributes {
        link,
        id,
        max_length,
        port,
        ttl,
        group,
    } = &wanted.attributes;
    nest(out, uapi::DAEMON, |out| {
        attribute(out, daemon::STATE, &role(wanted.role).to_ne_bytes());
        attribute(out, daemon::LINK, &[link.as_str().as_bytes(), b"\0"].concat());
        attribute(out, daemon::ID, &u32::from(*id).to_ne_bytes());
        if let Some(length) = max_length {
            attribute(out, daemon::MAX_LENGTH, &length.to_ne_bytes());
        }
        match group {
            Some(std::net::IpAddr::V4(group)) => attribute(out, daemon::GROUP, &group.octets()),
            Some(std::net::IpAddr::V6(group)) => attribute(out, daemon::GROUP6, &group.octets()),
            None => {}
        }
        // Unlike other ports of this interface, in host order.
        if let Some(port) = port {
            attribute(out, daemon::PORT, &port.to_ne_bytes());
        }
        if let Some(ttl) = ttl {
            attribute(out, daemon::TTL, &[*ttl]);
        }
    });
}

pub(super) fn decode(top: Attributes<'_>) -> Option<SyncDaemon> {
    let attributes = Attributes(top.get(uapi::DAEMON)?);
    let role = match attributes.u32(daemon::STATE)? {
        1 => SyncRole::Master,
        2 => SyncRole::Backup,
        _ => return None,
    };
    let link = attributes.get(daemon::LINK)?.split(|byte| *byte == 0).next()?;
    let group4 = attributes
        .get(daemon::GROUP)
        .and_then(|bytes| bytes.first_chunk::<4>());
    let group6 = attributes
        .get(daemon::GROUP6)
        .and_then(|bytes| bytes.first_chunk::<16>());
    Some(SyncDaemon {
        role,
        attributes: SyncAttributes {
            link: LinkName::from(std::str::from_utf8(link).ok()?),
            id: u8::try_from(attributes.u32(daemon::ID)?).ok()?,
            max_length: attributes.u16(daemon::MAX_LENGTH),
            port: attributes.u16(daemon::PORT),
            ttl: attributes.u8(daemon::TTL),
            group: group4
                .map(|bytes| (*bytes).into())
                .or(group6.map(|bytes| (*bytes).into())),
        },
    })
}
