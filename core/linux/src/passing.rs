//! Sockets between our processes, and descriptors that travel through them.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::cmsg_space;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, Shutdown, recvmsg, sendmsg,
};

/// Two ends of a stream, both blocking and closed at exec.
///
/// # Errors
/// When the process may not open two more descriptors.
pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
    UnixStream::pair()
}

/// Memory that holds these bytes, to be handed to another process and read there from the start.
///
/// # Errors
/// When the kernel has no memfd, or no memory.
pub fn memory(bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("bellwether-plan", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

/// Sends bytes, with a descriptor tied to the first of them. Says how many bytes went; the descriptor went with them.
///
/// # Errors
/// As `sendmsg`: `WouldBlock` on a non-blocking socket that is full (then nothing went), EPIPE without a signal.
pub fn send_fd(socket: impl AsFd, bytes: &[u8], fd: BorrowedFd<'_>) -> io::Result<usize> {
    if bytes.is_empty() {
        // The kernel drops a descriptor on a stream that has no byte to tie it to.
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    let fds = [fd];
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fits = control.push(SendAncillaryMessage::ScmRights(&fds));
    debug_assert!(fits, "the space is made for one descriptor");
    let flags = SendFlags::NOSIGNAL;
    let sent = rustix::io::retry_on_intr(|| sendmsg(&socket, &[IoSlice::new(bytes)], &mut control, flags))?;
    Ok(sent)
}

/// Receives bytes, and the descriptor that came with them, closed at exec. 0 bytes: the other end is gone. More than
/// one descriptor is not ours: the rest is closed.
///
/// # Errors
/// As `recvmsg`: `WouldBlock` on a non-blocking socket that is empty.
pub fn recv_with_fd(socket: impl AsFd, buffer: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); cmsg_space!(ScmRights(4))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut vectors = [IoSliceMut::new(buffer)];
    let received =
        rustix::io::retry_on_intr(|| recvmsg(&socket, &mut vectors, &mut control, RecvFlags::CMSG_CLOEXEC))?;
    let mut first = None;
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            for fd in fds {
                first.get_or_insert(fd);
            }
        }
    }
    Ok((received.bytes, first))
}

/// Ends a connection both ways: whoever waits at either end is woken.
///
/// # Errors
/// When the other end has closed it already.
pub fn shutdown(socket: impl AsFd) -> io::Result<()> {
    Ok(rustix::net::shutdown(socket, Shutdown::Both)?)
}

#[cfg(test)]
mod tests;
