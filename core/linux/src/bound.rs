//! Sockets that leave by a way of their own: from an address, through a device, with a mark, out of a network namespace.
//! What of it needs rights (CAP_NET_ADMIN for marks, CAP_SYS_ADMIN for namespaces) is done before somebody without
//! them gets the socket.

use std::fs::OpenOptions;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::thread;
use std::time::Duration;

use model::link::SocketKind;
use model::net::Family;
use model::plan::Via;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use crate::sys::{set_option, words};

/// Where `ip netns` keeps names.
const NAMESPACES: &str = "/run/netns";

/// A socket that is not connected, does not block, and is closed at exec.
///
/// # Errors
/// What the kernel refused, in words, with the cure.
pub fn open(kind: SocketKind, family: Family, via: &Via) -> Result<OwnedFd, String> {
    let Some(name) = &via.namespace else {
        return bound(kind, family, via);
    };
    // A thread that ends with this: nothing else of the process is ever in that namespace.
    thread::scope(|scope| {
        let work = move || {
            enter(name)?;
            bound(kind, family, via).map_err(|why| format!("{why} (in network namespace {name})"))
        };
        let started = thread::Builder::new()
            .name("namespace".into())
            .spawn_scoped(scope, work);
        let started = started.map_err(|error| format!("cannot start a thread: {}", words(&error)))?;
        started
            .join()
            .unwrap_or_else(|_| Err("a thread in another namespace broke off".to_owned()))
    })
}

/// Moves the calling thread, and whatever it starts from then on, into a network namespace that `ip netns` made.
///
/// # Errors
/// What is missing or the kernel refused, in words, with the cure.
pub fn enter(name: &str) -> Result<(), String> {
    // Without waiting: whatever else may lie there must not hold up the caller.
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).expect("a flag of open(2) fits");
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(format!("{NAMESPACES}/{name}"));
    let file = opened.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            format!("there is no network namespace {name}; make it with `ip netns add {name}`")
        }
        _ => format!("cannot open network namespace {name}: {}", words(&error)),
    })?;
    let kind = Some(LinkNameSpaceType::Network);
    move_into_link_name_space(file.as_fd(), kind).map_err(|error| {
        let why = words(&io::Error::from(error));
        format!("cannot enter network namespace {name}: {why}; needs CAP_SYS_ADMIN and a name that `ip netns` made")
    })
}

fn bound(kind: SocketKind, family: Family, via: &Via) -> Result<OwnedFd, String> {
    if let Some(source) = via.source.filter(|source| Family::of(*source) != family) {
        return Err(format!(
            "packets from {source} cannot reach an {family} address; bind to one of that family"
        ));
    }
    let socket = make(kind, family)?;
    if let Some(device) = &via.device {
        // Before the address: that of a VRF is known only there.
        let result = socket.bind_device(Some(device.as_str().as_bytes()));
        result.map_err(|error| match error.raw_os_error() {
            Some(libc::ENODEV) => format!("there is no interface {device}; add it, or name another"),
            _ => format!("cannot bind to interface {device}: {}", words(&error)),
        })?;
    }
    if let Some(mark) = via.mark {
        let result = socket.set_mark(mark);
        result.map_err(|error| {
            format!(
                "cannot mark packets with {mark}: {}; needs CAP_NET_ADMIN",
                words(&error)
            )
        })?;
    }
    if via.source.is_some() || via.port.is_some() {
        let any = match family {
            Family::V4 => IpAddr::from(Ipv4Addr::UNSPECIFIED),
            Family::V6 => IpAddr::from(Ipv6Addr::UNSPECIFIED),
        };
        let port = via.port.filter(|_| kind != SocketKind::Ping).unwrap_or(0);
        let source = SocketAddr::new(via.source.unwrap_or(any), port);
        bind(&socket, kind, source).map_err(|error| refused(source, &error))?;
    }
    Ok(socket.into())
}

fn make(kind: SocketKind, family: Family) -> Result<Socket, String> {
    let domain = match family {
        Family::V4 => Domain::IPV4,
        Family::V6 => Domain::IPV6,
    };
    let (form, protocol) = match (kind, family) {
        (SocketKind::Tcp, _) => (Type::STREAM, Protocol::TCP),
        (SocketKind::Udp, _) => (Type::DGRAM, Protocol::UDP),
        (SocketKind::Ping, Family::V4) => (Type::DGRAM, Protocol::ICMPV4),
        (SocketKind::Ping, Family::V6) => (Type::DGRAM, Protocol::ICMPV6),
    };
    Socket::new(domain, form.nonblocking().cloexec(), Some(protocol)).map_err(|error| {
        if kind == SocketKind::Ping && error.kind() == io::ErrorKind::PermissionDenied {
            return "the kernel refuses ping sockets: set net.ipv4.ping_group_range = \"0 2147483647\" (sysctl -w)"
                .to_owned();
        }
        format!("cannot open a socket: {}", words(&error))
    })
}

fn bind(socket: &Socket, kind: SocketKind, source: SocketAddr) -> io::Result<()> {
    if source.port() == 0 {
        if kind != SocketKind::Ping {
            // The port is chosen when the target is known (ip(7)): else all checks from one address would share 28,000.
            set_option(socket, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, 1)?;
        }
    } else {
        socket.set_reuse_address(true)?;
        if kind == SocketKind::Tcp {
            // Closed without a farewell, so that the port is free for the next check (TIME_WAIT, RFC 9293 §3.6).
            socket.set_linger(Some(Duration::ZERO))?;
        }
    }
    socket.bind(&SockAddr::from(source))
}

fn refused(source: SocketAddr, error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::EADDRNOTAVAIL) => {
            let ip = source.ip();
            format!("{ip} is no address of this machine; add it, or bind to one that is")
        }
        Some(libc::EADDRINUSE) => format!("{source} is in use by another program; bind to another port"),
        _ => format!("cannot bind to {source}: {}", words(error)),
    }
}
