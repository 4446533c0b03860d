//! Asks a daemon about itself, as `curl --unix-socket` would.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use model::status::DaemonStatus;

/// Longest wait for an answer. A router that was just killed answers nothing.
const PATIENCE: Duration = Duration::from_millis(500);
/// Longest answer that is read, in bytes.
const ANSWER_MAX: u64 = 4 << 20;

/// What the daemon behind `socket` says of itself.
pub(super) fn status(socket: &Path) -> Result<DaemonStatus> {
    let mut stream =
        UnixStream::connect(socket).with_context(|| format!("cannot connect to {}", socket.display()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /v1/status HTTP/1.1\r\nhost: bellwether\r\nconnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut answer)?;
    let body = body(&answer)?;
    serde_json::from_slice(body).context("the daemon's status is not what this program understands")
}

/// The body of an HTTP/1.1 answer of known length.
fn body(answer: &[u8]) -> Result<&[u8]> {
    let end = answer
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .context("the answer has no end of its head")?;
    let (head, body) = answer.split_at(end);
    ensure!(
        head.starts_with(b"HTTP/1.1 200 "),
        "the daemon refused: {}",
        String::from_utf8_lossy(head)
    );
    Ok(&body[4..])
}

#[cfg(test)]
mod tests;
