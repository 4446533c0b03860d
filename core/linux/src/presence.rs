//! That this daemon is here, for others of its kind in the same network namespace. What one makes there (devices, a
//! packet filter) bears its number, so that another can tell whether whoever made it lives.
//!
//! The number is the name of an abstract unix socket (unix(7)): such names belong to a network namespace, as those
//! things do, and go with the last process that holds the socket, however it ends. The number of a process would not
//! do: two containers that share a network have a process 1 each.
//!
//! Whoever asks connects. The kernel tells the asker who listens, so nothing is said; but a caller waits in the
//! listener's queue until it is let go ([`Presence::let_go`]), and where the queue is full nobody is told any more.

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::sys;

/// So many daemons have the numbers from 1 on. Who finds all of them taken takes any: nobody can keep us from starting
/// by taking names.
const FEW: u32 = 16;
const TRIES: usize = 8;
/// Callers let go at once: who calls and calls again must not keep us from everything else.
const AT_ONCE: usize = 64;

/// The number of this process; 0 without one.
static OWN: AtomicU32 = AtomicU32::new(0);

/// A number that nobody else in this network namespace has, for as long as this or an heir of it is open.
#[derive(Debug)]
pub struct Presence {
    socket: UnixListener,
    number: u32,
}

impl Presence {
    /// Takes a number, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// When there are no sockets.
    pub fn begin() -> io::Result<Self> {
        let any = (0..TRIES).map(|_| RandomState::new().hash_one(()).to_ne_bytes());
        let any = any.map(|[a, b, c, d, ..]| u32::from_ne_bytes([a, b, c, d]).max(FEW));
        for number in (1..=FEW).chain(any) {
            match UnixListener::bind_addr(&SocketAddr::from_abstract_name(name(number))?) {
                Ok(socket) => {
                    // A caller that went away between two looks must not be waited for.
                    socket.set_nonblocking(true)?;
                    return Ok(Self::own(socket, number));
                }
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// Takes over the number of whoever started this process.
    ///
    /// # Errors
    /// When the descriptor is no such socket.
    pub fn inherited(socket: OwnedFd) -> io::Result<Self> {
        let socket = UnixListener::from(socket);
        let address = socket.local_addr()?;
        let number = address.as_abstract_name().and_then(number_of);
        let number = number.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(Self::own(socket, number))
    }

    /// The process numbers of the others that are here; 0 for one that cannot be seen from here (pid_namespaces(7)).
    pub fn others(&self) -> Vec<i32> {
        let others = (1..=FEW).filter(|number| *number != self.number);
        others.filter_map(holder).collect()
    }

    /// Lets go of those who asked. To be called when the descriptor is readable.
    pub fn let_go(&self) {
        // One at a time and without a word: what they wanted to know the kernel has told them.
        let _asked = (0..AT_ONCE).map_while(|_| self.socket.accept().ok()).count();
    }

    /// The descriptor, to be inherited and to be waited for.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn own(socket: UnixListener, number: u32) -> Self {
        OWN.store(number, Ordering::Relaxed);
        Self { socket, number }
    }
}

/// The number of this process; 0 without one.
pub(crate) fn own() -> u32 {
    OWN.load(Ordering::Relaxed)
}

/// Whether a daemon with this number is here.
pub(crate) fn is_alive(number: u32) -> bool {
    holder(number).is_some()
}

/// The process that has a number, if one has. Anybody may take a name; who is neither root nor the user of this process
/// is no daemon of this kind.
fn holder(number: u32) -> Option<i32> {
    const UNKNOWN: i32 = 0;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let Ok(socket) = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None) else {
        // What cannot be found out must not be destroyed.
        return Some(UNKNOWN);
    };
    let address = SocketAddrUnix::new_abstract_name(name(number).as_bytes()).ok()?;
    match connect(&socket, &address) {
        Ok(()) => {}
        Err(Errno::CONNREFUSED) => return None,
        // More callers than it listens to (EAGAIN).
        Err(_) => return Some(UNKNOWN),
    }
    let peer = sys::peer(&socket).ok()?;
    let own = rustix::process::geteuid().as_raw();
    [0, own].contains(&peer.uid).then_some(peer.pid)
}

fn name(number: u32) -> String {
    format!("bellwether/{number}")
}

fn number_of(name: &[u8]) -> Option<u32> {
    let number = name.strip_prefix(b"bellwether/")?;
    std::str::from_utf8(number).ok()?.parse().ok()
}
