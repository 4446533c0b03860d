//! The kernel's IPVS table over generic netlink.
//!
//! One socket, one request at a time, many messages in each: a batch of changes goes out in one datagram with an
//! acknowledgement asked for the last message only, and the kernel tells the errors of the others by their sequence
//! numbers all the same. The kernel's locks make more sockets useless. Blocking: it belongs on a thread of its own.
//!
//! The kernel checks little and tells nobody of changes, so whoever uses this reads the table again now and then.
//! It wants CAP_NET_ADMIN in the *initial* user namespace, for reading too (`GENL_ADMIN_PERM`).

mod decode;
mod encode;
mod error;
mod glance;
mod preflight;
mod settings;
mod statistics;
mod sysctl;
mod uapi;

use std::collections::BTreeMap;

use model::ipvs::{Change, DestinationKey, DestinationRow, ServiceKey, ServiceRow, Table, TableEntry};
use model::net::Family;

use netlink_sys::protocols::NETLINK_GENERIC;

use crate::netlink::{DEADLINE, Message, NLMSG_DONE, NLMSG_ERROR, Socket, messages};
use uapi::command;

pub use error::{IpvsError, Refusal};
pub use glance::glance;
pub use preflight::preflight;
pub use sysctl::read as sysctls;

/// Messages in one datagram. Between 256 and 300 answers the kernel runs out of room in a default receive buffer.
const BATCH: usize = 256;

/// A connection to the kernel's table in this network namespace.
#[derive(Debug)]
pub struct Client {
    socket: Socket,
    family: u16,
    counts: Counts,
}

/// What a client asked of the kernel so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Messages that change something.
    pub writes: u64,
    /// Dumps: one for all services, and one for the servers of each.
    pub dumps: u64,
}

/// What became of changes that were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Messages sent.
    pub messages: usize,
    /// Changes that met a table which somebody else had changed (something to add was there, something to set was
    /// not). Not a failure: read the table and compare again. Deleting what is gone already is a success.
    pub drifted: Vec<Change>,
    /// Changes the kernel refused.
    pub refusals: Vec<Refusal>,
}

impl Applied {
    /// All well, or a reason to read the table again.
    pub fn into_result(self) -> Result<(), String> {
        let Self {
            drifted, refusals, ..
        } = self;
        match (refusals.as_slice(), drifted.as_slice()) {
            ([], []) => Ok(()),
            ([first], _) => Err(first.to_string()),
            ([first, rest @ ..], _) => Err(format!("{first} (and {} more refused)", rest.len())),
            ([], [first, ..]) => Err(format!(
                "cannot {first}: somebody else changed the IPVS table meanwhile; it is read again"
            )),
        }
    }
}

/// The services and the real servers of which a datagram of the kernel speaks, each message read as both. `family` is
/// that of the service that the servers belong to.
pub fn rows(datagram: &[u8], family: Family) -> (Vec<ServiceRow>, Vec<DestinationRow>) {
    let all = || messages(datagram).map(|message| message.attributes());
    (
        all().filter_map(decode::service_row).collect(),
        all()
            .filter_map(|top| decode::destination_row(top, family))
            .collect(),
    )
}

impl Client {
    /// Opens the kernel's IPVS in this network namespace; loads ip_vs if the kernel can do that by itself.
    pub fn open() -> Result<Self, IpvsError> {
        let mut socket = Socket::open(NETLINK_GENERIC).map_err(|cause| IpvsError::of_io("open", cause))?;
        let family = resolve(&mut socket)?;
        let counts = Counts::default();
        Ok(Self {
            socket,
            family,
            counts,
        })
    }

    /// What was asked of the kernel so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The whole table. Services that are not like any of ours (other transports) are left out.
    pub fn read(&mut self) -> Result<Table, IpvsError> {
        let services = match self.read_services() {
            // The module was unloaded and loaded again: the family has another number now.
            Err(IpvsError::Refused {
                errno: libc::ENOENT | libc::EOPNOTSUPP,
                ..
            }) => {
                self.family = resolve(&mut self.socket)?;
                self.read_services()?
            }
            other => other?,
        };
        let mut table = Table::default();
        for row in services {
            let destinations = self.read_destinations(&row.key)?;
            table.services.insert(row.key, TableEntry { row, destinations });
        }
        Ok(table)
    }

