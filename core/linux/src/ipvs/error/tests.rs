//! Every number that the kernel's IPVS gives, for what it gives it: service, server, what, why, and the cure.

use insta::assert_snapshot;
use model::ids::LinkName;
use model::ipvs::{
    DestinationKey, DestinationRow, Forward, Persistence, ServiceKey, ServiceRow, SyncAttributes, SyncRole,
    Tunnel,
};
use model::net::Protocol;

use super::*;

fn key(port: u16) -> ServiceKey {
    ServiceKey::Address {
        protocol: Protocol::Tcp,
        address: [192, 0, 2, 1].into(),
        port,
    }
}

fn service(scheduler: &str) -> ServiceRow {
    ServiceRow {
        key: key(80),
        scheduler: scheduler.to_owned(),
        flags: 0,
        persistence: None,
    }
}

fn server() -> DestinationRow {
    DestinationRow {
        key: DestinationKey {
            address: [10, 0, 0, 1].into(),
            port: 80,
        },
        forward: Forward::Nat,
        weight: 1,
        upper_threshold: 0,
        lower_threshold: 0,
    }
}

fn told(change: Change, errno: i32) -> String {
    Refusal { change, errno }.to_string()
}

#[test]
fn what_is_refused_of_a_service() {
    let persistence = |sip| Persistence {
        timeout_s: 60,
        prefix: 24,
        sip,
    };
    let sip = ServiceRow {
        persistence: Some(persistence(true)),
        ..service("rr")
    };
    let sticky = ServiceRow {
        persistence: Some(persistence(false)),
        ..service("rr")
    };
    let all_ports = ServiceRow {
        key: key(0),
        ..service("rr")
    };
    let all = [
        told(Change::AddService(service("fastest")), libc::ENOENT),
        told(Change::AddService(sip), libc::ENOENT),
        told(Change::AddService(service("a_very_long_name")), libc::EINVAL),
        told(Change::AddService(all_ports), libc::EINVAL),
        told(Change::SetService(sticky), libc::EINVAL),
        told(Change::SetService(service("twos")), libc::EINVAL),
        told(Change::AddService(service("rr")), libc::EAFNOSUPPORT),
        told(Change::AddService(service("rr")), libc::EPERM),
        told(Change::AddService(service("rr")), libc::ENOMEM),
        told(Change::AddService(service("rr")), libc::ENOPROTOOPT),
        told(Change::DeleteService(key(80)), libc::EOPNOTSUPP),
    ];
    assert_snapshot!(all.join("\n"), @r"
    cannot add service tcp 192.0.2.1:80 (fastest): the kernel has no scheduler fastest; load it with `modprobe ip_vs_fastest`
    cannot add service tcp 192.0.2.1:80 (rr): the kernel has no scheduler rr, or no persistence engine sip; load them with `modprobe -a ip_vs_rr ip_vs_pe_sip`
    cannot add service tcp 192.0.2.1:80 (a_very_long_name): the scheduler's name is longer than 15 bytes; shorten it
    cannot add service tcp 192.0.2.1:0 (rr): port 0 stands for all ports and needs a persistent service; give it a persistence timeout
    cannot set service tcp 192.0.2.1:80 (rr): the kernel cannot use its persistence; keep the prefix in 1..=32, or 1..=128 for IPv6
    cannot set service tcp 192.0.2.1:80 (twos): scheduler twos does not take this service; try another scheduler
    cannot add service tcp 192.0.2.1:80 (rr): the kernel balances no IPv6 (CONFIG_IP_VS_IPV6); use an IPv4 service or another kernel
    cannot add service tcp 192.0.2.1:80 (rr): permission denied; needs CAP_NET_ADMIN in the initial user namespace
    cannot add service tcp 192.0.2.1:80 (rr): the kernel has no memory left for it; free some, it is tried again
    cannot add service tcp 192.0.2.1:80 (rr): ip_vs is being unloaded; load it again with `modprobe ip_vs`
    cannot delete service tcp 192.0.2.1:80: the kernel's ip_vs does not know this command; boot a kernel that does
    ");
}

#[test]
fn what_is_refused_of_a_server() {
    let row = |forward, address: &str| DestinationRow {
        key: DestinationKey {
            address: address.parse().unwrap(),
            port: 80,
        },
        forward,
        ..server()
    };
    let gue = Forward::Tunnel(Tunnel::Gue { port: 0, flags: 0 });
    let all = [
        told(
            Change::AddDestination(key(80), row(Forward::Nat, "fd00::1")),
            libc::EINVAL,
        ),
        told(
            Change::AddDestination(key(80), row(gue, "10.0.0.1")),
            libc::EINVAL,
        ),
        told(
            Change::SetDestination(key(80), row(Forward::Direct, "224.0.0.1")),
            libc::EINVAL,
        ),
        told(Change::SetDestination(key(80), server()), libc::ERANGE),
        told(Change::AddDestination(key(80), server()), libc::EAFNOSUPPORT),
        told(Change::AddDestination(key(80), server()), libc::ENOMEM),
        told(Change::DeleteDestination(key(80), server().key), libc::EPERM),
    ];
    assert_snapshot!(all.join("\n"), @r"
    cannot add [fd00::1]:80 to tcp 192.0.2.1:80, weight 1: a server of the other family is reached by a tunnel only, and not while a sync daemon runs; set its forwarding to tunnel or give it an address of the service's family
    cannot add 10.0.0.1:80 to tcp 192.0.2.1:80, weight 1: a gue tunnel goes to a port; give it one from 1 to 65535
    cannot set 224.0.0.1:80 of tcp 192.0.2.1:80, weight 1: the kernel finds its address unusable; give the real server a unicast address
    cannot set 10.0.0.1:80 of tcp 192.0.2.1:80, weight 1: weight or thresholds are out of range; keep the weight in 0..=65535 and the lower threshold below the upper one
    cannot add 10.0.0.1:80 to tcp 192.0.2.1:80, weight 1: the kernel balances no IPv6 (CONFIG_IP_VS_IPV6); use an IPv4 service or another kernel
    cannot add 10.0.0.1:80 to tcp 192.0.2.1:80, weight 1: the kernel has no memory left for it; free some, it is tried again
    cannot delete 10.0.0.1:80 from tcp 192.0.2.1:80: permission denied; needs CAP_NET_ADMIN in the initial user namespace
    ");
}

#[test]
fn what_is_refused_of_the_table() {
    let numbers = [libc::EBUSY, libc::EINTR, libc::EOPNOTSUPP, libc::EIO];
    let refused = numbers.map(|errno| IpvsError::of_errno("read", errno).unwrap_err().to_string());
    let lost = [
        libc::ENOBUFS,
        libc::EMSGSIZE,
        libc::EPERM,
        libc::EPROTONOSUPPORT,
        libc::EPIPE,
        libc::ETIMEDOUT,
    ];
    let lost = lost.map(|errno| IpvsError::of_io("write", io::Error::from_raw_os_error(errno)).to_string());
    assert_snapshot!([refused.as_slice(), lost.as_slice()].concat().join("\n"), @r"
    cannot read the IPVS table: another reading by the same socket is under way; it is tried again
    cannot read the IPVS table: somebody changed it while it was read; it is read again
    cannot read the IPVS table: the kernel's ip_vs does not know this command; boot a kernel that does
    cannot read the IPVS table: Input/output error (os error 5)
    cannot write the IPVS table: answers were lost, as there was no room for them; the table is read again
    cannot write the IPVS table: the request is larger than the socket's buffer; raise it with `sysctl -w net.core.wmem_default=212992`
    cannot write the IPVS table: permission denied; needs CAP_NET_ADMIN in the initial user namespace (root in a rootless container does not have it)
    cannot program IPVS: this kernel has no ip_vs; load it with `modprobe ip_vs`, or boot a kernel that has it (CONFIG_IP_VS)
    cannot write the IPVS table: Broken pipe (os error 32)
    cannot write the IPVS table: the kernel gave no answer in time; it is read again
    ");
}

#[test]
fn what_is_refused_of_a_sysctl() {
    let numbers = [libc::ENOENT, libc::EROFS, libc::EINVAL, libc::EIO];
    let all = numbers.map(|errno| {
        let (name, value) = ("conntrack".to_owned(), 1);
        let cause = io::Error::from_raw_os_error(errno);
        IpvsError::Sysctl { name, value, cause }.to_string()
    });
    assert_snapshot!(all.join("\n"), @r"
    cannot set net.ipv4.vs.conntrack to 1: this kernel has none; remove it from the configuration
    cannot set net.ipv4.vs.conntrack to 1: it is read-only here; set it outside of the container, or make /proc/sys writable in it
    cannot set net.ipv4.vs.conntrack to 1: the kernel does not take this value; write another
    cannot set net.ipv4.vs.conntrack to 1: Input/output error (os error 5)
    ");
}

#[test]
fn what_is_refused_of_a_sync_daemon() {
    let daemon = SyncDaemon {
        role: SyncRole::Master,
        attributes: SyncAttributes {
            link: LinkName::from("eth1"),
            id: 51,
            max_length: None,
            port: None,
            ttl: None,
            group: None,
        },
    };
    let numbers = [
        libc::ENODEV,
        libc::EADDRNOTAVAIL,
        libc::EINVAL,
        libc::EEXIST,
        libc::ESRCH,
        libc::ENOMEM,
    ];
    let all = numbers.map(|errno| {
        IpvsError::Sync {
            verb: "start",
            daemon: daemon.clone(),
            errno,
        }
        .to_string()
    });
    assert_snapshot!(all.join("\n"), @r"
    cannot start the sync daemon (master on eth1, id 51): there is no interface eth1; name one that is there
    cannot start the sync daemon (master on eth1, id 51): interface eth1 has no address to send from; give it one
    cannot start the sync daemon (master on eth1, id 51): the kernel takes none while a server of the other family is in the table, nor a group or length it cannot use; give all servers addresses of their service's family
    cannot start the sync daemon (master on eth1, id 51): one runs already that is not ours; stop it with `ipvsadm --stop-daemon`
    cannot start the sync daemon (master on eth1, id 51): it does not run any more; nothing is left to do
    cannot start the sync daemon (master on eth1, id 51): the kernel has no memory left for it; free some, it is tried again
    ");
}
