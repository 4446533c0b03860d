//! A link between two of our processes: length-delimited frames over a stream socket. A frame longer than
//! [`FRAME_MAX`], or one that does not decode, ends the link: the other side is broken or hostile.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;

use model::link::FRAME_MAX;
use serde::{Serialize, de::DeserializeOwned};

#[cfg(test)]
mod tests;

/// Frames that wait for a slow reader. When full, the sender is told and the frame is not sent.
const QUEUE: usize = 4096;

/// What a link brings.
#[derive(Debug)]
pub enum Incoming<T> {
    /// A frame, and a file descriptor when one came with it.
    Frame(T, Option<OwnedFd>),
    /// The link is over: the other side went away, or broke the rules.
    Closed(String),
}

/// One frame as bytes.
pub fn encode<T: Serialize>(frame: &T) -> io::Result<Vec<u8>> {
    let body = postcard::to_stdvec(frame).map_err(io::Error::other)?;
    let length = u32::try_from(body.len())
        .ok()
        .filter(|length| *length as usize <= FRAME_MAX);
    let length =
        length.ok_or_else(|| io::Error::other(format!("a frame of {} bytes is too long", body.len())))?;
    let mut bytes = Vec::with_capacity(4 + body.len());
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&body);
    Ok(bytes)
}

/// Puts frames together from whatever pieces the socket gives.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
}

impl Decoder {
    /// Takes bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Whether nothing waits, not even the beginning of a frame.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The next whole frame. An error ends the link.
    pub fn next_frame<T: DeserializeOwned>(&mut self) -> Result<Option<T>, String> {
        let Some(header) = self.bytes.first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_le_bytes(*header) as usize;
        if length > FRAME_MAX {
            return Err(format!("a frame announces {length} bytes, more than {FRAME_MAX}"));
        }
        let Some(body) = self.bytes.get(4..4 + length) else {
            return Ok(None);
        };
        let frame =
            postcard::from_bytes(body).map_err(|error| format!("a frame does not decode: {error}"))?;
        self.bytes.drain(..4 + length);
        Ok(Some(frame))
    }
}

/// The sending end of a link that threads serve.
#[derive(Clone, Debug)]
pub struct Port<Out> {
    queue: SyncSender<Out>,
}

impl<Out: Serialize + Send + 'static> Port<Out> {
    /// Sends a frame without waiting. False when the link is over, or so far behind that the frame was dropped.
    pub fn send(&self, frame: Out) -> bool {
        match self.queue.try_send(frame) {
            Ok(()) => true,
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }
}

/// Serves a link with two threads: one writes what is sent into the port, one gives what comes to `each`, which may
/// wait: then the other side waits too. The threads end with the link.
pub fn serve<In, Out>(
    name: &str,
    stream: UnixStream,
    each: impl FnMut(Incoming<In>) + Send + 'static,
) -> io::Result<Port<Out>>
where
    In: DeserializeOwned,
    Out: Serialize + Send + 'static,
{
    let (queue, waiting) = sync_channel(QUEUE);
    let writing = stream.try_clone()?;
    thread::Builder::new()
        .name(format!("{name}-tx"))
        .spawn(move || write_all(writing, &waiting))?;
    thread::Builder::new()
        .name(format!("{name}-rx"))
        .spawn(move || read_all(stream, each))?;
    Ok(Port { queue })
}

fn write_all<Out: Serialize>(mut stream: UnixStream, waiting: &Receiver<Out>) {
    for frame in waiting {
        let written = encode(&frame).and_then(|bytes| stream.write_all(&bytes));
        if let Err(error) = written {
            tracing::debug!(%error, "a link cannot be written");
            break;
        }
    }
    // The reader wakes and reports the end. Nothing is left to do where the socket is closed already.
    let _ = stream.shutdown(std::net::Shutdown::Both);
}

fn read_all<In: DeserializeOwned>(stream: UnixStream, mut each: impl FnMut(Incoming<In>)) {
    let mut decoder = Decoder::default();
    let mut buffer = vec![0; 64 << 10];
    // Of a frame whose end is still to come.
    let mut waiting: Option<OwnedFd> = None;
    let reason = 'link: loop {
        let mut passed = match linux::passing::recv_with_fd(stream.as_fd(), &mut buffer) {
            Ok((0, _)) => break "the other side closed it".to_owned(),
            Ok((length, descriptor)) => {
                decoder.push(buffer.get(..length).unwrap_or_default());
                descriptor
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => break format!("it cannot be read: {error}"),
        };
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => {
                    // A descriptor ends what one read gives (unix(7)), but frames without one may stand before it:
                    // it belongs to the frame of the last byte.
                    let own = || passed.take_if(|_| decoder.is_empty());
                    let descriptor = waiting.take().or_else(own);
                    each(Incoming::Frame(frame, descriptor));
                }
                Ok(None) => break,
                Err(broken) => break 'link broken,
            }
        }
        waiting = waiting.or(passed);
    };
    each(Incoming::Closed(reason));
}

/// Reads what is there without waiting: `Ok(false)` when the other side closed.
pub fn read_available(stream: &mut UnixStream, decoder: &mut Decoder) -> io::Result<bool> {
    let mut buffer = [0; 16 << 10];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(length) => decoder.push(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