    /// Makes the changes in order. An error of one does not keep the others from being made.
    pub fn apply(&mut self, changes: &[Change]) -> Result<Applied, IpvsError> {
        let mut applied = Applied::default();
        let mut bytes = Vec::with_capacity(BATCH * 160);
        for batch in changes.chunks(BATCH) {
            bytes.clear();
            let first = self.socket.take_sequences(batch.len());
            let last = batch.len() - 1;
            for (number, change) in batch.iter().enumerate() {
                let flags = if number == last { uapi::NLM_F_ACK } else { 0 };
                let sequence = sequence_at(first, number);
                encode::change(&mut bytes, self.family, flags, sequence, change);
            }
            let refused = |errno: i32, number: usize, applied: &mut Applied| {
                if let Some(change) = batch.get(number) {
                    applied.count(change, errno);
                }
            };
            self.socket
                .send(&bytes)
                .map_err(|cause| IpvsError::of_io("write", cause))?;
            applied.messages += batch.len();
            self.counts.writes += batch.len() as u64;
            let end = sequence_at(first, last);
            self.socket
                .receive(first, end, |message: Message<'_>| {
                    if message.kind == NLMSG_ERROR && message.errno() != 0 {
                        let number = message.sequence.wrapping_sub(first);
                        refused(
                            message.errno(),
                            usize::try_from(number).unwrap_or(usize::MAX),
                            &mut applied,
                        );
                    }
                })
                .map_err(|cause| IpvsError::of_io("write", cause))?;
        }
        Ok(applied)
    }

    fn read_services(&mut self) -> Result<Vec<ServiceRow>, IpvsError> {
        let mut rows = Vec::new();
        self.dump(command::GET_SERVICE, None, |message| {
            rows.extend(decode::service_row(message.attributes()));
        })?;
        Ok(rows)
    }

    /// The real servers of one service. A service that is not there has none: so the kernel says.
    pub fn read_destinations(
        &mut self,
        service: &ServiceKey,
    ) -> Result<BTreeMap<DestinationKey, DestinationRow>, IpvsError> {
        let mut rows = BTreeMap::new();
        self.dump(command::GET_DEST, Some(service), |message| {
            let row = decode::destination_row(message.attributes(), service.family());
            rows.extend(row.map(|row| (row.key, row)));
        })?;
        Ok(rows)
    }

    fn dump(
        &mut self,
        command: u8,
        of: Option<&ServiceKey>,
        mut take: impl FnMut(Message<'_>),
    ) -> Result<(), IpvsError> {
        self.counts.dumps += 1;
        let sequence = self.socket.take_sequences(1);
        let mut bytes = Vec::new();
        encode::request(
            &mut bytes,
            self.family,
            uapi::NLM_F_DUMP,
            sequence,
            command,
            |out| {
                if let Some(key) = of {
                    encode::named_service(out, key);
                }
            },
        );
        self.socket
            .send(&bytes)
            .map_err(|cause| IpvsError::of_io("read", cause))?;
        let mut errno = 0;
        let mut take = |message: Message<'_>| match message.kind {
            NLMSG_ERROR | NLMSG_DONE => errno = message.errno(),
            _ if message.flags & uapi::NLM_F_DUMP_INTR != 0 => errno = libc::EINTR,
            _ => take(message),
        };
        self.socket
            .receive(sequence, sequence, &mut take)
            .map_err(|cause| IpvsError::of_io("read", cause))?;
        IpvsError::of_errno("read", errno)
    }
}

impl Applied {
    /// Sorts an error into drift and refusal. ESRCH is a missing service; ENOENT is a missing server, or a scheduler
    /// that the kernel does not have.
    fn count(&mut self, change: &Change, errno: i32) {
        match (change, errno) {
            (Change::DeleteService(_), libc::ESRCH) => {}
            (Change::DeleteDestination(..), libc::ESRCH | libc::ENOENT) => {}
            (Change::AddService(_) | Change::AddDestination(..), libc::EEXIST)
            | (
                Change::SetService(_) | Change::AddDestination(..) | Change::SetDestination(..),
                libc::ESRCH,
            )
            | (Change::SetDestination(..), libc::ENOENT) => self.drifted.push(change.clone()),
            _ => self.refusals.push(Refusal {
                change: change.clone(),
                errno,
            }),
        }
    }
}

fn sequence_at(first: u32, number: usize) -> u32 {
    first.wrapping_add(u32::try_from(number).unwrap_or(u32::MAX))
}

/// Asks the controller for the family's number.
fn resolve(socket: &mut Socket) -> Result<u16, IpvsError> {
    let sequence = socket.take_sequences(1);
    let mut bytes = Vec::new();
    let name = [uapi::FAMILY.as_bytes(), b"\0"].concat();
    let ask = uapi::CTRL_CMD_GETFAMILY;
    encode::request(
        &mut bytes,
        uapi::GENL_ID_CTRL,
        uapi::NLM_F_ACK,
        sequence,
        ask,
        |out| {
            encode::attribute(out, uapi::CTRL_ATTR_FAMILY_NAME, &name);
        },
    );
    socket
        .send(&bytes)
        .map_err(|cause| IpvsError::of_io("open", cause))?;
    let (mut family, mut errno) = (None, 0);
    let mut take = |message: Message<'_>| match message.kind {
        NLMSG_ERROR => errno = message.errno(),
        _ => family = decode::family_id(&message),
    };
    socket
        .receive(sequence, sequence, &mut take)
        .map_err(|cause| IpvsError::of_io("open", cause))?;
    if errno == libc::ENOENT {
        return Err(IpvsError::NoIpvs);
    }
    IpvsError::of_errno("open", errno)?;
    family.ok_or(IpvsError::NoIpvs)
}

#[cfg(test)]
mod tests;
