//! What went wrong, in words that name the cure.

mod refusal;

use std::fmt;
use std::io;

use model::ipvs::{Change, SyncDaemon};

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
    #[error("cannot {verb} the IPVS table: {}", refusal::of_table(*errno))]
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
    /// A sysctl was refused.
    #[error("cannot set net.ipv4.vs.{name} to {value}: {}", sysctl_reason(cause))]
    Sysctl {
        /// Which.
        name: String,
        /// To what.
        value: i64,
        /// Why.
        cause: io::Error,
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
            (_, Some(errno @ (libc::ENOBUFS | libc::EMSGSIZE | libc::ENOMEM))) => {
                Self::Refused { verb, errno }
            }
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
        write!(f, "cannot {change}: {}", refusal::reason(change, *errno))
    }
}

fn sysctl_reason(cause: &io::Error) -> String {
    let known = match cause.kind() {
        io::ErrorKind::NotFound => "this kernel has none; remove it from the configuration",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "it is read-only here; set it outside of the container, or make /proc/sys writable in it"
        }
        io::ErrorKind::InvalidInput => "the kernel does not take this value; write another",
        _ => return cause.to_string(),
    };
    known.to_owned()
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
        libc::ESRCH => "it does not run any more; nothing is left to do".to_owned(),
        errno => refusal::of_table(errno),
    }
}

#[cfg(test)]
mod tests;
