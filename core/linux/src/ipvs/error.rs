//! What went wrong, in words that name the cure.

use std::fmt;
use std::io;

use model::ipvs::{Change, ServiceKey, SyncDaemon};
use model::net::Family;

use super::uapi;

/// Why the table could not be read or written at all.
#[derive(Debug, thiserror::Error)]
pub enum IpvsError {
    /// The kernel has no ip_vs.
    #[error(
        "cannot program IPVS: this kernel has no ip_vs; load it with `modprobe ip_vs`, or boot a kernel that has it \
         (CONFIG_IP_VS)"
    )]
    NoIpvs,
    /// Not allowed.
    #[error(
        "cannot {verb} the IPVS table: permission denied; needs CAP_NET_ADMIN in the initial user namespace (root in a \
         rootless container does not have it)"
    )]
    Denied {
        /// What was tried.
        verb: &'static str,
    },
    /// No answer in time.
    #[error("cannot {verb} the IPVS table: the kernel gave no answer in time; it is read again")]
    Deadline {
        /// What was tried.
        verb: &'static str,
    },
    /// Another errno.
    #[error("cannot {verb} the IPVS table: {}", io::Error::from_raw_os_error(*errno))]
    Refused {
        /// What was tried.
        verb: &'static str,
        /// Errno.
        errno: i32,
    },
    /// A sync daemon was refused.
    #[error("cannot {verb} the sync daemon ({daemon}): {}", sync_reason(*errno, daemon))]
    Sync {
        /// What was tried.
        verb: &'static str,
        /// Which.
        daemon: SyncDaemon,
        /// Errno.
        errno: i32,
    },
    /// Sync daemons are not as they were just set.
    #[error("sync daemons are not as they were set, but [{}]; it is tried again", found.join("; "))]
    SyncUnlike {
        /// Those that run.
        found: Vec<String>,
    },
    /// The socket failed.
    #[error("cannot {verb} the IPVS table: {cause}")]
    Io {
        /// What was tried.
        verb: &'static str,
        /// Why.
        cause: io::Error,
    },
}

impl IpvsError {
    pub(super) fn of_io(verb: &'static str, cause: io::Error) -> Self {
        match (cause.kind(), cause.raw_os_error()) {
            (io::ErrorKind::TimedOut, _) => Self::Deadline { verb },
            (_, Some(libc::EPERM | libc::EACCES)) => Self::Denied { verb },
            (_, Some(libc::EPROTONOSUPPORT)) => Self::NoIpvs,
            _ => Self::Io { verb, cause },
        }
    }

    pub(super) fn of_errno(verb: &'static str, errno: i32) -> Result<(), Self> {
        match errno {
            0 => Ok(()),
            libc::EPERM | libc::EACCES => Err(Self::Denied { verb }),
            errno => Err(Self::Refused { verb, errno }),
        }
    }
}

/// One change that the kernel refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The change.
    pub change: Change,
    /// Errno.
    pub errno: i32,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { change, errno } = self;
        write!(f, "cannot {change}: ")?;
        let service = match change {
            Change::AddService(row) | Change::SetService(row) => Some(row),
            _ => None,
        };
        match (change, service, *errno) {
            (_, Some(row), libc::ENOENT) => {
                let name = &row.scheduler;
                write!(f, "the kernel has no scheduler {name}; load it with `modprobe ip_vs_{name}`")
            }
            (_, Some(row), libc::EINVAL) if row.scheduler.len() >= uapi::SCHEDULER_MAX => {
                write!(f, "the scheduler's name is longer than {} bytes; shorten it", uapi::SCHEDULER_MAX - 1)
            }
            (_, Some(_), libc::EAFNOSUPPORT) => {
                f.write_str("the kernel balances no IPv6 (CONFIG_IP_VS_IPV6); use an IPv4 service or another kernel")
            }
            (_, Some(row), libc::EINVAL) if port(&row.key) == Some(0) && row.persistence.is_none() => {
                f.write_str("port 0 stands for all ports and needs a persistent service; give it a persistence timeout")
            }
            (Change::AddDestination(key, row) | Change::SetDestination(key, row), _, libc::EINVAL)
                if Family::of(row.key.address) != key.family() =>
            {
                f.write_str(
                    "a server of the other family is reached by a tunnel only, and not while a sync daemon runs; \
                     set its forwarding to tunnel or give it an address of the service's family",
                )
            }
            (Change::AddDestination(..) | Change::SetDestination(..), _, libc::EINVAL) => {
                f.write_str("the kernel finds its address unusable; give the real server a unicast address")
            }
            (Change::AddDestination(..) | Change::SetDestination(..), _, libc::ERANGE) => f.write_str(
                "weight or thresholds are out of range; keep the weight in 0..=65535 and the lower threshold below \
                 the upper one",
            ),
            (_, _, libc::EPERM) => f.write_str("permission denied; needs CAP_NET_ADMIN in the initial user namespace"),
            (_, _, errno) => write!(f, "{}", io::Error::from_raw_os_error(errno)),
        }
    }
}

fn sync_reason(errno: i32, daemon: &SyncDaemon) -> String {
    let link = &daemon.attributes.link;
    match errno {
        libc::ENODEV => format!("there is no interface {link}; name one that is there"),
        libc::EADDRNOTAVAIL => format!("interface {link} has no address to send from; give it one"),
        libc::EINVAL => {
            "the kernel takes none while a server of the other family is in the table, nor a group or \
                         length it cannot use; give all servers addresses of their service's family"
                .to_owned()
        }
        libc::EEXIST => "one runs already that is not ours; stop it with `ipvsadm --stop-daemon`".to_owned(),
        errno => io::Error::from_raw_os_error(errno).to_string(),
    }
}

fn port(key: &ServiceKey) -> Option<u16> {
    match key {
        ServiceKey::Address { port, .. } => Some(*port),
        ServiceKey::Mark { .. } => None,
    }
}
