//! Why the kernel refuses a change, and what helps. It gives a number and no words: its parser hands none on.

use std::io;

use model::ipvs::{Change, DestinationRow, Forward, ServiceKey, ServiceRow, Tunnel};
use model::net::Family;

use crate::ipvs::uapi;

/// Of one change.
pub(super) fn reason(change: &Change, errno: i32) -> String {
    let known = match change {
        Change::AddService(row) | Change::SetService(row) => of_service(row, errno),
        Change::AddDestination(key, row) | Change::SetDestination(key, row) => {
            of_destination(key, row, errno).map(ToOwned::to_owned)
        }
        Change::DeleteService(_) | Change::DeleteDestination(..) => None,
    };
    known.unwrap_or_else(|| of_table(errno))
}

/// Of whatever was asked.
pub(super) fn of_table(errno: i32) -> String {
    let known = match errno {
        libc::EPERM | libc::EACCES => "permission denied; needs CAP_NET_ADMIN in the initial user namespace",
        libc::EOPNOTSUPP => "the kernel's ip_vs does not know this command; boot a kernel that does",
        libc::ENOPROTOOPT => "ip_vs is being unloaded; load it again with `modprobe ip_vs`",
        libc::EAFNOSUPPORT => {
            "the kernel balances no IPv6 (CONFIG_IP_VS_IPV6); use an IPv4 service or another kernel"
        }
        libc::ENOMEM => "the kernel has no memory left for it; free some, it is tried again",
        libc::ENOBUFS => "answers were lost, as there was no room for them; the table is read again",
        libc::EMSGSIZE => {
            "the request is larger than the socket's buffer; raise it with `sysctl -w net.core.wmem_default=212992`"
        }
        libc::EBUSY => "another reading by the same socket is under way; it is tried again",
        libc::EINTR => "somebody changed it while it was read; it is read again",
        _ => return io::Error::from_raw_os_error(errno).to_string(),
    };
    known.to_owned()
}

fn of_service(row: &ServiceRow, errno: i32) -> Option<String> {
    let ServiceRow {
        scheduler: name,
        persistence,
        ..
    } = row;
    let has_engine = persistence.is_some_and(|persistence| persistence.sip);
    let is_unpersistent = matches!(row.key, ServiceKey::Address { port: 0, .. }) && persistence.is_none();
    Some(match errno {
        // The kernel looks for the scheduler first, and has the same number for both.
        libc::ENOENT if has_engine => format!(
            "the kernel has no scheduler {name}, or no persistence engine sip; load them with `modprobe -a ip_vs_{name} \
             ip_vs_pe_sip`"
        ),
        libc::ENOENT => format!("the kernel has no scheduler {name}; load it with `modprobe ip_vs_{name}`"),
        libc::EINVAL | libc::ERANGE if name.len() >= uapi::SCHEDULER_MAX => format!(
            "the scheduler's name is longer than {} bytes; shorten it",
            uapi::SCHEDULER_MAX - 1
        ),
        libc::EINVAL if is_unpersistent => {
            "port 0 stands for all ports and needs a persistent service; give it a persistence timeout"
                .to_owned()
        }
        libc::EINVAL if persistence.is_some() => {
            "the kernel cannot use its persistence; keep the prefix in 1..=32, or 1..=128 for IPv6".to_owned()
        }
        libc::EINVAL => format!("scheduler {name} does not take this service; try another scheduler"),
        _ => return None,
    })
}

fn of_destination(key: &ServiceKey, row: &DestinationRow, errno: i32) -> Option<&'static str> {
    let is_portless = matches!(row.forward, Forward::Tunnel(Tunnel::Gue { port: 0, .. }));
    Some(match errno {
        libc::EINVAL if Family::of(row.key.address) != key.family() => {
            "a server of the other family is reached by a tunnel only, and not while a sync daemon runs; set its \
             forwarding to tunnel or give it an address of the service's family"
        }
        libc::EINVAL if is_portless => "a gue tunnel goes to a port; give it one from 1 to 65535",
        libc::EINVAL => "the kernel finds its address unusable; give the real server a unicast address",
        libc::ERANGE => {
            "weight or thresholds are out of range; keep the weight in 0..=65535 and the lower threshold below the \
             upper one"
        }
        _ => return None,
    })
}
