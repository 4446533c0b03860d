//! Streams that a runtime watches for one thing only.
#![allow(unsafe_code, reason = "tokio cannot see that a descriptor stays open")]

use std::io;
use std::os::unix::net::UnixStream;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A non-blocking stream that the running runtime watches for `interest`. Tokio's own streams are watched for both, and
/// wake their reader each time that the other end has taken something.
///
/// # Errors
/// When the descriptor cannot be watched.
pub fn watched(stream: UnixStream, interest: Interest) -> io::Result<AsyncFd<UnixStream>> {
    // SAFETY: a stream has one descriptor, which is open for as long as it lives, and the result owns it.
    let watched = unsafe { AsyncFd::register_with_interest(stream, interest) };
    watched.map_err(|refused| refused.into_parts().1)
}
