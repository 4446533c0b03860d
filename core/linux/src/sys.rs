//! The few calls that neither rustix nor socket2 know.
#![allow(unsafe_code, reason = "socket options and calls without a safe wrapper")]

use std::io;
use std::os::fd::{AsFd, AsRawFd};

use libc::c_int;
use rustix::net::netdevice::index_to_name;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

/// Sets a socket option whose value is an int.
pub(crate) fn set_option(socket: impl AsFd, level: c_int, name: c_int, value: c_int) -> io::Result<()> {
    let size = libc::socklen_t::try_from(size_of::<c_int>()).expect("4 fits");
    // JUSTIFICATION: SO_BINDTOIFINDEX, SO_TIMESTAMPNS, IP_PKTINFO and others have no safe wrapper.
    // SAFETY: the descriptor is borrowed for the call, and the pointer is to a live int of the size told.
    let result = unsafe {
        libc::setsockopt(
            socket.as_fd().as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            size,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Which way a buffer of a socket goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    In,
    Out,
}

/// Gives a socket room for so many bytes that wait, beyond what the machine allows everybody where we may
/// (CAP_NET_ADMIN), else up to that.
pub(crate) fn make_room(socket: impl AsFd, way: Way, bytes: c_int) -> io::Result<()> {
    let (force, plain) = match way {
        Way::In => (libc::SO_RCVBUFFORCE, libc::SO_RCVBUF),
        Way::Out => (libc::SO_SNDBUFFORCE, libc::SO_SNDBUF),
    };
    set_option(&socket, libc::SOL_SOCKET, force, bytes)
        .or_else(|_| set_option(&socket, libc::SOL_SOCKET, plain, bytes))
}

/// Binds a socket to the interface with this index, so that a new name does not matter.
pub(crate) fn bind_to_index(socket: impl AsFd, index: u32) -> io::Result<()> {
    let index = c_int::try_from(index).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    set_option(socket, libc::SOL_SOCKET, libc::SO_BINDTOIFINDEX, index)
}

/// The address of an interface itself (packet(7)).
pub(crate) fn link_address(index: u32) -> libc::sockaddr_ll {
    // JUSTIFICATION: sockaddr_ll has padding on some targets, so that it cannot be written as a literal.
    // SAFETY: it is plain numbers; all zeroes is a valid value.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as u16;
    // A negative one is nobody's.
    address.sll_ifindex = index.cast_signed();
    address
}

/// Binds a packet socket to an interface.
pub(crate) fn bind_to_link(socket: impl AsFd, index: u32) -> io::Result<()> {
    let address = link_address(index);
    let size = size_of::<libc::sockaddr_ll>() as libc::socklen_t;
    // JUSTIFICATION: neither rustix nor socket2 can make a link-layer address without unsafe.
    // SAFETY: the descriptor is borrowed for the call, and the pointer is to a live address of the size told.
    let result = unsafe { libc::bind(socket.as_fd().as_raw_fd(), (&raw const address).cast(), size) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Who holds the other end of a unix socket, or listens there (unix(7): SO_PEERCRED).
pub(crate) fn peer(socket: impl AsFd) -> io::Result<libc::ucred> {
    let mut peer = libc::ucred {
        pid: 0,
        uid: u32::MAX,
        gid: u32::MAX,
    };
    let mut size = size_of::<libc::ucred>() as libc::socklen_t;
    // JUSTIFICATION: rustix takes the process for one that has a number, which one of another namespace has not here.
    // SAFETY: the descriptor is borrowed for the call, and both pointers are to live values, the one of the size told.
    let result = unsafe {
        libc::getsockopt(
            socket.as_fd().as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut peer).cast(),
            &raw mut size,
        )
    };
    if result == 0 {
        Ok(peer)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// The name of an interface for a message; `interface 7` when it has none any more.
pub(crate) fn link_label(index: u32) -> String {
    socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)
        .and_then(|socket| index_to_name(socket, index))
        .unwrap_or_else(|_| format!("interface {index}"))
}

/// An error of the kernel in words: its message without the number, lower case.
pub(crate) fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}

/// Writes a sysctl of the calling thread's network namespace. No part may leave its directory.
pub(crate) fn write_sysctl(parts: &[&str], value: &str) -> io::Result<()> {
    std::fs::write(sysctl(parts)?, value)
}

/// Reads one.
pub(crate) fn read_sysctl(parts: &[&str]) -> io::Result<String> {
    std::fs::read_to_string(sysctl(parts)?)
}

fn sysctl(parts: &[&str]) -> io::Result<std::path::PathBuf> {
    let mut path = std::path::PathBuf::from("/proc/sys");
    for part in parts {
        if part.is_empty() || part.contains('/') || *part == ".." || *part == "." {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        path.push(part);
    }
    Ok(path)
}
